package multichat_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gobwas/ws/wsutil"
	"golang.org/x/net/http2"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	_ "github.com/earshot-chat/earshot/internal/xconnect" // so that the test's server takes extended CONNECT
	"github.com/earshot-chat/earshot/transport/multichat"
)

// visitor is a client over a stream of HTTP/2 (RFC 8441).
type visitor struct {
	io.Reader
	io.Writer
	t    *testing.T
	down io.ReadCloser
	end  context.CancelFunc
}

// visit asks for a stream; status is that of an answer which gives none.
func (h *house) visit(over http.RoundTripper, url, user, protocol, version string) (v *visitor, status int) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, sent := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodConnect, url+"/chat/stream/?user="+user, out)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header = http.Header{":protocol": {protocol}, "Sec-Websocket-Version": {version}}
	answer, err := over.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cancel(); _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		cancel()
		return nil, answer.StatusCode
	}
	return &visitor{answer.Body, sent, h.t, answer.Body, cancel}, http.StatusOK
}

func (v *visitor) send(text string) {
	v.t.Helper()
	if err := wsutil.WriteClientText(v, []byte(text)); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) wants(want string) {
	v.t.Helper()
	if got, err := wsutil.ReadServerText(v); err != nil || string(got) != want {
		v.t.Fatalf("read %.200s (%v), want %s", got, err, want)
	}
}

// until reads up to this, and lets those enter meanwhile who did before.
func (v *visitor) until(want string) {
	v.t.Helper()
	for {
		got, err := wsutil.ReadServerText(v)
		if string(got) == want {
			return
		}
		if err != nil || !strings.HasPrefix(string(got), `{"msg_type":4,`) {
			v.t.Fatalf("read %.200s (%v), want %s", got, err, want)
		}
	}
}

// TestOverHTTP2: a browser that is offered sockets over HTTP/2 asks for this one in the same way. It talks with one over
// HTTP/1.1; what is no such handshake is refused; one that is cut departs, and one that stays is told that the server stops.
func TestOverHTTP2(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) { c.Grace = 0 })
	h.addUsers("ana", "ben", "eve")
	h.addRoom("lobby", earshot.AccessPublic)
	guests := multichat.New(multichat.Options{Hub: h.hub, FrameBytes: 1000, Ping: patience, WriteBuffer: 1 << 20, Notices: true})
	over := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := h.users[r.URL.Query().Get("user")]
		if err := guests.Accept(w, r, user, earshot.SecretHash{byte(user.ID)}); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	over.EnableHTTP2 = true
	over.StartTLS()
	defer over.Close()
	//nolint:staticcheck // deprecated for net/http's, which does not let :protocol through
	streams := &http2.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer streams.CloseIdleConnections() //nolint:staticcheck // see above
	for _, bad := range [][2]string{{"connect-udp", "13"}, {"websocket", "8"}} {
		if _, status := h.visit(streams, over.URL, "ana", bad[0], bad[1]); status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, status)
		}
	}

	ana := h.dial("ana")
	ana.joins("1")
	ben, _ := h.visit(streams, over.URL, "ben", "websocket", "13")
	ben.send(`{"command":"join","room":1}`)
	ben.wants(`{"join":"1","title":"The lobby"}`)
	ana.reads(`"msg_type":4`, `"ben"`)
	ana.send(`{"command":"send","room":1,"message":"hello"}`)
	ben.until(`{"msg_type":0,"room":1,"username":"ana","message":"hello"}`)
	ben.send(`{"command":"send","room":1,"message":"` + strings.Repeat("a", 500) + `"}`)
	ana.reads(`"username":"ben"`, "aaa")

	eve, _ := h.visit(streams, over.URL, "eve", "websocket", "13")
	eve.send(`{"command":"join","room":1}`)
	eve.wants(`{"join":"1","title":"The lobby"}`)
	ana.reads(`"msg_type":4`, `"eve"`) // before that there would be nothing to tell of her going
	eve.end()
	_ = eve.down.Close()
	ana.reads(`"msg_type":5`, `"eve"`)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan error)
	go func() { closed <- guests.Close(ctx) }()
	rest, err := io.ReadAll(ben.down)
	if err != nil || !strings.Contains(string(rest), "\x03\xe9") {
		t.Errorf("ben was not closed with 1001: %q, %v", rest, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
