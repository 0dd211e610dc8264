package multichat_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	gobwas "github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
)

func TestHandshakesThatAreRefused(t *testing.T) {
	h := newHouse(t, options(), nil)
	h.addUsers("ana")
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"nothing wrong": {"X-Other", "x", http.StatusSwitchingProtocols},
		"any protocols": {"Sec-WebSocket-Protocol", "a, b", http.StatusSwitchingProtocols},
		"no upgrade":    {"Upgrade", "", http.StatusBadRequest},
		"other upgrade": {"Upgrade", "h2c", http.StatusBadRequest},
		"no connection": {"Connection", "close", http.StatusBadRequest},
		"old version":   {"Sec-WebSocket-Version", "8", http.StatusUpgradeRequired},
		"no version":    {"Sec-WebSocket-Version", "", http.StatusBadRequest},
		"short key":     {"Sec-WebSocket-Key", "abc", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.http.URL+"/chat/stream/?user=ana", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{
				"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"WebSocket"}, "Sec-Websocket-Version": {"13"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
			}
			req.Header.Set(c.header, c.value)
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
		})
	}
}

// raw is a client that can send what no library would.
type raw struct{ *websockettest.Raw }

func (h *house) dialRaw(user string) *raw {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	nc, _, _, err := gobwas.Dial(ctx, h.url("/chat/stream/", user)) // the server does not speak first
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	return &raw{websockettest.New(h.t, nc, patience)}
}

// wants expects these payloads and, if it is not 0, a close frame with the code and the end behind it.
func (r *raw) wants(payloads []string, code gobwas.StatusCode) {
	r.T.Helper()
	for _, want := range payloads {
		if f := r.Frame(); string(f.Payload) != want || !f.Header.Fin || f.Header.Masked {
			r.T.Fatalf("%+v %.200q, want %q", f.Header, f.Payload, want)
		}
	}
	if code != 0 {
		r.IsClose(r.Frame(), code)
	}
}

// compile makes a masked frame.
func compile(op gobwas.OpCode, fin bool, payload string) []byte {
	return websockettest.Compile(op, fin, payload)
}

func text(payload string) []byte { return compile(gobwas.OpText, true, payload) }

// What shows that the connection works and was understood.
const (
	probe  = `{"command":"send","room":77,"message":"x"}`
	denied = `{"error":"ROOM_ACCESS_DENIED"}`
	bad    = `{"error":"MALFORMED"}`
)

// TestFrames sends frames as they may come and as they must not.
func TestFrames(t *testing.T) {
	h := newHouse(t, options(), nil)
	h.addUsers("ana")
	const cont = gobwas.OpContinuation
	long := strings.Repeat("x", 64<<10)
	lies := []byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}
	negative := []byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}
	for name, c := range map[string]struct {
		send [][]byte
		want []string
		code gobwas.StatusCode
	}{
		"one":                       {[][]byte{text(probe)}, []string{denied}, 0},
		"several at once":           {[][]byte{text(probe), text("?"), text(probe)}, []string{denied, bad, denied}, 0},
		"in pieces, ping between":   {[][]byte{compile(gobwas.OpText, false, probe[:9]), compile(gobwas.OpPing, true, "p"), compile(cont, false, ""), compile(cont, true, probe[9:])}, []string{"p", denied}, 0},
		"a split character":         {[][]byte{compile(gobwas.OpText, false, "{\"x\":\"\xc3"), compile(cont, true, "\xa4\"}")}, []string{bad}, 0},
		"as long as may be":         {[][]byte{text(long)}, []string{bad}, 0},
		"pongs nobody asked for":    {[][]byte{compile(gobwas.OpPong, true, "p"), text(probe)}, []string{denied}, 0},
		"binary":                    {[][]byte{compile(gobwas.OpBinary, true, probe), text(probe)}, []string{bad, denied}, 0},
		"binary in pieces":          {[][]byte{compile(gobwas.OpBinary, false, probe[:9]), compile(cont, true, probe[9:]), text(probe)}, []string{bad, denied}, 0},
		"empty":                     {[][]byte{text("")}, []string{bad}, 0},
		"deep":                      {[][]byte{text(`{"command":"join","room":` + strings.Repeat("[", 60_000))}, []string{bad}, 0},
		"deep and closed":           {[][]byte{text(`{"command":"join","room":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}")}, []string{bad}, 0},
		"deep where nobody looks":   {[][]byte{text(`{"command":"leave","x":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9001))}, []string{bad}, 0},
		"a long name of a room":     {[][]byte{text(`{"command":"join","room":"` + strings.Repeat("1", 60_000) + `"}`)}, []string{`{"error":"ROOM_INVALID"}`}, 0},
		"a long number of a room":   {[][]byte{text(`{"command":"join","room":1` + strings.Repeat("0", 60_000) + `}`)}, []string{`{"error":"ROOM_INVALID"}`}, 0},
		"too long":                  {[][]byte{text(long + "x")}, nil, 1009},
		"too long in pieces":        {[][]byte{compile(gobwas.OpText, false, long), compile(cont, true, "x")}, nil, 1009},
		"a length that is a lie":    {[][]byte{lies}, nil, 1009},
		"a negative length":         {[][]byte{negative}, nil, 1002},
		"not UTF-8":                 {[][]byte{text("{\"command\":\"join\",\"room\":\"\xff\"}")}, nil, 1007},
		"not masked":                {[][]byte{gobwas.MustCompileFrame(gobwas.NewTextFrame([]byte(probe)))}, nil, 1002},
		"a reserved bit":            {[][]byte{{0xc1, 0x80, 0, 0, 0, 0}}, nil, 1002},
		"a reserved opcode":         {[][]byte{{0x83, 0x80, 0, 0, 0, 0}}, nil, 1002},
		"a continuation of nothing": {[][]byte{compile(cont, true, probe)}, nil, 1002},
		"a message within another":  {[][]byte{compile(gobwas.OpText, false, "{"), text(probe)}, nil, 1002},
		"a ping in pieces":          {[][]byte{compile(gobwas.OpPing, false, "")}, nil, 1002},
		"a long ping":               {[][]byte{compile(gobwas.OpPing, true, strings.Repeat("p", 126))}, nil, 1002},
		"goodbye":                   {[][]byte{compile(gobwas.OpClose, true, "\x03\xe8bye"), text(probe)}, nil, 1000},
		"goodbye without a code":    {[][]byte{compile(gobwas.OpClose, true, "")}, nil, 1000},
		"goodbye with half a code":  {[][]byte{compile(gobwas.OpClose, true, "\x03")}, nil, 1002},
		"goodbye with a bad code":   {[][]byte{compile(gobwas.OpClose, true, "\x03\xed")}, nil, 1002},
		"goodbye, not UTF-8":        {[][]byte{compile(gobwas.OpClose, true, "\x03\xe8\xff")}, nil, 1002},
	} {
		t.Run(name, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				whole := slices.Concat(c.send...)
				if bytewise && len(whole) > 300 {
					return
				}
				r := h.dialRaw("ana")
				r.T = t
				if bytewise {
					for b := range slices.Chunk(whole, 1) {
						if _, err := r.Conn.Write(b); err != nil {
							break // what follows a violation need not be taken
						}
					}
				} else {
					r.Write(whole)
				}
				r.wants(c.want, c.code)
				_ = r.Conn.Close()
			}
		})
	}
}

// TestFloodsAreEnded has clients send faster than any of good faith: each is cut off, and may not come back at once.
func TestFloodsAreEnded(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) { c.FramesPerSecond, c.FramesBurst = 1e-6, 200 })
	for name, flood := range map[string][]byte{
		"pings":     compile(gobwas.OpPing, true, ""),
		"pongs":     compile(gobwas.OpPong, true, ""),
		"fragments": append(compile(gobwas.OpText, false, ""), bytes.Repeat(compile(gobwas.OpContinuation, false, ""), 999)...),
		"denied":    text(probe),
		"joins":     text(`{"command":"join","room":4711}`),
		"leaves":    text(`{"command":"leave","room":4711}`),
	} {
		h.addUsers(name)
		t.Run(name, func(t *testing.T) {
			r := h.dialRaw(name)
			go func() {
				for range 1000 {
					if _, err := r.Conn.Write(flood); err != nil {
						return
					}
				}
			}()
			if code := r.closeCode(); code != 4501 && code != 0 {
				t.Errorf("closed with %d", code)
			}
			h.dial(name).closes(4100)
		})
	}
}

// closeCode reads to the close frame; 0 if the connection was reset: the server need not read all of a flood.
func (r *raw) closeCode() gobwas.StatusCode {
	for {
		f, err := websockettest.ReadFrame(r.Conn)
		if err != nil {
			return 0
		}
		if f.Header.OpCode == gobwas.OpClose {
			code, _ := gobwas.ParseCloseFrameData(f.Payload)
			return code
		}
	}
}

func TestNonsenseIsEnded(t *testing.T) {
	h := newHouse(t, options(), nil)
	h.addUsers("ana")
	r := h.dialRaw("ana")
	r.Write(bytes.Repeat(text("nonsense"), 200))
	if code := r.closeCode(); code != 4501 {
		t.Errorf("closed with %d", code)
	}
}

// TestRates are answered, and the connection goes on.
func TestRates(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) {
		c.PostsPerSecond, c.PostsBurst, c.JoinsPerSecond, c.JoinsBurst, c.MaxText, c.MaxRooms = 1e-6, 1, 1e-6, 3, 10, 1
	})
	h.addUsers("ana")
	h.addRoom("lobby", earshot.AccessPublic)
	h.addRoom("garden", earshot.AccessPublic)
	ana := h.dial("ana")
	ana.joins("1")
	ana.send(`{"command":"join","room":2}`)
	ana.wants(`{"error":"LIMIT"}`)
	ana.send(`{"command":"send","room":1,"message":"12345678901"}`)
	ana.wants(`{"error":"TOO_LARGE"}`)
	ana.send(`{"command":"send","room":1,"message":"1234567890"}`)
	ana.wants(`{"msg_type":0,"room":1,"username":"ana","message":"1234567890"}`)
	ana.send(`{"command":"send","room":1,"message":"more"}`)
	ana.wants(`{"error":"RATE_LIMITED"}`)
	ana.send(`{"command":"leave","room":2}`) // looks the room up
	ana.wants(`{"leave":"2"}`)
	ana.send(`{"command":"leave","room":2}`)
	ana.wants(`{"error":"RATE_LIMITED"}`)
}

// TestSlowReaderHarmsNobody has one of three stop reading: it is closed when its bound is reached, and the others hear
// everything.
func TestSlowReaderHarmsNobody(t *testing.T) {
	opts := options()
	opts.WriteBuffer = 64 << 10
	h := newHouse(t, opts, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst, c.Grace = 1e6, 1e6, 0 })
	h.addUsers("ana", "ben", "slow")
	h.addRoom("lobby", earshot.AccessPublic)
	ben, ana := h.dial("ben"), h.dial("ana")
	ben.joins("1")
	slow := h.dialRaw("slow")
	slow.Write(text(`{"command":"join","room":1}`))
	slow.wants([]string{`{"join":"1","title":"The lobby"}`}, 0)
	ben.reads(`"msg_type":4`, `"slow"`) // before that there would be nothing to tell of its going
	ana.joins("1")
	// Each message goes when the last was heard, so whoever is behind is behind by not reading.
	long := strings.Repeat("x", 8000)
	gone := false
	for i := 0; !gone; i++ {
		if i > 5000 {
			t.Fatal("40 MB wait for one that reads nothing")
		}
		ana.send(`{"command":"send","room":1,"message":"%d %s"}`, i, long)
		want := fmt.Sprintf(`{"msg_type":0,"room":1,"username":"ana","message":"%d x`, i)
		for _, c := range []*client{ben, ana} {
			for heard := false; !heard; {
				got := c.read()
				heard = strings.HasPrefix(got, want)
				gone = gone || got == `{"msg_type":5,"room":1,"username":"slow"}`
				if strings.Contains(got, `"msg_type":0`) && !heard {
					t.Fatalf("heard %.80s, want %s", got, want)
				}
			}
		}
	}
	// What the slow one had not read is still on its way; then comes the reason.
	if code := slow.closeCode(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
}

// TestConnectionsComeAndGo has many connections join, talk and break off at any moment: nothing is left of them.
func TestConnectionsComeAndGo(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) { c.ResumeWindow, c.Grace = 0, 0 })
	h.addUsers("ana")
	h.addRoom("lobby", earshot.AccessPublic)
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			for j := range 10 {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				nc, _, _, err := gobwas.Dial(ctx, h.url("/chat/stream/", "ana"))
				cancel()
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				some := slices.Concat(text(`{"command":"join","room":1}`), text(`{"command":"send","room":1,"message":"x"}`))
				_, _ = nc.Write(some[:(i*10+j)%len(some)])
				if tcp, ok := nc.(*net.TCPConn); ok && j%2 == 0 {
					_ = tcp.SetLinger(0) // a reset, not an end
				}
				_ = nc.Close()
			}
		})
	}
	wg.Wait()
	h.Settled("nothing is left", func() bool {
		return h.hub.Stats() == (hub.Stats{}) && runtime.NumGoroutine() <= before+5
	})
}
