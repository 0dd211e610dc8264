package multichat

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket"
	"github.com/earshot-chat/earshot/wire"
)

// conn is one client: hub.Conn on one side, the protocol of the example on the other. One goroutine reads (read.go) and
// carries commands out, another writes what waits in the outbox.
type conn struct {
	srv     *Server
	net     road
	out     *outbox
	session *hub.Session
	// self is the noticeEnd of the user.
	self []byte

	// Of the reading goroutine.

	// text tells how the room of the command that is being carried out was written.
	text bool
	// refused counts commands that were not in the protocol's form, less those that were.
	refused int

	// over is set when the connection is closed, by whomever.
	over atomic.Bool
	// gone is closed when the other side has nothing more to say, and ended when nothing is read and written any more.
	gone, ended chan struct{}
}

// road is what a connection needs of a net.Conn: a stream of HTTP/2 has it, too.
type road interface {
	io.ReadWriteCloser
	SetReadDeadline(by time.Time) error
	SetWriteDeadline(by time.Time) error
}

const (
	// maxRefused is how many more malformed commands than good ones a client may send before it is closed.
	maxRefused = 64
	// joinTimeout bounds what may ask the store, so that one that hangs does not hold connections for ever.
	joinTimeout = 10 * time.Second
	// stallTime is how long a client may leave what is written to it untouched.
	stallTime = 30 * time.Second
	// lingerTime is how long a connection that is closed may take to take the rest and to close its side (RFC 6455, section
	// 7.1.1).
	lingerTime = 3 * time.Second
)

// Encoding implements hub.Conn: the hub asks within Join, which the reading goroutine calls.
func (c *conn) Encoding() hub.Encoding {
	return encoding{text: c.text, notices: c.srv.notices}
}

// Write implements hub.Conn. Nobody is told of their own entrance: the example announces it before they are in. The bytes
// are shared with all who are in the room, so it is taken out here.
func (c *conn) Write(frames []byte) {
	if !c.srv.notices {
		c.send(frames)
		return
	}
	run := frames
	for rest := frames; len(rest) > 0; {
		payload, behind := websocket.CutFrame(rest)
		if isNotice(payload, c.self) {
			c.send(run[:len(run)-len(rest)])
			run = behind
		}
		rest = behind
	}
	c.send(run)
}

// send gives frames to the writing goroutine, and ends a connection that does not take its bytes.
func (c *conn) send(frames []byte) {
	if len(frames) > 0 && c.out.put(frames) != nil {
		c.Close(earshot.CloseSlow)
	}
}

// Removed implements hub.Conn. "leave" has the example's page close the room, whoever wanted that.
func (c *conn) Removed(room earshot.RoomID, _ *earshot.Error) { c.send(appendLeft(nil, room)) }

// Muted implements hub.Conn: the protocol has no word for it. What is sent is refused.
func (*conn) Muted(earshot.RoomID, earshot.Sanction) {}

// Close implements hub.Conn.
func (c *conn) Close(why earshot.CloseReason) {
	if why == earshot.CloseRevoked {
		c.send(errorFrame(errorMustLogIn))
	}
	leave := c.session.End
	switch why {
	case earshot.CloseStopping, earshot.CloseSlow, earshot.CloseSilent, earshot.CloseBusy:
		leave = c.session.Drop
	case earshot.CloseRevoked, earshot.CloseAbuse, earshot.CloseReplaced, earshot.CloseBanned:
	}
	c.close(ws.StatusCode(wire.CloseCode(why)), why.String(), leave)
}

// Abort ends the connection at once.
func (c *conn) Abort() { _ = c.net.Close() }

// close says why and ends the connection, and has the session leave its rooms by Session.End or Session.Drop. There is no
// coming back to it in either case; but a client that lost its connection mostly joins the same rooms over a new one, and
// if it does so within the grace time after a Drop, nobody is told of either. Close may be called under the hub's locks, and
// leaving takes them: so that is done by another goroutine.
func (c *conn) close(code ws.StatusCode, reason string, leave func()) {
	if !c.over.CompareAndSwap(false, true) {
		return
	}
	c.out.last(websocket.CloseMessage(code, reason), c.srv.linger)
	// Whoever writes now does not wait for a client that takes nothing any longer than that.
	_ = c.net.SetWriteDeadline(time.Now().Add(c.srv.linger)) // fails on a closed connection only
	if c.session != nil {
		c.srv.work.Go(leave)
	}
}

// serve runs the connection to its end.
func (c *conn) serve(early []byte) {
	c.srv.work.Go(func() {
		c.read(early)
		if c.over.CompareAndSwap(false, true) {
			c.session.Drop() // it has one: without, it was closed before it was served
		}
		close(c.gone)
	})
	c.srv.work.Go(func() {
		c.write()
		// Whoever reads gets an error and ends; that of a second Close says nothing new.
		_ = c.net.Close()
		<-c.gone
		close(c.ended)
		c.srv.conns.Remove(c)
	})
}

// write writes what waits, and pings, until the connection is over.
func (c *conn) write() {
	ping := time.NewTicker(c.srv.ping)
	defer ping.Stop()
	for gone := false; ; {
		run, lastBy := c.out.take()
		switch {
		case len(run) > 0:
			err := c.writeRun(run)
			clear(run)
			if err != nil {
				return
			}
			continue
		case !lastBy.IsZero():
			c.linger(time.Until(lastBy))
			return
		case gone:
			return
		}
		select {
		case <-c.out.wake:
		case <-ping.C:
			c.send(ws.CompiledPing)
		case <-c.gone:
			gone = true // what was said last still goes out
		}
	}
}

// writePart is how much must be taken within stallTime.
const writePart = 16 << 10

func (c *conn) writeRun(run []byte) error {
	for part := range slices.Chunk(run, writePart) {
		c.writeBy(time.Now().Add(stallTime))
		if _, err := c.net.Write(part); err != nil {
			return err
		}
	}
	c.writeBy(time.Time{}) // one that passes resets a stream of HTTP/2, also while nothing is written
	return nil
}

// writeBy sets until when a write may take, unless the connection is closed and has a time for that. close sets that first
// and the deadline then: whichever of the two deadlines comes last is the right one.
func (c *conn) writeBy(at time.Time) {
	_ = c.net.SetWriteDeadline(at)
	if by := c.out.endsBy(); !by.IsZero() {
		_ = c.net.SetWriteDeadline(by)
	}
}

// linger tells the other side that all is written, and waits until it has closed, too.
func (c *conn) linger(most time.Duration) {
	if half, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-c.gone:
	case <-late.C:
	}
}

// command carries out one text message.
func (c *conn) command(text []byte) {
	cmd, err := decode(text)
	defer cmd.clear()
	malformed := earshot.CodeOf(err) == earshot.CodeMalformed || earshot.CodeOf(err) == earshot.CodeUnknownCommand
	if !malformed {
		c.refused = max(c.refused-1, 0)
	}
	if err == nil {
		err = c.execute(&cmd)
	}
	if err != nil {
		c.refuse(err)
	}
	if malformed {
		if c.refused++; c.refused > maxRefused {
			c.Close(earshot.CloseAbuse)
		}
	}
}

func (c *conn) execute(cmd *command) error {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	switch cmd.Command {
	case commandJoin:
		c.text = cmd.text
		return c.session.Join(ctx, cmd.id, func(j hub.Joined) { c.send(appendJoined(nil, &j.Room)) })
	case commandLeave:
		return c.leave(ctx, cmd)
	default:
		_, err := c.session.Post(ctx, cmd.id, earshot.Draft{Text: *cmd.Message})
		return err
	}
}

// leave answers also where the client is not in the room: after a reconnection the example's page still shows the rooms
// that it was in before, and only the answer closes them. Whoever was in it sees themself leave, as in the example.
func (c *conn) leave(ctx context.Context, cmd *command) error {
	err := c.session.Leave(cmd.id)
	inside := err == nil
	if !inside {
		if _, err = c.session.Look(ctx, cmd.id); err != nil {
			return err
		}
	}
	c.send(appendLeft(nil, cmd.id))
	if inside && c.srv.notices {
		c.send(encoding{text: cmd.text}.appendMessage(nil, typeLeave, cmd.id, c.session.User().Username, nil))
	}
	return nil
}

// refuse answers with an error; what is the server's own fault is logged.
func (c *conn) refuse(err error) {
	code := earshot.CodeOf(err)
	if code == earshot.CodeInternal {
		c.srv.log.Error("a command failed", "error", err)
	}
	c.send(errorFrame(errorCode(code)))
}
