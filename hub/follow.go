package hub

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// notesAtOnce is how many notes Follow reads at a time.
const notesAtOnce = 500

// Follow acts on what was changed about rooms since the last call, by this process or another: of rooms that are live it takes up
// what the store has, and tells those concerned of what is new to them. It is for the one server of a database, to be called every
// second. What it could not act on it tries again the next time.
func (h *Hub) Follow(ctx context.Context) error {
	if h.notes == nil {
		return nil
	}
	for {
		notes, err := h.notes.RoomNotes(ctx, notesAtOnce)
		if err != nil || len(notes) == 0 {
			return err
		}
		users := make(map[earshot.RoomID][]earshot.UserID)
		for _, n := range notes {
			users[n.Room] = append(users[n.Room], n.User)
		}
		for id, of := range users {
			if err := h.reread(ctx, id, of); err != nil {
				return err
			}
		}
		if err := h.notes.ForgetRoomNotes(ctx, notes); err != nil {
			return err
		}
	}
}

// reread brings a live room to what the store has: the room where one of the users is zero, and the sanctions of the others.
func (h *Hub) reread(ctx context.Context, id earshot.RoomID, users []earshot.UserID) error {
	live := h.hold(id)
	if live == nil {
		return nil // whoever opens it reads the store
	}
	defer h.release(live)
	for {
		live.mu.Lock()
		rules := live.rules
		live.mu.Unlock()
		info, err := h.rooms.Room(ctx, id)
		if earshot.CodeOf(err) == earshot.CodeNotFound {
			return live.close(ctx)
		}
		if err != nil {
			return err
		}
		now := time.Now()
		kept, err := h.sanctions.Sanctions(ctx, id, "", now, "", 0)
		if err != nil {
			return err
		}
		news, current := live.takeUp(rules, &info, kept, users, now)
		if !current {
			continue // something was changed by this process meanwhile
		}
		for _, s := range news.sanctions {
			live.enforce(s, now)
		}
		if news.members {
			if err := live.putOut(ctx, &info, users...); err != nil {
				return err
			}
		}
		if news.room {
			return h.tellChange(ctx, info, news.narrower)
		}
		return nil
	}
}

// tidings is what a live room did not know. A sanction that was lifted has an end that is past.
type tidings struct {
	sanctions []earshot.Sanction
	// room tells that the room is another, narrower that other people may enter it, members that it is private, and somebody inside
	// may not be a member any more.
	room, narrower, members bool
}

// takeUp takes up what the store has, unless the rules have changed since it was read.
func (r *room) takeUp(
	rules uint64, info *earshot.Room, kept []earshot.Sanction, users []earshot.UserID, now time.Time,
) (news tidings, current bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rules != rules {
		return tidings{}, false
	}
	if r.info.ID == 0 { // it is being opened, and read from the store: again, now
		r.rules++
		return tidings{}, true
	}
	have := make(map[sanctioned]earshot.Sanction, len(kept))
	for _, s := range kept {
		have[sanctioned{s.Kind, s.User.ID}] = s
	}
	for _, user := range users {
		for _, kind := range []earshot.SanctionKind{earshot.SanctionBan, earshot.SanctionMute} {
			want := have[sanctioned{kind, user}]
			if want.User.ID == 0 { // there is none: what is noted has an end that is past
				want = earshot.Sanction{Kind: kind, Room: r.id, User: earshot.UserRef{ID: user}}
			}
			if known := r.sanctionOf(kind, user, now); !known.Until.Equal(want.Until) || known.Reason != want.Reason {
				r.sanction(want, now)
				news.sanctions = append(news.sanctions, want)
			}
		}
	}
	news.room, news.narrower = differ(&r.info, info)
	news.members = info.Access == earshot.AccessPrivate && slices.ContainsFunc(users, func(u earshot.UserID) bool { return u != 0 })
	if len(news.sanctions) > 0 || news.members {
		r.rules++ // a join that was checked before is checked again
	}
	return news, true
}

// differ tells whether a room is another than it was, and whether other people may enter it.
func differ(was, is *earshot.Room) (room, narrower bool) {
	narrower = was.Access != is.Access || was.Owner != is.Owner
	return narrower || was.Slow != is.Slow || was.Lock != is.Lock || was.Title != is.Title || was.Topic != is.Topic, narrower
}

// sanctionOf gives the sanction of the user that holds, the zero one if there is none. Under r.mu.
func (r *room) sanctionOf(kind earshot.SanctionKind, user earshot.UserID, now time.Time) earshot.Sanction {
	if o := r.order.Load(); o != nil {
		if s, holds := o.of(kind, user, now); holds {
			return s
		}
	}
	return earshot.Sanction{}
}

// enforce acts on a sanction that the room has taken up: who is banned is put out, who is muted, or not any more, is told.
func (r *room) enforce(s earshot.Sanction, now time.Time) {
	holds := now.Before(s.Until)
	switch {
	case s.Kind == earshot.SanctionMute:
		for _, inside := range r.inside() {
			if inside.info.ref.ID == s.User.ID {
				inside.conn.Muted(r.id, s)
			}
		}
	case holds:
		why := earshot.Banned("this room", s.Until, now, s.Reason)
		r.evict(func(inside *Session) bool { return inside.info.ref.ID == s.User.ID }, why)
	}
}
