package ws

import (
	"context"
	"sync/atomic"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/talk"
	"github.com/earshot-chat/earshot/transport/websocket"
	"github.com/earshot-chat/earshot/wire"
)

// conn is one WebSocket connection: hub.Conn on one side, the frames of RFC 6455 on the other, over a link.
type conn struct {
	srv     *Server
	link    link
	session *hub.Session
	reader

	// heard is when bytes last came in, in seconds of the server's clock.
	heard atomic.Int64
	// pinged is when the sweeper last pinged; only it uses this.
	pinged int64
	// closedAt is when we closed, 0 before.
	closedAt atomic.Int64
	// refused counts commands that were not in the protocol's form, less those that were.
	refused int16
	// deflate tells that compression was negotiated.
	deflate bool
}

// maxRefused is how many more malformed commands than good ones a connection may send before it is closed: a client with
// a fault gets its errors and the time to read them, a flood ends.
const maxRefused = 64

// Encoding implements hub.Conn.
func (c *conn) Encoding() hub.Encoding {
	if c.deflate {
		return deflated{c.srv.packer}
	}
	return encoding{}
}

// Write implements hub.Conn.
func (c *conn) Write(frames []byte) { c.wrote(c.link.write(frames)) }

// wrote ends a connection that does not take its bytes.
func (c *conn) wrote(err error) {
	if err == errSlow { //nolint:errorlint // our own value, on the hottest path
		c.Close(earshot.CloseSlow)
	}
}

// Removed implements hub.Conn.
func (c *conn) Removed(room earshot.RoomID, why *earshot.Error) {
	c.Answer(talk.RemovedOf(room, why))
}

// Muted implements hub.Conn.
func (c *conn) Muted(room earshot.RoomID, mute earshot.Sanction) { c.Answer(talk.MutedOf(room, mute)) }

// Close implements hub.Conn.
func (c *conn) Close(why earshot.CloseReason) {
	if why == earshot.CloseStopping {
		c.Answer(&wire.Stopping{Type: wire.FrameStopping, ReturnMs: talk.Spread(c.srv.conns.Len()).Milliseconds()})
	}
	c.close(ws.StatusCode(wire.CloseCode(why)), why.String())
}

// Abort ends the connection at once.
func (c *conn) Abort() { c.link.abort() }

// close closes the connection with a code of ours or one that the client sent.
func (c *conn) close(code ws.StatusCode, reason string) {
	c.finish(code, websocket.CloseMessage(code, reason))
}

// finish sends the last frame and takes the session off: nothing is heard on a connection that is closing. It may be
// called under the hub's locks, and that takes them, so it is left to another goroutine.
func (c *conn) finish(code ws.StatusCode, last []byte) {
	if !c.closedAt.CompareAndSwap(0, c.srv.clock()) {
		return
	}
	c.link.finish(last)
	if c.session != nil {
		go c.part(code)
	}
}

// gone is the link's word that the connection is over.
func (c *conn) gone() {
	c.closedAt.CompareAndSwap(0, c.srv.clock())
	if c.session != nil {
		c.session.Drop() // nothing, if close was before
	}
	c.release()
	c.srv.conns.Remove(c)
}

// part ends the session, or only its connection: somebody who said goodbye or broke the protocol does not come back to
// it, a page that is loaded again or a network that failed does.
func (c *conn) part(code ws.StatusCode) {
	switch code {
	case ws.StatusNormalClosure, ws.StatusProtocolError, ws.StatusUnsupportedData, ws.StatusInvalidFramePayloadData,
		ws.StatusMessageTooBig:
		c.session.End()
	default:
		if talk.Final(uint16(code)) {
			c.session.End()
		} else {
			c.session.Drop()
		}
	}
}

// talk is what carries commands out over this connection.
func (c *conn) talk() talk.Talk {
	return talk.Talk{Session: c.session, Conn: c, Rooms: c.srv.hub.Config().MaxRooms, Log: c.srv.log}
}

// command carries out one text message, or returns what is to be carried out where it may take its time (receive).
func (c *conn) command(text []byte) (later func()) {
	cmd, err := wire.Decode(text)
	defer cmd.Clear() // what is carried out later says nothing
	if err != nil {
		c.talk().Refuse(cmd.Ref, err)
		if c.refused++; c.refused > maxRefused {
			c.Close(earshot.CloseAbuse)
		}
		return nil
	}
	c.refused = max(c.refused-1, 0)
	if talk.Waits(cmd.Type) {
		return func() { c.talk().Do(&cmd) }
	}
	c.talk().Do(&cmd)
	return nil
}

// Answer implements talk.Conn.
func (c *conn) Answer(frame any) { c.Write(frameOf(frame)) }

// answerSize is room for the answer to a post, whose nonce has at most 64 characters.
const answerSize = 256

// Acknowledge implements talk.Conn: the answer travels with what follows it, in one write instead of two.
func (c *conn) Acknowledge(posted wire.Posted) {
	buf, ok := c.srv.answers.Get().(*[answerSize]byte)
	if !ok {
		buf = new([answerSize]byte)
	}
	frame, at := websocket.OpenFrame(buf[:0])
	c.wrote(c.link.hold(websocket.CloseFrame(wire.AppendPosted(frame, &posted), at)))
	c.srv.answers.Put(buf)
}

// AwaitRoom implements talk.Conn.
func (c *conn) AwaitRoom() bool {
	c.link.room(context.Background()) // ended by the sweeper at the latest, if the client takes nothing
	c.heard.Store(c.srv.clock())      // nothing is read meanwhile; that it takes what is written is as good a sign
	return c.closedAt.Load() == 0
}
