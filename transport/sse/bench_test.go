package sse_test

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/sse"
)

// BenchmarkListeners measures the memory of a stream at rest: what heap and stacks grow by, the test's end of the connection,
// which is little more than its descriptor, among it.
func BenchmarkListeners(b *testing.B) {
	const streams = 900
	h := newHouse(b, false, sse.Options{}, func(cfg *hub.Config) { cfg.SessionsPerUser = 10 * streams })
	h.addUsers("ana")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	var before, after runtime.MemStats
	said := make([]byte, 1<<20)
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		conns := make([]net.Conn, streams)
		for i := range conns {
			var dialer net.Dialer
			conn, err := dialer.DialContext(b.Context(), "tcp", strings.TrimPrefix(h.http.URL, "http://"))
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = conn
			_, _ = io.WriteString(conn, "GET /events?room=lobby HTTP/1.1\r\nHost: x\r\nX-User: ana\r\n\r\n")
			for n := 0; !strings.Contains(string(said[:n]), `"joined"`); {
				read, err := conn.Read(said[n:])
				if err != nil {
					b.Fatal(err)
				}
				n += read
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/streams, "B/stream")
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
}
