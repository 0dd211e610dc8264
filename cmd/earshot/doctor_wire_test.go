package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wires pass bytes on to a server, badly.
type wires struct {
	address string
	target  atomic.Pointer[string]
	// hold keeps back what the server says after the handshake: everything, or what follows the client's first frame.
	hold holding
	// idle is after how long of silence a socket is cut; 0 is never.
	idle time.Duration
}

type holding int

const (
	nothing holding = iota
	everything
	answers
)

// newWires listens; the server comes later, because it is to be told the address.
func newWires(t *testing.T, w *wires) *wires {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	var work sync.WaitGroup
	work.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { w.carry(nc) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	return w
}

// carry serves one connection.
func (w *wires) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", *w.target.Load()) //nolint:noctx // it ends with the connection
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var switched, spoke atomic.Bool
	touch := func() {
		if w.idle > 0 && switched.Load() {
			for _, nc := range []net.Conn{client, server} {
				_ = nc.SetReadDeadline(time.Now().Add(w.idle))
			}
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.copy(server, client, touch, func(b []byte) []byte {
			if switched.Load() {
				spoke.Store(true)
			}
			return b
		})
	}()
	w.copy(client, server, touch, func(b []byte) []byte {
		if switched.Load() {
			if w.hold == everything || w.hold == answers && spoke.Load() {
				return nil
			}
			return b
		}
		if bytes.HasPrefix(b, []byte("HTTP/1.1 101")) {
			switched.Store(true)
			if end := bytes.Index(b, []byte("\r\n\r\n")); w.hold == everything && end > 0 {
				return b[:end+4]
			}
		}
		return b
	})
	<-done
}

func (w *wires) copy(to, from net.Conn, touch func(), filter func([]byte) []byte) {
	defer func() {
		_ = to.Close()
		_ = from.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		touch()
		if _, err := to.Write(filter(buf[:n])); err != nil {
			return
		}
	}
}

// TestDoctorOnWires looks through wires that hold back and cut.
func TestDoctorOnWires(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wires *wires
		args  []string
		want  string
	}{
		"good":             {&wires{}, []string{"--idle", "1500ms"}, "idle|ok|"},
		"holds everything": {&wires{hold: everything}, []string{"--timeout", "5s"}, "socket|failed|does not come"},
		"holds answers":    {&wires{hold: answers}, []string{"--timeout", "5s"}, "round trip|failed|not answered"},
		"cuts the silent":  {&wires{idle: 4 * time.Second}, []string{"--idle", "1m"}, "idle|failed|was cut after"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWires(t, c.wires)
			r, token := patientServer(t, "--origins", "http://"+w.address)
			to := strings.TrimPrefix(r.url, "http://")
			w.target.Store(&to)
			expect(t, name, diagnose(t, token, append([]string{"http://" + w.address}, c.args...)...), c.want)
		})
	}
}

// TestDoctorOnSilence looks at what takes connections and says nothing, at nobody, and at no host: each check ends in time.
func TestDoctorOnSilence(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				_, _ = io.Copy(io.Discard, nc)
				_ = nc.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	silent := l.Addr().String()
	const brief = "1s"
	expect(t, "silent", diagnose(t, "", "http://"+silent, "--timeout", brief),
		"http/1.1|failed|in time", "server|failed|in time", "clock|failed|in time", "connection|ok|")
	expect(t, "silent TLS", diagnose(t, "", "https://"+silent, "--timeout", brief), "certificate|failed|in time", "http/1.1|skipped|not reached")
	r := serve(t, t.TempDir())
	expect(t, "no TLS", diagnose(t, "", strings.Replace(r.url, "http", "https", 1)), "certificate|failed|does not speak TLS")
	expect(t, "nobody", diagnose(t, "", "127.0.0.1:1", "--timeout", brief), "connection|failed|nobody answers", "certificate|skipped|")
	expect(t, "no host", diagnose(t, "", "https://nowhere.invalid", "--timeout", brief), "address|failed|has no address", "connection|skipped|")
}

func TestDoctorUsage(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"ftp://chat.example"},
		{"https://chat.example/x"},
		{"https://a@chat.example"},
		{"https://"},
		{"https://%zz"},
		{"chat.example", "--timeout", "1ms"},
		{"chat.example", "--idle", "-1s"},
		{"chat.example", "--token", "a", "--token-stdin"},
		{"chat.example", "--plain-port", "70000"},
	} {
		refused(t, exitUsage, "", append([]string{"doctor"}, args...)...)
	}
	refused(t, exitFailure, "", "doctor", "chat.example", "--ca", "/nowhere.pem")
	r := serve(t, t.TempDir())
	told := invoke(t, "", map[string]string{"EARSHOT_TOKEN": "nonsense"}, "doctor", r.url)
	if told.code != exitFailure || !strings.Contains(told.stdout, "failed   socket          the token is not accepted\n") ||
		!strings.Contains(told.stdout, "  -> Make a token") || told.stderr != "earshot: one check failed\n" {
		t.Errorf("%+v", told)
	}
	if strings.Contains(told.stdout, "nonsense") {
		t.Error("the token is told")
	}
}
