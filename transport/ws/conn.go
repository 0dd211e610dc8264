package ws

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
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
	c.Write(frameOf(&wire.Removed{
		Type: wire.FrameRemoved, Room: int64(room), Code: string(why.Code), Message: why.Message,
	}))
}

// Close implements hub.Conn.
func (c *conn) Close(why earshot.CloseReason) {
	if why == earshot.CloseStopping {
		c.Write(frameOf(&wire.Stopping{Type: wire.FrameStopping, ReturnMs: c.srv.spread().Milliseconds()}))
	}
	c.close(closeCode(why), why.String())
}

// close closes the connection with a code of ours or one that the client sent.
func (c *conn) close(code ws.StatusCode, reason string) { c.finish(code, closing(code, reason)) }

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
	c.srv.forget(c)
}

// part ends the session, or only its connection: somebody who said goodbye or broke the protocol does not come back to
// it, a page that is loaded again or a network that failed does.
func (c *conn) part(code ws.StatusCode) {
	switch code {
	case ws.StatusNormalClosure, ws.StatusProtocolError, ws.StatusUnsupportedData, ws.StatusInvalidFramePayloadData,
		ws.StatusMessageTooBig, codeRevoked, codeAbuse, codeReplaced:
		c.session.End()
	default:
		c.session.Drop()
	}
}

// command carries out one text message, or returns what is to be carried out where it may take its time (receive).
func (c *conn) command(text []byte) (later func()) {
	cmd, err := wire.Decode(text)
	defer clear(cmd.Text) // only a post has one, and that is carried out here
	if err != nil {
		c.refuse(cmd.Ref, err)
		if c.refused++; c.refused > maxRefused {
			c.Close(earshot.CloseAbuse)
		}
		return nil
	}
	c.refused = max(c.refused-1, 0)
	switch cmd.Type {
	case wire.CommandJoin:
		return func() { c.join(&cmd) }
	case wire.CommandResume:
		return func() { c.resume(&cmd) }
	default:
		c.execute(&cmd)
		return nil
	}
}

// execute carries out a command that does not wait.
func (c *conn) execute(cmd *wire.Command) {
	room := earshot.RoomID(cmd.Room)
	var err error
	switch cmd.Type {
	case wire.CommandPost:
		err = c.post(cmd)
	case wire.CommandLeave:
		if err = c.session.Leave(room); err == nil {
			c.Write(frameOf(&wire.Left{Type: wire.FrameLeft, Ref: cmd.Ref, Room: cmd.Room}))
		}
	case wire.CommandTyping:
		if err = c.session.Typing(context.Background(), room); err == nil && cmd.Ref != 0 {
			c.Write(frameOf(&wire.OK{Type: wire.FrameOK, Ref: cmd.Ref}))
		}
	case wire.CommandOccupants:
		var page hub.Page
		if page, err = c.session.Occupants(room, cmd.After); err == nil {
			c.Write(frameOf(&wire.Occupants{
				Type: wire.FrameOccupants, Ref: cmd.Ref, Room: cmd.Room,
				Occupants: wire.OccupantsOf(page.Occupants), Count: page.Count, More: page.More,
			}))
		}
	case wire.CommandPing:
		c.Write(frameOf(&wire.OK{Type: wire.FrameOK, Ref: cmd.Ref}))
	case wire.CommandStatus:
		if err = c.session.SetStatus(earshot.Status(cmd.Status)); err == nil {
			c.Write(frameOf(&wire.OK{Type: wire.FrameOK, Ref: cmd.Ref}))
		}
	case wire.CommandJoin, wire.CommandResume:
		// command gives them to the link.
	}
	if err != nil {
		c.refuse(cmd.Ref, err)
	}
}

// answerSize is room for the answer to a post, whose nonce has at most 64 characters.
const answerSize = 256

func (c *conn) post(cmd *wire.Command) error {
	draft := earshot.Draft{Text: cmd.Text, Nonce: cmd.Nonce}
	posted, err := c.session.Post(context.Background(), earshot.RoomID(cmd.Room), draft)
	if err != nil {
		return err
	}
	answer := wire.Posted{
		Ref: cmd.Ref, Room: cmd.Room, Seq: posted.Seq, At: posted.At.UnixMilli(), Nonce: cmd.Nonce, Heard: posted.Heard,
	}
	// The author's own message is on its way to this connection: the answer travels with it, in one write instead of two.
	buf, ok := c.srv.answers.Get().(*[answerSize]byte)
	if !ok {
		buf = new([answerSize]byte)
	}
	frame, at := openFrame(buf[:0])
	c.wrote(c.link.hold(closeFrame(wire.AppendPosted(frame, &answer), at)))
	c.srv.answers.Put(buf)
	return nil
}

// join may ask the store; how long that takes is bounded, so that a store that hangs does not hold connections for ever.
func (c *conn) join(cmd *wire.Command) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	err := c.session.Join(ctx, earshot.RoomID(cmd.Room), func(j hub.Joined) {
		c.Write(frameOf(&wire.Joined{
			Type: wire.FrameJoined, Ref: cmd.Ref, Room: cmd.Room, Info: wire.RoomOf(&j.Room), Seq: j.Seq,
			Occupants: wire.OccupantsOf(j.Occupants), Count: j.Count,
		}))
	})
	if err != nil {
		c.refuse(cmd.Ref, err)
	}
}

const joinTimeout = 10 * time.Second

// refuse answers with an error; what is the server's own fault is logged.
func (c *conn) refuse(ref int64, err error) {
	if earshot.CodeOf(err) == earshot.CodeInternal {
		c.srv.log.Error("a command failed", "error", err)
	}
	c.Write(frameOf(wire.ErrorOf(ref, err)))
}
