package ws

import (
	"context"
	"slices"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// resume carries out the command: it takes the old session's rooms over and has the client hear one after the other what
// it missed there. It waits for the client to take it, so that who missed much is not closed as slow.
func (c *conn) resume(cmd *wire.Command) {
	seen := make([]hub.Seen, 0, min(len(cmd.Seen), c.srv.hub.Config().MaxRooms))
	for _, room := range cmd.Seen {
		if len(seen) == cap(seen) {
			break // no session is in more
		}
		seen = append(seen, hub.Seen{Room: earshot.RoomID(room.Room), Seq: room.Seq})
	}
	rooms, err := c.session.Resume(cmd.Token, seen)
	if err != nil {
		c.refuse(cmd.Ref, err)
		return
	}
	answer := wire.Resumed{Type: wire.FrameResumed, Ref: cmd.Ref, Rooms: make([]int64, len(rooms))}
	for i, id := range rooms {
		answer.Rooms[i] = int64(id)
	}
	c.Write(frameOf(&answer))
	for _, room := range seen {
		if at := slices.Index(rooms, room.Room); at >= 0 {
			c.comeBack(room)
		}
	}
}

// comeBack has the client hear the room again, first what it missed, in portions.
func (c *conn) comeBack(to hub.Seen) {
	done := false
	for again := false; !done && c.closedAt.Load() == 0; again = true {
		var err error
		to, done, err = c.comeNearer(to, again)
		switch {
		case err == nil:
		case earshot.CodeOf(err) == earshot.CodeUnauthenticated || earshot.CodeOf(err) == earshot.CodeNotInRoom:
			return // the session ended, or the room was left or put out of meanwhile: that was told
		default:
			c.Removed(to.Room, earshot.Errorf(earshot.CodeForbidden, "You may no longer be in this room."))
			return
		}
		c.link.room(context.Background()) // ended by the sweeper at the latest, if the client takes nothing
		c.heard.Store(c.srv.clock())      // nothing is read meanwhile; that it takes what is written is as good a sign
	}
}

// comeNearer writes one portion.
func (c *conn) comeNearer(to hub.Seen, again bool) (next hub.Seen, done bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	return c.session.Return(ctx, to, again, func(r hub.Returned) {
		c.Write(frameOf(&wire.Returned{
			Type: wire.FrameReturned, Room: int64(to.Room), Info: wire.RoomOf(&r.Room), Seq: r.Seq, Lost: r.Lost,
			Occupants: wire.OccupantsOf(r.Occupants), Count: r.Count,
		}))
	})
}
