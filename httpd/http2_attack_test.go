package httpd

import (
	"errors"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// drain reads until the connection ends, or a pong with the payload comes.
func (f *foe) drain(pong [8]byte) error {
	for {
		frame, err := f.ReadFrame()
		if stream, ok := errors.AsType[http2.StreamError](err); ok && stream.StreamID != 0 {
			continue // what the server sends may be of no interest
		}
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.PingFrame:
			if frame.IsAck() && frame.Data == pong {
				return nil
			}
		case *http2.GoAwayFrame:
			return http2.ConnectionError(frame.ErrCode)
		}
	}
}

// resets opens streams and takes them back, faster than they can be answered (CVE-2023-44487).
func (f *foe) resets() error {
	for stream := uint32(1); stream < 6000; stream += 2 {
		err := f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, EndStream: true, EndHeaders: true, BlockFragment: f.pack(request("GET", "/api/v1/server")...),
		})
		if err = errors.Join(err, f.WriteRSTStream(stream, http2.ErrCodeCancel)); err != nil {
			return err
		}
	}
	return nil
}

// socketResets does the same with sockets that nobody is logged in for.
func (f *foe) socketResets() error {
	for stream := uint32(1); stream < 6000; stream += 2 {
		err := f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, EndHeaders: true, BlockFragment: f.pack(request("CONNECT", "/ws", ":protocol", "websocket")...),
		})
		if err = errors.Join(err, f.WriteRSTStream(stream, http2.ErrCodeCancel)); err != nil {
			return err
		}
	}
	return nil
}

// continuations sends a header block that does not end.
func (f *foe) continuations() error {
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, BlockFragment: f.pack(request("GET", "/")...)}); err != nil {
		return err
	}
	block := f.pack("x-long", strings.Repeat("x", 10_000))
	for range 500 { // 5 MB
		if err := f.WriteContinuation(1, false, block); err != nil {
			return err
		}
	}
	return nil
}

// emptyContinuations sends one that does not even grow.
func (f *foe) emptyContinuations() error {
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, BlockFragment: f.pack(request("GET", "/")...)}); err != nil {
		return err
	}
	for range 20_000 {
		if err := f.WriteContinuation(1, false, nil); err != nil {
			return err
		}
	}
	return nil
}

// manyHeaders sends more fields than are taken, in each of many requests.
func (f *foe) manyHeaders() error {
	fields := request("GET", "/healthz")
	for i := range 600 {
		fields = append(fields, "x-"+strconv.Itoa(i), strings.Repeat("v", 100))
	}
	for stream := uint32(1); stream < 200; stream += 2 {
		block := f.pack(fields...)
		first := block[:min(len(block), readFrame)]
		if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndStream: true, EndHeaders: len(first) == len(block), BlockFragment: first}); err != nil {
			return err
		}
		for rest := block[len(first):]; len(rest) > 0; {
			n := min(len(rest), readFrame)
			if err := f.WriteContinuation(stream, n == len(rest), rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// headerBomb has the server remember a long field and names it ten thousand times: forty megabytes in ten kilobytes.
func (f *foe) headerBomb() error {
	block := f.pack(append(request("GET", "/healthz"), "x-long", strings.Repeat("x", 3900))...)
	const newest = 0x80 | 62 // RFC 7541, section 2.3.3: behind the 61 of the static table
	for range 10_000 {
		block = append(block, newest)
	}
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, BlockFragment: block})
}

// pings asks for answers that it does not read.
func (f *foe) pings() error {
	for range 20_000 {
		if err := f.WritePing(false, [8]byte{1}); err != nil {
			return err
		}
	}
	return nil
}

// unreadAnswers asks for more than a window of answers on every stream, and gives no room.
func (f *foe) unreadAnswers() error {
	if err := f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}); err != nil {
		return err
	}
	for stream := uint32(1); stream < 2*streams; stream += 2 {
		if err := f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, EndStream: true, EndHeaders: true, BlockFragment: f.pack(request("GET", "/")...),
		}); err != nil {
			return err
		}
	}
	return nil
}

// oversized declares a frame of sixteen megabytes.
func (f *foe) oversized() error {
	_, err := f.conn.Write([]byte{0xff, 0xff, 0xff, byte(http2.FrameData), 0, 0, 0, 0, 1, 'x'})
	return err
}

// bodies sends a window of body to every stream that is allowed, none of which is read to its end.
func (f *foe) bodies() error {
	for stream := uint32(1); stream < 2*streams; stream += 2 {
		err := f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, EndHeaders: true,
			BlockFragment: f.pack(request("POST", "/api/v1/login", "content-type", "application/json")...),
		})
		for range 4 {
			err = errors.Join(err, f.WriteData(stream, false, make([]byte, readFrame)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestAttacksOverHTTP2 has three connections at a time attack in each of the ways, while somebody else is served: they cost
// a bounded number of goroutines and of bytes, and nobody else anything.
func TestAttacksOverHTTP2(t *testing.T) {
	for name, attack := range map[string]func(*foe) error{
		"rapid reset":                   (*foe).resets,
		"rapid reset of sockets":        (*foe).socketResets,
		"continuations":                 (*foe).continuations,
		"continuations of nothing":      (*foe).emptyContinuations,
		"headers without end":           (*foe).manyHeaders,
		"a bomb of headers":             (*foe).headerBomb,
		"pings whose answers pile up":   (*foe).pings,
		"answers that nobody takes":     (*foe).unreadAnswers,
		"a frame of sixteen megabytes":  (*foe).oversized,
		"bodies that nobody waited for": (*foe).bodies,
	} {
		t.Run(name, func(t *testing.T) {
			addr := underTLS(t, func(o *Options) { o.HTTP2Sockets = true })
			good := knockHTTP2(t, addr)
			answers := served(t, good, 1)
			before := held()
			goroutines := runtime.NumGoroutine()
			const foes = 3
			var wg sync.WaitGroup
			for range foes {
				f := knockHTTP2(t, addr)
				f.ReadMetaHeaders = nil
				wg.Go(func() {
					// It may be cut at any time, or be answered and go on.
					if attack(f) == nil && f.WritePing(false, [8]byte{9}) == nil && name != "answers that nobody takes" {
						_ = f.drain([8]byte{9})
					}
				})
			}
			done := make(chan struct{})
			go func() { wg.Wait(); close(done) }()
			look := time.NewTicker(10 * time.Millisecond)
			defer look.Stop()
			most := 0
			for over := false; !over; {
				select {
				case <-done:
					over = true
				case <-look.C:
				}
				answers = served(t, good, answers)
				most = max(most, runtime.NumGoroutine()-goroutines)
			}
			// Per connection its windows, and per stream a body and what it grows in, a request and a stack, which are larger under the race
			// detector.
			const bytes = foes*(connWindow+streams*(2*maxBody+32<<10)) + 4<<20
			// Per connection those of its own, and one per stream that is on its way.
			if bound := foes * (streams + 12); most > bound {
				t.Errorf("%d goroutines, %d would be few", most, bound)
			}
			if more := held() - before; more > bytes {
				t.Errorf("%d bytes are held", more)
			}
		})
	}
}

// held is what all there is holds, in bytes.
func held() int64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool has lives for one more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// served makes a request on the connection and gives the stream for the next one.
func served(t *testing.T, f *foe, stream uint32) (next uint32) {
	t.Helper()
	_ = f.conn.SetDeadline(time.Now().Add(patience)) // for this one
	err := f.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, EndStream: true, EndHeaders: true, BlockFragment: f.pack(request("GET", "/healthz")...),
	})
	if err = errors.Join(err, f.WriteWindowUpdate(0, 100)); err != nil { // more than the answer takes
		t.Fatal(err)
	}
	if got, err := f.status(stream); got != "200" || err != nil {
		t.Fatalf("somebody else is answered with %q, %v", got, err)
	}
	return stream + 2
}

// TestHeadersThatAreTooLong gets the answer that says so.
func TestHeadersThatAreTooLong(t *testing.T) {
	f := knockHTTP2(t, underTLS(t, nil))
	f.ReadMetaHeaders = hpack.NewDecoder(headerTable, nil)
	if err := f.headerBomb(); err != nil {
		t.Fatal(err)
	}
	if got, err := f.status(1); err == nil && got != "431" {
		t.Errorf("answered with %s", got)
	}
}

// TestHalfARequestOverHTTP2 begins requests, handshakes and header blocks and leaves them: all are ended in their time.
func TestHalfARequestOverHTTP2(t *testing.T) {
	left := map[string]func(*foe) error{
		"a body that does not come": func(f *foe) error {
			return f.WriteHeaders(http2.HeadersFrameParam{
				StreamID: 1, EndHeaders: true,
				BlockFragment: f.pack(request("POST", "/api/v1/login", "content-type", "application/json", "content-length", "100")...),
			})
		},
		"headers that do not end": func(f *foe) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.pack(request("GET", "/healthz")...)})
		},
		"half a frame": func(f *foe) error {
			_, err := f.conn.Write([]byte{0, 0x10, 0, byte(http2.FrameHeaders), 4, 0, 0, 0, 1, 0x82})
			return err
		},
		"nothing": func(*foe) error { return nil },
	}
	// Where it was cut before it was begun, the machine is slow, and the next try is given longer.
	for all := time.Second; len(left) > 0; all *= 2 {
		if all > patience {
			t.Fatalf("%d cannot be begun", len(left))
		}
		addr := underTLS(t, func(o *Options) { o.Times = within(all) })
		var wg sync.WaitGroup
		for name, begin := range left {
			f, err := tryHTTP2(t, addr)
			if err == nil {
				err = begin(f)
			}
			if err != nil {
				t.Logf("%s within %v: %v", name, all, err)
				continue
			}
			delete(left, name)
			wg.Go(func() {
				for {
					if _, err := f.ReadFrame(); err != nil {
						if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
							t.Errorf("%s: it was not cut", name)
						}
						return
					}
				}
			})
		}
		wg.Wait()
	}
}
