package ws_test

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455, section 4.2.2
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/httphead"
	gobwas "github.com/gobwas/ws"
	"golang.org/x/net/http2"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	_ "github.com/earshot-chat/earshot/internal/xconnect" // so that the test's server takes extended CONNECT
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/wire"
)

// serveHTTP2 has the house speak HTTP/2, and its clients share one connection.
func (h *house) serveHTTP2() {
	h.t.Helper()
	h.http.EnableHTTP2 = true
	h.http.StartTLS()
	//nolint:staticcheck // deprecated for net/http's, which does not let :protocol through
	tunnels := &http2.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialTLSContext: func(ctx context.Context, network, addr string, cfg *tls.Config) (net.Conn, error) {
			h.dialed.Add(1)
			return (&tls.Dialer{Config: cfg}).DialContext(ctx, network, addr)
		},
	}
	h.t.Cleanup(tunnels.CloseIdleConnections) //nolint:staticcheck // see above
	h.tunnels = tunnels
}

// tunnel is the client's end of a stream of HTTP/2.
type tunnel struct {
	net.Conn // nil: only what is below is used
	in       io.ReadCloser
	out      *io.PipeWriter
	cancel   context.CancelFunc

	mu    sync.Mutex
	timer *time.Timer
}

func (c *tunnel) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c *tunnel) Write(b []byte) (int, error) { return c.out.Write(b) }

// CloseWrite sends END_STREAM.
func (c *tunnel) CloseWrite() error { return c.out.Close() }

// Close resets the stream, unless it is over.
func (c *tunnel) Close() error {
	_ = c.SetDeadline(time.Time{})
	c.cancel()
	return c.in.Close()
}

// SetDeadline resets the stream then.
func (c *tunnel) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	if !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), c.cancel)
	}
	return nil
}

// SetReadDeadline is SetDeadline: who waits that long for an answer has failed.
func (c *tunnel) SetReadDeadline(at time.Time) error { return c.SetDeadline(at) }

// connectTunnel asks for a stream with the headers (RFC 8441, section 5) and gives it if the answer is 200.
func (h *house) connectTunnel(ctx context.Context, target string, header http.Header) (*tunnel, *http.Response, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	out, sent := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodConnect, h.http.URL+target, out)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	req.Header = header
	answer, err := h.tunnels.RoundTrip(req)
	if err != nil || answer.StatusCode != http.StatusOK {
		cancel()
		return nil, answer, err
	}
	return &tunnel{in: answer.Body, out: sent, cancel: cancel}, answer, nil
}

// words are the headers of a handshake.
func words(extensions ...httphead.Option) http.Header {
	header := http.Header{
		":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"other, " + wire.Subprotocol},
	}
	if len(extensions) > 0 {
		var line strings.Builder
		_, _ = httphead.WriteOptions(&line, extensions) // a Builder takes all
		header.Set("Sec-Websocket-Extensions", line.String())
	}
	return header
}

// dialTunnel is the Dial of a gobwas.Dialer over HTTP/2.
func (h *house) dialTunnel(ctx context.Context, user string, extensions ...httphead.Option) (net.Conn, *bufio.Reader, error) {
	nc, answer, err := h.connectTunnel(ctx, "/ws?user="+user, words(extensions...))
	switch {
	case err != nil:
		return nil, nil, err
	case nc == nil:
		_ = answer.Body.Close()
		return nil, nil, fmt.Errorf("the handshake was answered with %s", answer.Status)
	case answer.Header.Get("Sec-Websocket-Protocol") != wire.Subprotocol:
		return nil, nil, fmt.Errorf("the answer is %v", answer.Header)
	}
	return nc, nil, nil
}

// translated lets a client that knows RFC 6455 only speak over HTTP/2: of its handshake it makes one of RFC 8441, and of
// the answer one that the client waits for. The frames are its own.
type translated struct{ house *house }

// RoundTrip implements http.RoundTripper.
func (r translated) RoundTrip(req *http.Request) (*http.Response, error) {
	header := req.Header.Clone()
	key := header.Get("Sec-Websocket-Key")
	for _, name := range []string{"Sec-Websocket-Key", "Connection", "Upgrade"} {
		header.Del(name)
	}
	header[":protocol"] = []string{"websocket"}
	nc, answer, err := r.house.connectTunnel(req.Context(), req.URL.RequestURI(), header)
	if err != nil || nc == nil {
		return answer, err
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455, section 4.2.2
	answer.StatusCode, answer.Body = http.StatusSwitchingProtocols, nc
	answer.Header.Set("Connection", "Upgrade")
	answer.Header.Set("Upgrade", "websocket")
	answer.Header.Set("Sec-Websocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	return answer, nil
}

// overHTTP2 is the setup of this road.
func overHTTP2(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, setup{Options: ws.Options{Goroutines: true}, secure: true, http2: true}, nil)
	h.addUsers("ana")
	return h
}

// TestHandshakesOverHTTP2 tries those that RFC 8441 forbids, and those of RFC 6455 on the wrong road.
func TestHandshakesOverHTTP2(t *testing.T) {
	h := overHTTP2(t)
	for name, tc := range map[string]struct {
		method, header, value string
		status                int
		says                  string
	}{
		"nothing wrong":            {http.MethodConnect, "X-Other", "x", http.StatusOK, ""},
		"another protocol":         {http.MethodConnect, ":protocol", "connect-udp", http.StatusBadRequest, ":protocol must be websocket"},
		"old version":              {http.MethodConnect, "Sec-Websocket-Version", "8", http.StatusBadRequest, "must be 13"},
		"no subprotocol":           {http.MethodConnect, "Sec-Websocket-Protocol", "", http.StatusBadRequest, "must offer earshot.v1"},
		"other subprotocol":        {http.MethodConnect, "Sec-Websocket-Protocol", "earshot.v2", http.StatusBadRequest, "must offer earshot.v1"},
		"extensions of nonsense":   {http.MethodConnect, "Sec-Websocket-Extensions", "permessage-deflate; =;", http.StatusBadRequest, "cannot be read"},
		"a window that is not one": {http.MethodConnect, "Sec-Websocket-Extensions", "permessage-deflate; server_max_window_bits=99", http.StatusBadRequest, "compression"},
		"an unknown extension":     {http.MethodConnect, "Sec-Websocket-Extensions", "x-rot13", http.StatusOK, ""},
		"GET":                      {http.MethodGet, ":protocol", "", http.StatusBadRequest, "ask with CONNECT"},
	} {
		t.Run(name, func(t *testing.T) {
			header := words()
			if header.Set(tc.header, tc.value); tc.header == ":protocol" {
				header.Del(tc.header)
				header[tc.header] = []string{tc.value}
			}
			if tc.method == http.MethodGet {
				delete(header, ":protocol")
			}
			req, err := http.NewRequestWithContext(t.Context(), tc.method, h.http.URL+"/ws?user=ana", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if tc.status == http.StatusOK {
				out, sent := io.Pipe()
				defer func() { _ = sent.Close() }()
				req.Body = out
			}
			req.Header = header
			answer, err := h.tunnels.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			if answer.StatusCode != tc.status || answer.Header.Get("Sec-Websocket-Extensions") != "" {
				t.Errorf("status %d, want %d; %v", answer.StatusCode, tc.status, answer.Header)
			}
			if tc.status != http.StatusOK {
				if text, _ := io.ReadAll(answer.Body); !strings.Contains(string(text), tc.says) {
					t.Errorf("it says %q, want %q", text, tc.says)
				}
			}
		})
	}
}

// TestEndOfStream has the client end its half as TCP would with FIN: the server ends its own, and the session can be
// resumed as after any lost connection.
func TestEndOfStream(t *testing.T) {
	h := overHTTP2(t)
	r := h.dialRaw("ana")
	half, ok := r.Conn.(*tunnel)
	if !ok {
		t.Fatalf("%T", r.Conn)
	}
	h.sessions(1)
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after END_STREAM: %v", err)
	}
}

// TestStoppingEndsStreams has the server stop while streams are open, one of which takes nothing: all handlers return.
func TestStoppingEndsStreams(t *testing.T) {
	h := overHTTP2(t)
	r := h.dialRaw("ana")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.hub.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got := r.text(); !strings.Contains(got, `"stopping"`) {
		t.Errorf("read %s", got)
	}
	r.closed(1001)
	if err := h.ws.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := h.http.Config.Shutdown(ctx); err != nil {
		t.Errorf("handlers are left: %v", err)
	}
}

// TestStalledStreamIsCut stops the server while one stream's window is full: the stream is reset when the time is over.
func TestStalledStreamIsCut(t *testing.T) {
	h := newHouse(t, setup{Options: ws.Options{Goroutines: true, WriteBuffer: 64 << 20}, secure: true, http2: true},
		func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst, c.MaxText = 1e6, 1e6, 48_000 })
	h.addUsers("ana", "slow")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	slow := h.dialRaw("slow")
	slow.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)))
	slow.awaits(`"type":"joined"`)
	ana, _ := h.enter("ana", room)
	text := strings.Repeat("x", 48_000)
	for i := range 120 { // 5.8 MB: more than the window of the client's streams
		ana.send(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":"%s"}`, i+2, room, i, text)
		ana.until(fmt.Sprintf(`"nonce":"n%d","text"`, i))
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.ws.Close(over); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	// What had come is still there to read; then the stream is over.
	if _, err := io.Copy(io.Discard, slow.Conn); err == nil {
		t.Error("the stream ended as if all had been said")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.http.Config.Shutdown(ctx); err != nil {
		t.Errorf("handlers are left: %v", err)
	}
}
