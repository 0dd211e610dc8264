package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// echo speaks to a server that says everything to everybody; its payloads are the texts alone.
type echo struct{}

func (echo) Handshake(dst []byte, _ int) []byte {
	return append(dst, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"...)
}

func (echo) Steps(int, []int) []Step {
	return []Step{{Say: []byte("join"), Want: []byte("joined")}}
}

func (echo) Post(dst []byte, _, _ int, text []byte, _ uint64) []byte { return append(dst, text...) }

func (echo) Opcode() byte { return OpText }

func (echo) Answer(payload []byte) ([]byte, error) {
	if bytes.Equal(payload, []byte("no")) {
		return nil, fmt.Errorf("refused")
	}
	return nil, nil
}

// town is a real server over TCP with one room. fault makes what a member is sent of message n.
type town struct {
	mu      sync.Mutex
	members []net.Conn
	posts   int
	fault   func(member, n int, frame []byte) []byte
	pongs   int
	// said is all that was posted; a town that forgets says nothing again.
	said    [][]byte
	forgets bool
}

func (s *town) serve(t *testing.T) netip.AddrPort {
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // a test's own
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				s.member(c)
				_ = c.Close()
			})
		}
	})
	return netip.MustParseAddrPort(l.Addr().String())
}

func (s *town) member(c net.Conn) {
	r := bufio.NewReader(c)
	if _, err := http.ReadRequest(r); err != nil {
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
	for {
		op, payload, err := readClient(r)
		if err != nil {
			return
		}
		s.mu.Lock()
		switch {
		case op == opPong:
			s.pongs++
		case op == opClose:
			s.mu.Unlock()
			return
		case bytes.HasPrefix(payload, []byte("back ")):
			s.back(c, string(payload))
		case string(payload) == "join":
			s.members = append(s.members, c)
			_, _ = c.Write(append(serverFrame(opPing, []byte("there?")), serverFrame(OpText, []byte("joined"))...))
		default:
			for i, m := range s.members {
				_, _ = m.Write(s.fault(i, s.posts, serverFrame(OpText, payload)))
			}
			s.posts++
			s.said = append(s.said, payload)
		}
		s.mu.Unlock()
	}
}

// back says what was said since, to one who was away, and takes them in again. Under s.mu.
func (s *town) back(c net.Conn, payload string) {
	heard := 0
	_, _ = fmt.Sscanf(payload, "back %d", &heard)
	s.members = append(s.members, c)
	_, _ = c.Write(serverFrame(OpText, []byte("joined")))
	for _, text := range s.said[heard:] {
		if !s.forgets {
			_, _ = c.Write(serverFrame(OpText, text))
		}
	}
}

func readClient(r io.Reader) (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	size := int(head[1] & 0x7F)
	if size == 126 {
		long := make([]byte, 2)
		if _, err := io.ReadFull(r, long); err != nil {
			return 0, nil, err
		}
		size = int(binary.BigEndian.Uint16(long))
	}
	rest := make([]byte, 4+size)
	if _, err := io.ReadFull(r, rest); err != nil {
		return 0, nil, err
	}
	for i := range size {
		rest[4+i] ^= rest[i&3]
	}
	return head[0] & 0x0F, rest[4:], nil
}

func runOn(t *testing.T, fault func(member, n int, frame []byte) []byte, p Plan) (Figures, *town, error) {
	t.Helper()
	s := &town{fault: fault}
	g, err := New(Options{Addr: s.serve(t), Protocol: echo{}, Users: 5, Rooms: func(int) []int { return []int{0} }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if _, err := g.Connect(t.Context(), 5, 2); err != nil {
		t.Fatal(err)
	}
	f, err := g.Run(t.Context(), p)
	return f, s, err
}

// patience bounds every wait for what comes.
const patience = 2 * time.Minute

// brief is how long a town is silent that says nothing more: it is waited for in full where something is to be missing, and so
// it is short, but longer than a busy machine holds a town up.
const brief = 2 * time.Second

func plan() Plan {
	return Plan{InFlight: 2, Stay: true, For: 100 * time.Millisecond, Quiet: patience, Drain: patience}
}

// lossy is plan where something is to be missing.
func lossy() Plan {
	p := plan()
	p.Quiet = brief
	return p
}

func TestNothingIsMissingWhereNothingIs(t *testing.T) {
	well := func(_, _ int, frame []byte) []byte { return frame }
	open := plan()
	open.InFlight, open.Rate = 0, 1000
	for name, p := range map[string]Plan{"closed": plan(), "open": open} {
		t.Run(name, func(t *testing.T) {
			f, s, err := runOn(t, well, p)
			if err != nil || f.Missing+f.Twice+f.Strays != 0 || f.Deliveries == 0 || f.P50 <= 0 || f.P999 < f.P50 {
				t.Errorf("%+v, %v", f, err)
			}
			await(t, "five pings were answered", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.pongs == 5
			})
		})
	}
}

// await waits until the town has read what tells it so.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !holds(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

func TestLossDoublesAndStraysAreCounted(t *testing.T) {
	loss := func(member, n int, frame []byte) []byte {
		if member == 3 && n == 0 {
			return nil
		}
		return frame
	}
	if f, _, err := runOn(t, loss, lossy()); err != nil || f.Missing != 1 || f.Twice != 0 {
		t.Errorf("one delivery was dropped: %+v, %v", f, err)
	}
	// One is told twice what another is not told at all: the sum is right, and yet it is wrong.
	swapped := func(member, n int, frame []byte) []byte {
		switch {
		case n == 0 && member == 1:
			return nil
		case n == 0 && member == 2:
			return append(frame, frame...)
		}
		return frame
	}
	if f, _, err := runOn(t, swapped, lossy()); err != nil || f.Missing != 1 || f.Twice != 1 {
		t.Errorf("one was dropped and one doubled: %+v, %v", f, err)
	}
	stray := func(member, n int, frame []byte) []byte {
		if member == 4 && n == 0 {
			return append(serverFrame(OpText, appendText(nil, mark{room: 7})), frame...)
		}
		return frame
	}
	if f, _, err := runOn(t, stray, plan()); err != nil || f.Strays != 1 || f.Missing != 0 {
		t.Errorf("one came from a room nobody is in: %+v, %v", f, err)
	}
}

func TestASlowServerIsLateAndLosesNothing(t *testing.T) {
	slow := func(member, _ int, frame []byte) []byte {
		if member == 0 {
			<-time.After(5 * time.Millisecond)
		}
		return frame
	}
	p := plan()
	p.InFlight, p.Rate, p.Drain = 0, 2000, 50*time.Millisecond
	if f, _, err := runOn(t, slow, p); err != nil || f.Late == 0 || f.Missing != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestRefusalsAndClosingEndTheRun(t *testing.T) {
	for name, bad := range map[string][]byte{"refusal": serverFrame(OpText, []byte("no")), "close": serverFrame(opClose, nil)} {
		t.Run(name, func(t *testing.T) {
			_, _, err := runOn(t, func(_, _ int, _ []byte) []byte { return bad }, plan())
			if err == nil {
				t.Error("the run went on")
			}
		})
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	// A server that takes connections and says nothing.
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // a test's own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	g, err := New(Options{
		Addr: netip.MustParseAddrPort(l.Addr().String()), Protocol: echo{}, Users: 1, Rooms: func(int) []int { return []int{0} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := g.Connect(ctx, 1, 1); err == nil {
		t.Error("nobody answered, and it went on")
	}
}
