package ws

import (
	"net"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// begun is a connection from whose beginning something was read.
type begun struct {
	net.Conn
	under net.Conn
}

func (b begun) Bare() net.Conn { return b.under }

// covered is one that wraps a connection and keeps something of it, and so does not say that it can be taken off.
type covered struct{ net.Conn }

// TestAdoption tells which connections come to rest in a loop.
func TestAdoption(t *testing.T) {
	var work sync.WaitGroup
	p, err := newPollers(work.Go)
	if err != nil {
		t.Fatal(err)
	}
	defer work.Wait()
	defer func() { _ = p.close() }()
	for name, c := range map[string]struct {
		wrap func(net.Conn) net.Conn
		want bool
	}{
		"TCP":          {func(nc net.Conn) net.Conn { return nc }, true},
		"begun":        {func(nc net.Conn) net.Conn { return begun{under: nc} }, true},
		"covered":      {func(nc net.Conn) net.Conn { return covered{nc} }, false},
		"begun broken": {func(nc net.Conn) net.Conn { return begun{under: covered{nc}} }, false},
	} {
		nc := dialNobody(t)
		l, _ := p.adopt(&conn{}, c.wrap(nc), 1<<20)
		if got := l != nil; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if s, ok := l.(*socket); ok {
			_ = unix.Close(s.fd)
		}
		_ = nc.Close()
	}
}

// dialNobody is a TCP connection to a listener that does not take it.
func dialNobody(t *testing.T) net.Conn {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var d net.Dialer
	nc, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return nc
}
