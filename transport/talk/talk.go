// Package talk carries out the commands of package wire on a session of the hub. It is what all transports that speak the
// JSON protocol have in common: they differ in how frames come and go, not in what a command does.
package talk

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// Conn is the connection over which the answers go, beside what the hub needs of it. Answer, Acknowledge and Removed are
// called under the hub's locks: they must not block and must not call the hub.
type Conn interface {
	// Answer writes a frame of package wire.
	Answer(frame any)
	// Acknowledge writes the answer to a post. The author's own message is on its way to the same connection: the answer may
	// wait for it, to travel in one write.
	Acknowledge(posted wire.Posted)
	// Removed tells the client that it is no longer in the room, and why.
	Removed(room earshot.RoomID, why *earshot.Error)
	// AwaitRoom waits until the client has taken most of what was written to it; false if the connection is over.
	AwaitRoom() bool
}

// Talk is one client's side of a conversation. It holds nothing of its own, so that a connection at rest does not have to
// keep one: it is made for the command that came. Commands of a session are carried out one at a time.
type Talk struct {
	Session *hub.Session
	Conn    Conn
	// Rooms is how many rooms a session may be in.
	Rooms int
	Log   *slog.Logger
}

// waitTime is how long the store may take over a command, so that one that hangs does not hold connections for ever.
const waitTime = 10 * time.Second

// Waits tells whether the command may take its time: over the store, or until the client has taken what it missed.
func Waits(command wire.CommandType) bool {
	return command == wire.CommandJoin || command == wire.CommandResume
}

// Do carries a command out and has it answered.
func (t Talk) Do(cmd *wire.Command) {
	room := earshot.RoomID(cmd.Room)
	var err error
	switch cmd.Type {
	case wire.CommandPost:
		err = t.post(cmd)
	case wire.CommandLeave:
		if err = t.Session.Leave(room); err == nil {
			t.Conn.Answer(&wire.Left{Type: wire.FrameLeft, Ref: cmd.Ref, Room: cmd.Room})
		}
	case wire.CommandTyping:
		if err = t.Session.Typing(context.Background(), room); err == nil && cmd.Ref != 0 {
			t.ok(cmd)
		}
	case wire.CommandOccupants:
		var page hub.Page
		if page, err = t.Session.Occupants(room, cmd.After); err == nil {
			t.Conn.Answer(&wire.Occupants{
				Type: wire.FrameOccupants, Ref: cmd.Ref, Room: cmd.Room,
				Occupants: wire.OccupantsOf(page.Occupants), Count: page.Count, More: page.More,
			})
		}
	case wire.CommandPing:
		t.ok(cmd)
	case wire.CommandStatus:
		if err = t.Session.SetStatus(earshot.Status(cmd.Status)); err == nil {
			t.ok(cmd)
		}
	case wire.CommandEdit, wire.CommandTakeBack, wire.CommandReact, wire.CommandSeen:
		err = t.about(cmd)
	case wire.CommandJoin:
		err = t.join(cmd)
	case wire.CommandResume:
		err = t.resume(cmd)
	}
	if err != nil {
		t.Refuse(cmd.Ref, err)
	}
}

// Refuse answers with an error; what is the server's own fault is logged.
func (t Talk) Refuse(ref int64, err error) {
	if earshot.CodeOf(err) == earshot.CodeInternal {
		t.Log.Error("a command failed", "error", err)
	}
	t.Conn.Answer(wire.ErrorOf(ref, err))
}

func (t Talk) ok(cmd *wire.Command) { t.Conn.Answer(&wire.OK{Type: wire.FrameOK, Ref: cmd.Ref}) }

func (t Talk) post(cmd *wire.Command) error {
	draft := earshot.Draft{Text: cmd.Text, Nonce: cmd.Nonce, Reply: cmd.Reply, Size: cmd.Size}
	posted, err := t.Session.Post(context.Background(), earshot.RoomID(cmd.Room), draft)
	if err != nil {
		return err
	}
	t.Conn.Acknowledge(PostedOf(cmd, posted))
	return nil
}

// PostedOf gives the answer to a post.
func PostedOf(cmd *wire.Command, posted hub.Posted) wire.Posted {
	return wire.Posted{
		Type: wire.FramePosted, Ref: cmd.Ref, Room: cmd.Room, Seq: posted.Seq, At: posted.At.UnixMilli(), Nonce: cmd.Nonce,
		Heard: posted.Heard,
	}
}

func (t Talk) join(cmd *wire.Command) error {
	ctx, cancel := context.WithTimeout(context.Background(), waitTime)
	defer cancel()
	return t.Session.Join(ctx, earshot.RoomID(cmd.Room), func(j hub.Joined) {
		t.Conn.Answer(&wire.Joined{
			Type: wire.FrameJoined, Ref: cmd.Ref, Room: cmd.Room, Info: wire.RoomOf(&j.Room), Seq: j.Seq,
			Occupants: wire.OccupantsOf(j.Occupants), Count: j.Count,
		})
	})
}

// resume takes the old session's rooms over and has the client hear one after the other what it missed there. It waits for
// the client to take it, so that who missed much is not closed as slow.
func (t Talk) resume(cmd *wire.Command) error {
	seen := make([]hub.Seen, 0, min(len(cmd.Seen), t.Rooms))
	for _, room := range cmd.Seen {
		if len(seen) == cap(seen) {
			break // no session is in more
		}
		seen = append(seen, hub.Seen{Room: earshot.RoomID(room.Room), Seq: room.Seq})
	}
	rooms, err := t.Session.Resume(cmd.Token, seen)
	if err != nil {
		return err
	}
	answer := wire.Resumed{Type: wire.FrameResumed, Ref: cmd.Ref, Rooms: make([]int64, len(rooms))}
	for i, id := range rooms {
		answer.Rooms[i] = int64(id)
	}
	t.Conn.Answer(&answer)
	for _, room := range seen {
		if slices.Contains(rooms, room.Room) && !t.comeBack(room) {
			break
		}
	}
	return nil
}

// comeBack has the client hear the room again, first what it missed, in portions; false if the connection is over.
func (t Talk) comeBack(to hub.Seen) bool {
	done := false
	for again := false; !done; again = true {
		var err error
		to, done, err = t.comeNearer(to, again)
		switch {
		case err == nil:
		case earshot.CodeOf(err) == earshot.CodeUnauthenticated || earshot.CodeOf(err) == earshot.CodeNotInRoom:
			return true // the session ended, or the room was left or put out of meanwhile: that was told
		default:
			t.Conn.Removed(to.Room, whyNot(err))
			return true
		}
		if !t.Conn.AwaitRoom() {
			return false
		}
	}
	return true
}

// whyNot is what somebody is told who may not come back to a room: what was done to them, or no more than that.
func whyNot(err error) *earshot.Error {
	switch earshot.CodeOf(err) { //nolint:exhaustive // all others are not for them to know
	case earshot.CodeKicked, earshot.CodeBanned:
		return earshot.AsError(err)
	}
	return earshot.Errorf(earshot.CodeForbidden, "You may no longer be in this room.")
}

// comeNearer writes one portion.
func (t Talk) comeNearer(to hub.Seen, again bool) (next hub.Seen, done bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), waitTime)
	defer cancel()
	return t.Session.Return(ctx, to, again, func(r hub.Returned) {
		t.Conn.Answer(&wire.Returned{
			Type: wire.FrameReturned, Room: int64(to.Room), Info: wire.RoomOf(&r.Room), Seq: r.Seq, Lost: r.Lost,
			Occupants: wire.OccupantsOf(r.Occupants), Count: r.Count,
		})
	})
}
