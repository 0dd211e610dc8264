package httpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/certificate"
	"github.com/earshot-chat/earshot/wire"
)

// patience bounds every wait for the server.
const patience = 5 * time.Minute

// foe is a client of HTTP/2 that sends frames as it likes.
type foe struct {
	*http2.Framer
	t       *testing.T
	conn    net.Conn
	headers bytes.Buffer
	packer  *hpack.Encoder
}

// knockHTTP2 shakes hands.
func knockHTTP2(t *testing.T, addr string) *foe {
	t.Helper()
	f, err := tryHTTP2(t, addr)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tryHTTP2 is knockHTTP2 where the server may have cut it by then.
func tryHTTP2(t *testing.T, addr string) (*foe, error) {
	t.Helper()
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http2.NextProtoTLS}}}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	f := &foe{Framer: http2.NewFramer(conn, conn), t: t, conn: conn}
	f.AllowIllegalWrites, f.ReadMetaHeaders = true, hpack.NewDecoder(headerTable, nil)
	f.packer = hpack.NewEncoder(&f.headers)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	return f, f.WriteSettings()
}

// pack gives the header block of the fields, which are names and values in turn.
func (f *foe) pack(fields ...string) []byte {
	f.t.Helper()
	f.headers.Reset()
	for pair := range slices.Chunk(fields, 2) {
		if err := f.packer.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]}); err != nil {
			f.t.Fatal(err)
		}
	}
	return f.headers.Bytes()
}

// settings are those that the server begins with.
func (f *foe) settings() map[http2.SettingID]uint32 {
	f.t.Helper()
	frame, err := f.ReadFrame()
	if err != nil {
		f.t.Fatal(err)
	}
	first, ok := frame.(*http2.SettingsFrame)
	if !ok {
		f.t.Fatalf("first came %v", frame)
	}
	found := make(map[http2.SettingID]uint32)
	_ = first.ForeachSetting(func(s http2.Setting) error {
		found[s.ID] = s.Val
		return nil
	})
	return found
}

// request are the header fields of a request.
func request(method, path string, more ...string) []string {
	return append([]string{":method", method, ":scheme", "https", ":authority", "earshot.test", ":path", path}, more...)
}

// status reads on to the status of the stream's answer.
func (f *foe) status(stream uint32) (status string, err error) {
	fields, err := f.answer(stream)
	return fields[":status"], err
}

// answer reads on to the headers of the stream's answer.
func (f *foe) answer(stream uint32) (fields map[string]string, err error) {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			if frame.StreamID == stream {
				fields = make(map[string]string)
				for _, field := range frame.Fields {
					fields[field.Name] = field.Value
				}
				return fields, nil
			}
		case *http2.RSTStreamFrame:
			if frame.StreamID == stream {
				return nil, http2.StreamError{StreamID: stream, Code: frame.ErrCode}
			}
		case *http2.GoAwayFrame:
			return nil, http2.ConnectionError(frame.ErrCode)
		}
	}
}

// TestOfferOfSockets looks at the first frame of the server, with sockets over HTTP/2 and without.
func TestOfferOfSockets(t *testing.T) {
	with := knockHTTP2(t, underTLS(t, func(o *Options) { o.HTTP2Sockets = true })).settings()
	off := knockHTTP2(t, underTLS(t, nil))
	without := off.settings()
	if with[http2.SettingEnableConnectProtocol] != 1 {
		t.Errorf("not offered: %v", with)
	}
	if _, offered := without[http2.SettingEnableConnectProtocol]; offered || len(without) != len(with)-1 {
		t.Errorf("offered though it is off: %v", without)
	}
	if with[http2.SettingMaxConcurrentStreams] != streams || without[http2.SettingMaxConcurrentStreams] != streams ||
		with[http2.SettingMaxFrameSize] != readFrame || with[http2.SettingInitialWindowSize] != streamWindow {
		t.Errorf("settings are %v and %v", with, without)
	}
	// What follows the first frame is as it was; and who asks although it was not offered is refused.
	if err := off.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, EndHeaders: true, BlockFragment: off.pack(request("CONNECT", "/ws", ":protocol", "websocket")...),
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := off.answer(1); got[":status"] != "405" || got["strict-transport-security"] != "max-age=3600" || err != nil {
		t.Errorf("asked nevertheless: %v, %v", got, err)
	}
}

// TestOfferIsTakenOut has frames in every form that the server could begin with.
func TestOfferIsTakenOut(t *testing.T) {
	frame := func(write func(*http2.Framer) error) string {
		var out bytes.Buffer
		if err := write(http2.NewFramer(&out, nil)); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	settings := func(list ...http2.Setting) string {
		return frame(func(f *http2.Framer) error { return f.WriteSettings(list...) })
	}
	streams := http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 8}
	offer := http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1}
	window := frame(func(f *http2.Framer) error { return f.WriteWindowUpdate(0, 9) })
	for name, c := range map[string]struct{ in, want string }{
		"first":             {settings(offer, streams), settings(streams)},
		"last":              {settings(streams, offer), settings(streams)},
		"alone":             {settings(offer), settings()},
		"not there":         {settings(streams), settings(streams)},
		"others behind":     {settings(streams, offer) + window, settings(streams) + window},
		"not settings":      {window + settings(offer), window + settings(offer)},
		"nothing":           {"", ""},
		"half a header":     {settings(offer)[:5], settings(offer)[:5]},
		"half of the frame": {settings(offer)[:12], settings(offer)[:12]},
	} {
		in := []byte(c.in)
		if got := takeOffer(in); string(got) != c.want || string(in) != c.in {
			t.Errorf("%s: %x, want %x", name, got, c.want)
		}
	}
}

// TestHandshakeOverHTTP2 holds CONNECT to the rules of the door that GET is held to, and to its own.
func TestHandshakeOverHTTP2(t *testing.T) {
	own, err := certificate.Own([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*own}}
		o.HTTP2Sockets = true
	})
	ana := h.user("ana", nil)
	f := knockHTTP2(t, listenAndServe(t, h.Server))
	bearer := []string{"authorization", "Bearer " + ana.token}
	words := append([]string{"sec-websocket-version", "13", "sec-websocket-protocol", wire.Subprotocol}, bearer...)
	ask := func(path, protocol string, more ...string) []string {
		return append(request("CONNECT", path, ":protocol", protocol), more...)
	}
	stream := uint32(1)
	for name, c := range map[string]struct {
		fields []string
		want   string
	}{
		"no browser":       {ask("/ws", "websocket", words...), "200"},
		"own page":         {ask("/ws", "websocket", append(words, "origin", ownOrigin)...), "200"},
		"another site":     {ask("/ws", "websocket", append(words, "origin", "https://evil.test")...), "403"},
		"sandboxed frame":  {ask("/ws", "websocket", append(words, "origin", "null")...), "403"},
		"two origins":      {ask("/ws", "websocket", append(words, "origin", ownOrigin, "origin", "https://evil.test")...), "403"},
		"nobody":           {ask("/ws", "websocket", words[:4]...), "401"},
		"no subprotocol":   {ask("/ws", "websocket", append(bearer, "sec-websocket-version", "13")...), "400"},
		"another protocol": {ask("/ws", "connect-udp", words...), "400"},
		"another address":  {ask("/healthz", "websocket", words...), "405"},
		"no address":       {ask("/nothing", "websocket", words...), "404"},
		"GET":              {request("GET", "/ws", words...), "400"},
		"a proxy, perhaps?": {
			[]string{":method", "CONNECT", ":authority", "example.org:443"}, "405",
		},
	} {
		if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: f.pack(c.fields...)}); err != nil {
			t.Fatal(err)
		}
		if got, err := f.status(stream); got != c.want || err != nil {
			t.Errorf("%s: %s, %v; want %s", name, got, err, c.want)
		}
		if err := f.WriteRSTStream(stream, http2.ErrCodeCancel); err != nil {
			t.Fatal(err)
		}
		stream += 2
	}
}

// TestOldSocketsBesideHTTP2 has a client that knows only RFC 6455 open the socket where RFC 8441 is offered.
func TestOldSocketsBesideHTTP2(t *testing.T) {
	own, err := certificate.Own([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*own}}
		o.HTTP2Sockets = true
	})
	ana := h.user("ana", nil)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, "wss://"+listenAndServe(t, h.Server)+"/ws", &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPHeader: http.Header{"Authorization": {"Bearer " + ana.token}}, Subprotocols: []string{wire.Subprotocol},
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	if _, hello, err := conn.Read(ctx); err != nil || !strings.Contains(string(hello), string(wire.FrameHello)) {
		t.Errorf("hello is %s: %v", hello, err)
	}
	_ = conn.CloseNow()
}

// TestRefusedWithItsBodyOnTheWay is a call that is refused before its body has come: the answer is whole, and no reset follows
// it, which would make some clients throw it away.
func TestRefusedWithItsBodyOnTheWay(t *testing.T) {
	own, err := certificate.Own([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*own}}
	})
	f := knockHTTP2(t, listenAndServe(t, h.Server))
	fields := request("POST", "/api/v1/rooms", "content-type", "application/json", "origin", "https://evil.test")
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: f.pack(fields...)}); err != nil {
		t.Fatal(err)
	}
	// Until the pong the server has seen the call, and what follows lets it refuse that.
	if err := errors.Join(f.WritePing(false, [8]byte{1}), f.drain([8]byte{1})); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteData(1, true, []byte(`{"name":"x"}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := f.status(1); got != "403" || err != nil {
		t.Fatalf("%s, %v", got, err)
	}
	for ended := false; !ended; {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch frame := frame.(type) {
		case *http2.DataFrame:
			ended = frame.StreamEnded()
		case *http2.RSTStreamFrame:
			t.Fatalf("reset: %v", frame.ErrCode)
		}
	}
	if err := f.WritePing(false, [8]byte{2}); err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if reset, ok := frame.(*http2.RSTStreamFrame); ok {
			t.Fatalf("reset behind the answer: %v", reset.ErrCode)
		}
		if ping, ok := frame.(*http2.PingFrame); ok && ping.IsAck() && ping.Data == [8]byte{2} {
			return
		}
	}
}
