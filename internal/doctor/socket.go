package doctor

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

const (
	// trips is how many round trips are measured, and slowTrip how long one takes at most that nobody minds.
	trips    = 5
	slowTrip = time.Second
	// pingSlack is how much later than promised the server's sign of life may come.
	pingSlack = 2 * time.Second
)

// session is a connection of the socket, logged in.
type session struct {
	conn       *websocket.Conn
	extensions string
	ping       time.Duration
}

// knock tries a handshake without a log-in: Earshot refuses it with words of its own, which tell how far it got.
func (p *patient) knock(ctx context.Context, origin string) (*answer, error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // it never fails
	header := http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {base64.StdEncoding.EncodeToString(key)}, "Sec-Websocket-Protocol": {wire.Subprotocol},
	}
	if origin != "" {
		header.Set("Origin", origin)
	}
	return p.get(ctx, p.http1, "/ws", header)
}

// passUpgrade is the advice for a proxy that knows nothing of WebSockets.
const passUpgrade = "Have the proxy pass WebSockets on at /ws. For nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; " +
	`proxy_set_header Connection "upgrade"; Apache: ProxyPass with upgrade=websocket; Caddy and Traefik do it by themselves.`

// upgrade looks whether a handshake gets to the server as one.
func (p *patient) upgrade(ctx context.Context) Finding {
	a, err := p.knock(ctx, "")
	if err != nil {
		return failed(passUpgrade, "a handshake gets no answer: %v", err)
	}
	switch code := a.problem(); {
	case code == earshot.CodeUnauthenticated:
		p.through = true
		return ok("a handshake reaches the server")
	case code == earshot.CodeMalformed:
		return failed(passUpgrade, "something on the way takes the header Upgrade away: the handshake reaches the server as a plain request")
	case code != "":
		return failed("See the log of the server.", "the server refuses the handshake: %s", code)
	case a.status == http.StatusSwitchingProtocols:
		return failed(passUpgrade, "something else than Earshot takes the handshake")
	}
	return failed(passUpgrade, "something on the way answers the handshake instead of the server: %s", a.foreign())
}

// ownOrigin looks whether the server lets its own pages in, as they are reached by this URL.
func (p *patient) ownOrigin(ctx context.Context) Finding {
	a, err := p.knock(ctx, p.origin)
	switch {
	case err != nil:
		return failed("See the log of the server, and that of the proxy.", "a handshake gets no answer: %v", err)
	case a.problem() == earshot.CodeForbidden:
		return failed("Set --public-url "+p.origin+" at the server, or add it to --origins where there are several addresses.",
			"the server does not know that it is reached as %s, and refuses the socket to its own pages", p.origin)
	case a.problem() == earshot.CodeUnauthenticated:
		return ok("the server's own pages may open the socket")
	}
	return failed("See the log of the server, and that of the proxy.", "a handshake with an Origin is answered with %s", a.foreign())
}

// foreignOrigin looks whether pages of others are kept out.
func (p *patient) foreignOrigin(ctx context.Context) Finding {
	const advice = "Have the proxy pass the header Origin on as it is: it is what keeps pages of others from using the log-ins of your users."
	a, err := p.knock(ctx, "https://elsewhere.invalid")
	switch {
	case err != nil:
		return failed("See the log of the server, and that of the proxy.", "a handshake gets no answer: %v", err)
	case a.status == http.StatusForbidden:
		return ok("pages of others may not")
	}
	return failed(advice, "a handshake of a foreign page is not refused: something on the way changes the header Origin")
}

// socket opens a session, and reads the server's hello.
func (p *patient) socket(ctx context.Context) Finding {
	conn, resp, err := websocket.Dial(ctx, p.origin+"/ws", &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPClient: p.http1, Subprotocols: []string{wire.Subprotocol}, CompressionMode: websocket.CompressionNoContextTakeover,
		HTTPHeader: http.Header{"Authorization": {"Bearer " + p.opts.Token}, "Origin": {p.origin}},
	})
	switch {
	case err != nil && resp != nil && resp.StatusCode == http.StatusUnauthorized:
		return failed("Make a token with: earshot token create NAME. If it is a good one, have the proxy pass the header Authorization on.", "the token is not accepted")
	case err != nil && resp != nil:
		return failed(passUpgrade, "the handshake is answered with status %d", resp.StatusCode)
	case err != nil:
		return failed(passUpgrade, "the socket cannot be opened: %v", cause(ctx, err))
	}
	_, text, err := conn.Read(ctx)
	var hello wire.Hello
	if err != nil || json.Unmarshal(text, &hello) != nil || hello.Type != wire.FrameHello {
		_ = conn.CloseNow()
		if code := websocket.CloseStatus(err); code > 0 {
			return failed("See docs/protocol.md, Close codes.", "the server closes the socket with code %d", code)
		}
		return failed("Have the proxy pass on at once what the server says on the socket, and not collect it (nginx: proxy_buffering off).",
			"the socket opens, but what the server says first does not come: %v", cause(ctx, err))
	}
	p.session = &session{
		conn: conn, extensions: resp.Header.Get("Sec-Websocket-Extensions"), ping: time.Duration(hello.PingMs) * time.Millisecond,
	}
	return ok("the socket opens, for %s", strconv.QuoteToGraphic(hello.User.Name))
}

// compression looks whether messages are compressed.
func (p *patient) compression(context.Context) Finding {
	if strings.Contains(p.session.extensions, "permessage-deflate") {
		return ok("long messages are compressed")
	}
	return warning("Have the proxy pass Sec-WebSocket-Extensions on. It works without, with more traffic.", "messages are not compressed: a proxy takes the offer away")
}

// roundTrip measures how long an answer takes: where something collects what passes, it takes long, or does not come.
func (p *patient) roundTrip(ctx context.Context) Finding {
	took := make([]time.Duration, 0, trips)
	for range trips {
		began := time.Now()
		if err := p.session.trip(ctx); err != nil {
			p.lose()
			return failed("Have the proxy pass on at once what comes on the socket, and not collect it (nginx: proxy_buffering off).",
				"a command on the socket is not answered: %v", cause(ctx, err))
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	if median > slowTrip {
		return warning("Have the proxy pass on at once what comes on the socket. If the way is long, or the server busy, that is how it is.",
			"an answer on the socket takes %v", median.Round(time.Millisecond))
	}
	return ok("an answer on the socket takes %v", median.Round(10*time.Microsecond))
}

// trip sends a command and waits for its answer.
func (s *session) trip(ctx context.Context) error {
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"ping","ref":1}`)); err != nil {
		return err
	}
	for {
		_, text, err := s.conn.Read(ctx)
		if err != nil {
			return err
		}
		var frame struct {
			Type wire.FrameType `json:"type"`
		}
		if err := json.Unmarshal(text, &frame); err != nil || frame.Type == wire.FrameError {
			return errors.New("the answer is not one")
		}
		if frame.Type == wire.FrameOK {
			return nil
		}
	}
}

func (p *patient) lose() {
	_ = p.session.conn.CloseNow()
	p.session = nil
}

// idle keeps the connection silent, as somebody does who only listens, and looks whether something cuts it.
func (p *patient) idle(ctx context.Context) Finding {
	if p.opts.Idle <= 0 {
		return skipped("to see whether a proxy cuts silent connections, give a time: --idle 75s")
	}
	began := time.Now()
	for {
		left := p.opts.Idle - time.Since(began)
		if left <= 0 {
			break
		}
		wait := p.session.ping + pingSlack
		reading, cancel := context.WithTimeout(ctx, min(left, wait))
		_, _, err := p.session.conn.Read(reading)
		ended := reading.Err() != nil && ctx.Err() == nil
		cancel()
		switch held := time.Since(began).Round(time.Second); {
		case err == nil:
		case ended && left <= wait:
			// The time is over, and with it the connection: that is how the library stops reading.
			p.lose()
			return ok("a silent connection lives for %v", p.opts.Idle)
		case ended:
			p.lose()
			return failed("Have the proxy pass on at once what comes on the socket, and not collect it.",
				"after %v the server's sign of life did not come", held)
		default:
			p.lose()
			return failed("Raise the proxy's time for silent connections over the server's --ping-interval (nginx: proxy_read_timeout 1h; "+
				"HAProxy: timeout tunnel 1h), or lower that.", "a silent connection was cut after %v", held)
		}
	}
	return ok("a silent connection lives for %v", p.opts.Idle)
}

// eventStream looks whether the stream for those whose sockets are blocked begins at once, if the server has it.
func (p *patient) eventStream(ctx context.Context) Finding {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.origin+"/events", http.NoBody)
	if err != nil {
		return failed("", "%v", err)
	}
	req.Header.Set("Authorization", "Bearer "+p.opts.Token)
	req.Header.Set("Accept", "text/event-stream")
	const advice = "Have the proxy pass on at once what comes of /events, and not collect it (nginx: proxy_buffering off)."
	resp, err := p.http1.Do(req)
	if err != nil {
		return failed(advice, "the event stream does not begin: %v", cause(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }()
	switch kind := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNotFound:
		return skipped("this server has none")
	case resp.StatusCode == http.StatusUnauthorized:
		return skipped("the token is not accepted") // what is to be done about it, the check of the socket says
	case resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream"):
		return failed("See the log of the server, and that of the proxy.", "the event stream is answered with status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte("data:")) {
			return ok("the event stream begins at once")
		}
	}
	return failed(advice, "the event stream is open, but nothing comes: %v", cause(ctx, lines.Err()))
}
