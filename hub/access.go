package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot"
)

// isStaff tells whether the user belongs to the staff, who enter staff-only rooms and make them.
func isStaff(u *earshot.User) bool { return u.IsStaff || u.IsSuperuser }

// mayEnter is the rule of who hears: nil if the user may enter the room, CodeNotFound otherwise. It is the same answer
// as for a room that does not exist, so that nobody learns of a room by trying ids.
func (h *Hub) mayEnter(ctx context.Context, u *earshot.User, r *earshot.Room) error {
	allowed := false
	switch r.Access {
	case earshot.AccessPublic:
		allowed = true
	case earshot.AccessStaff:
		allowed = isStaff(u)
	case earshot.AccessPrivate:
		if r.Owner == u.ID {
			allowed = true
			break
		}
		member, err := h.members.IsMember(ctx, r.ID, u.ID)
		if err != nil {
			return err
		}
		allowed = member
	}
	if !u.IsActive || !allowed {
		return errNoRoom()
	}
	return nil
}

// mayKnow is the rule of who is told that a room exists: those who may enter it, and those who look after all rooms.
func (h *Hub) mayKnow(ctx context.Context, u *earshot.User, r *earshot.Room) error {
	if knowsAll(u) {
		return nil
	}
	return h.mayEnter(ctx, u, r)
}

// mayBeIn is the rule of who is kept out of a room that others like them may enter: nil, or CodeBanned, CodeKicked or, for
// one who is coming in and was not there before, CodeLocked.
func (r *room) mayBeIn(who *person, info *earshot.Room, coming bool) error {
	now := time.Now()
	if until, out := r.hub.kickedUntil(r.id, who.ref.ID, now); out {
		return errKicked(until, now)
	}
	o := r.order.Load()
	if o == nil {
		return nil
	}
	if ban, out := o.of(earshot.SanctionBan, who.ref.ID, now); out {
		return earshot.Banned("this room", ban.Until, now, ban.Reason)
	}
	if coming && o.locked() == earshot.LockEntry && !who.moderates(info) {
		return earshot.Errorf(earshot.CodeLocked, "The room is locked: nobody may enter for the time being.")
	}
	return nil
}

// maySpeak is the rule of who may say something in a room that they are in, edit, react or be seen typing: nil, or
// CodeMuted or CodeLocked.
func (r *room) maySpeak(who *person, now time.Time) error {
	o := r.order.Load()
	if o == nil {
		return nil
	}
	if mute, is := o.of(earshot.SanctionMute, who.ref.ID, now); is {
		return earshot.Muted(mute.Until, now)
	}
	if o.locked() == earshot.LockPosts && !r.keptBy(who) {
		return earshot.Errorf(earshot.CodeLocked, "The room is locked: nobody may say anything for the time being.")
	}
	return nil
}

// takeTurn is the rule of slow mode: it takes the user's turn to say something, or is CodeRateLimited. What it gives takes
// the turn back.
func (r *room) takeTurn(who *person, now time.Time) (giveBack func(), err error) {
	o := r.order.Load()
	if o == nil || r.keptBy(who) {
		return func() {}, nil
	}
	if wait := o.take(who.ref.ID, now); wait > 0 {
		return nil, &earshot.Error{
			Code: earshot.CodeRateLimited, Field: "slow_seconds", RetryAfter: wait,
			Message: "Slow mode: wait until you can say the next.",
		}
	}
	return func() { o.giveBack(who.ref.ID, now) }, nil
}

// moderates tells whether the person keeps order in the room: its owner, and those with PermModerateRoom.
func (p *person) moderates(r *earshot.Room) bool {
	return p.moderator || (r.Owner == p.ref.ID && r.Owner != 0)
}

// keptBy is moderates for a live room.
func (r *room) keptBy(who *person) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return who.moderates(&r.info)
}

// moderates is the rule of who keeps order in a room.
func (h *Hub) moderates() rule { return h.owns(earshot.PermModerateRoom) }

// mayJudgeIn is the rule of against whom one who keeps order in the room may act.
func mayJudgeIn(room *earshot.Room, by, user *earshot.User) error {
	if err := by.MayActAgainst(user); err != nil {
		return err
	}
	if room.Owner == user.ID {
		return errOwner()
	}
	return nil
}

func errOwner() error {
	return earshot.Errorf(earshot.CodeConflict, "The owner keeps order in this room, and nobody can do this to them here.")
}

func errKicked(until, now time.Time) *earshot.Error {
	return &earshot.Error{
		Code: earshot.CodeKicked, RetryAfter: until.Sub(now),
		Message: "You were put out of this room. You can come back " + comeBack(until, now) + ".",
	}
}

// comeBack says in words when one who was kicked can be back.
func comeBack(until, now time.Time) string {
	return fmt.Sprintf("in %d seconds", (until.Sub(now)+time.Second-1)/time.Second)
}

// knowsAll tells whether the user may know of every room.
func knowsAll(u *earshot.User) bool {
	return u.All()&earshot.PermissionsOf(earshot.PermViewRoom, earshot.PermChangeRoom, earshot.PermDeleteRoom, earshot.PermModerateRoom) != 0
}

// rule is a rule of what a user may do with a room.
type rule func(context.Context, *earshot.User, *earshot.Room) error

// owns is the rule of who does to a room what only its owner may, and those who have one of the permissions.
func (h *Hub) owns(permissions ...earshot.Permission) rule {
	return func(ctx context.Context, u *earshot.User, r *earshot.Room) error {
		if err := h.mayKnow(ctx, u, r); err != nil {
			return err
		}
		if r.Owner == u.ID && u.ID != 0 {
			return nil
		}
		for _, p := range permissions {
			if u.May(p) {
				return nil
			}
		}
		return earshot.Errorf(earshot.CodeForbidden, "Only the room's owner and those who look after rooms may do this.")
	}
}

// maxOwned is how many rooms the user may own to make another, 0 for any number.
func (h *Hub) maxOwned(u *earshot.User) int {
	if u.May(earshot.PermAddRoom) {
		return 0
	}
	return h.cfg.RoomsPerUser
}

// MayCreateRooms tells whether the user may create rooms.
func (h *Hub) MayCreateRooms(u earshot.User) bool {
	return h.cfg.CreateRooms == CreateEveryone || u.May(earshot.PermAddRoom)
}
