package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

const (
	// dialTimeout bounds a try to connect, handshake included.
	dialTimeout = 20 * time.Second
	// farewellTime bounds how long the other side may take to answer a close.
	farewellTime = 2 * time.Second
	// leastRead is the longest frame that is read at least; mostRead what a server can raise it to with its limits.
	leastRead = 1 << 20
	mostRead  = 16 << 20
	// mostUnsent is how many bytes may wait for a connection that does not take them. What waits comes from calls, of which
	// there are few, so only a server that asks for answers without reading them gets here.
	mostUnsent = 32 << 20
)

// link is one WebSocket connection: a goroutine that reads and one that writes.
type link struct {
	ws     *websocket.Conn
	cancel context.CancelFunc
	// frames are those that came, one at a time; lost has the one end.
	frames chan []byte
	lost   chan loss
	wg     sync.WaitGroup
	// closing is closed when nobody listens any more; what comes then is read to find the answer to a close, and dropped.
	closing chan struct{}
	// overflow tells that more waits than may.
	overflow atomic.Bool

	mu     sync.Mutex
	unsent [][]byte
	bytes  int
	wake   chan struct{}
}

// connect makes a connection.
func (s *site) connect(ctx context.Context, compress bool) (*link, *loss) {
	dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	opts := &websocket.DialOptions{HTTPClient: s.http, HTTPHeader: s.header, Subprotocols: []string{wire.Subprotocol}}
	if compress {
		opts.CompressionMode = websocket.CompressionNoContextTakeover
	}
	ws, answer, err := websocket.Dial(dialCtx, s.at("/ws"), opts)
	if err != nil {
		return nil, refusedHandshake(answer, err)
	}
	if ws.Subprotocol() != wire.Subprotocol {
		_ = ws.CloseNow()
		return nil, &loss{verdict: never, err: brokenFrame("the server does not speak " + wire.Subprotocol)}
	}
	ws.SetReadLimit(leastRead)
	return startLink(context.WithoutCancel(ctx), ws), nil
}

// refusedHandshake says what follows from a connection that did not come about.
func refusedHandshake(answer *http.Response, err error) *loss {
	if answer == nil {
		return &loss{verdict: lost, err: err}
	}
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return &loss{verdict: later, err: &ProtocolError{Problem: "the handshake is not that of a WebSocket", Err: err}}
	}
	var text []byte
	if answer.Body != nil {
		text, _ = io.ReadAll(io.LimitReader(answer.Body, 1024)) // the library keeps no more of it
		_ = answer.Body.Close()
	}
	e := problemOf(answer, text)
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return &loss{verdict: logIn, err: e}
	case http.StatusBadRequest, http.StatusForbidden:
		return &loss{verdict: never, err: e}
	default:
		// Even 404: a proxy says so while the server behind it restarts.
		return &loss{verdict: later, err: e, least: e.RetryAfter}
	}
}

func startLink(ctx context.Context, ws *websocket.Conn) *link {
	ctx, cancel := context.WithCancel(ctx)
	l := &link{
		ws: ws, cancel: cancel, frames: make(chan []byte), lost: make(chan loss, 1), closing: make(chan struct{}),
		wake: make(chan struct{}, 1),
	}
	l.wg.Go(func() { l.read(ctx) })
	l.wg.Go(func() { l.write(ctx) })
	return l
}

// limit raises how long a frame may be to what the server's own limits can make of one: each byte of a text can become
// six in JSON.
func (l *link) limit(limits wire.Limits) {
	text := int64(min(max(limits.TextBytes, 0), mostRead))
	l.ws.SetReadLimit(min(max(6*text+65536, leastRead), mostRead))
}

func (l *link) read(ctx context.Context) {
	for {
		kind, data, err := l.ws.Read(ctx)
		if err == nil && kind != websocket.MessageText {
			err = brokenFrame("a frame is binary")
		}
		if err != nil {
			l.lost <- lossOf(err)
			return
		}
		select {
		case l.frames <- data:
		case <-l.closing:
		}
	}
}

// lossOf says what the end of a connection means.
func lossOf(err error) loss {
	if e, ok := errors.AsType[*ProtocolError](err); ok {
		return loss{verdict: later, err: e}
	}
	if e, ok := errors.AsType[websocket.CloseError](err); ok {
		return loss{err: &CloseError{Code: int(e.Code), Reason: e.Reason}}
	}
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return loss{verdict: later, err: &ProtocolError{Problem: "a frame is too long", Err: err}}
	}
	return loss{err: err}
}

// write sends what is to be sent. When that fails, the reader finds out why: a close frame may be on its way.
func (l *link) write(ctx context.Context) {
	for {
		l.mu.Lock()
		frames := l.unsent
		l.unsent, l.bytes = nil, 0
		l.mu.Unlock()
		for _, frame := range frames {
			err := l.ws.Write(ctx, websocket.MessageText, frame)
			clear(frame) // what was said is not kept
			if err != nil {
				return
			}
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return
		}
	}
}

// send puts frames on their way; it does not wait.
func (l *link) send(frames [][]byte) {
	if len(frames) == 0 {
		return
	}
	l.mu.Lock()
	for _, frame := range frames {
		l.bytes += len(frame)
	}
	if l.bytes > mostUnsent {
		l.overflow.Store(true)
	} else {
		l.unsent = append(l.unsent, frames...)
	}
	l.mu.Unlock()
	signal(l.wake)
}

// close ends the connection with a close frame of the code, or without one if it is 0, and waits until all is over.
func (l *link) close(code int) {
	close(l.closing)
	if code != 0 {
		timer := time.AfterFunc(farewellTime, l.cancel)
		_ = l.ws.Close(websocket.StatusCode(code), "")
		timer.Stop()
	}
	l.cancel()
	_ = l.ws.CloseNow()
	l.wg.Wait()
}

// errOverflow is what becomes of a connection that does not take what is sent.
func errOverflow() *earshot.Error {
	return earshot.Errorf(earshot.CodeBusy, "The connection does not take what is sent.")
}
