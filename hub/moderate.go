package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// DefaultKick is for how long one who was kicked stays out, where nothing else is said, and MaxKick the longest.
const (
	DefaultKick = time.Minute
	MaxKick     = time.Hour
)

// Kick puts the user out of the room, in all sessions and at once, and keeps the user out for a time of up to MaxKick; it
// tells until when. Somebody who is not inside is kept out all the same. It is kept in memory only. Errors: CodeNotFound,
// CodeForbidden, CodeConflict for oneself and the room's owner, CodeInvalid.
func (h *Hub) Kick(
	ctx context.Context, by earshot.User, id earshot.RoomID, user earshot.User, wait time.Duration, reason string,
) (time.Time, error) {
	if wait < time.Second || wait > MaxKick {
		return time.Time{}, earshot.FieldError("seconds", "A kick is for 1 second to %d minutes; a ban lasts longer.", MaxKick/time.Minute)
	}
	where, err := h.mayJudge(ctx, &by, id, &user, reason)
	if err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	until := now.Add(wait).UTC().Truncate(time.Millisecond)
	entry := earshot.Entry(ctx, earshot.VerbKick, user.Username, "until", stamp(until), "reason", reason).In(where.Name)
	if err := h.record(ctx, entry); err != nil {
		return time.Time{}, err
	}
	h.noteKick(id, user.ID, now, until)
	why := errKicked(until, now)
	why.Because = reason
	h.putOutOf(id, user.ID, why, nil)
	return until, nil
}

// Sanction bans the user from the room, or mutes the user in it, until a time: earshot.Forever for good. Of one who is
// banned the sessions leave the room at once; one who is muted is told. It takes the place of one of its kind, holds over
// restarts, and gives the sanction as kept. Errors: CodeNotFound, CodeForbidden, CodeConflict for oneself and the room's
// owner, CodeInvalid, CodeLimit.
func (h *Hub) Sanction(
	ctx context.Context, by earshot.User, id earshot.RoomID, kind earshot.SanctionKind, user earshot.User, until time.Time, reason string,
) (earshot.Sanction, error) {
	where, err := h.mayJudge(ctx, &by, id, &user, reason)
	if err != nil {
		return earshot.Sanction{}, err
	}
	now := time.Now()
	s := earshot.Sanction{
		Kind: kind, Room: id, User: user.Ref(), By: by.Ref(), At: now.UTC().Truncate(time.Millisecond), Until: until, Reason: reason,
	}
	if err := h.sanctions.PutSanction(ctx, s, sanctionEntry(ctx, &s, where.Name)); err != nil {
		return earshot.Sanction{}, err
	}
	if kind == earshot.SanctionMute {
		h.tellMute(id, s, now)
		return s, nil
	}
	why := earshot.Banned("this room", until, now, reason)
	h.putOutOf(id, user.ID, why, func(r *room) { r.sanction(s, now) })
	return s, nil
}

// sanctionEntry tells the log of a sanction in the room of that name.
func sanctionEntry(ctx context.Context, s *earshot.Sanction, room string) earshot.Action {
	verb := earshot.VerbMute
	if s.Kind == earshot.SanctionBan {
		verb = earshot.VerbBanFromRoom
	}
	return earshot.Entry(ctx, verb, s.User.Name, "until", stamp(s.Until), "reason", s.Reason).In(room)
}

// liftEntry tells the log that a sanction of the user was lifted.
func liftEntry(ctx context.Context, kind earshot.SanctionKind, user, room string) earshot.Action {
	verb := earshot.VerbUnmute
	if kind == earshot.SanctionBan {
		verb = earshot.VerbUnbanFromRoom
	}
	return earshot.Entry(ctx, verb, user).In(room)
}

// Lift ends a ban from the room or a mute in it. One that is not there is no error. Errors: CodeNotFound, CodeForbidden,
// CodeConflict for oneself.
func (h *Hub) Lift(ctx context.Context, by earshot.User, id earshot.RoomID, kind earshot.SanctionKind, user earshot.User) error {
	where, err := h.mayJudge(ctx, &by, id, &user, "")
	if err != nil {
		return err
	}
	if err := h.sanctions.LiftSanction(ctx, kind, id, user.ID, liftEntry(ctx, kind, user.Username, where.Name)); err != nil {
		return err
	}
	lifted := earshot.Sanction{Kind: kind, Room: id, User: user.Ref()}
	if kind == earshot.SanctionMute {
		h.tellMute(id, lifted, time.Now())
		return nil
	}
	h.inLive(id, func(r *room) { r.sanction(lifted, time.Now()) })
	return nil
}

// Sanctions gives those who are banned from the room, or muted in it, by name: the next limit after that name. Errors:
// CodeNotFound, CodeForbidden.
func (h *Hub) Sanctions(
	ctx context.Context, by earshot.User, id earshot.RoomID, kind earshot.SanctionKind, after string, limit int,
) ([]earshot.Sanction, error) {
	if _, err := h.allowed(ctx, by, id, h.moderates()); err != nil {
		return nil, err
	}
	return h.sanctions.Sanctions(ctx, id, kind, time.Now(), names.Key(after), limit)
}

// MaxSearch is the longest text that is looked for among sanctions, in bytes: longer than a reason however it is written.
const MaxSearch = earshot.MaxReason * 4

// FindSanctions gives a page of those who are banned from rooms, or muted in them, of all rooms, the latest first. Search is as
// somebody typed it. Errors: CodeForbidden for who does not keep order in all rooms.
func (h *Hub) FindSanctions(ctx context.Context, by earshot.User, query earshot.SanctionQuery) ([]earshot.FoundSanction, error) {
	if !by.May(earshot.PermModerateRoom) {
		return nil, earshot.Errorf(earshot.CodeForbidden, "Only those who keep order in all rooms see who is kept out of them.")
	}
	query.Search, query.At = names.Key(string(query.Search)), time.Now()
	return h.sanctions.FindSanctions(ctx, query)
}

// mayJudge gives the room if the user may keep order there and act against the other.
func (h *Hub) mayJudge(ctx context.Context, by *earshot.User, id earshot.RoomID, user *earshot.User, reason string) (earshot.Room, error) {
	room, err := h.allowed(ctx, *by, id, h.moderates())
	if err != nil {
		return earshot.Room{}, err
	}
	if err := earshot.ValidateReason(reason); err != nil {
		return earshot.Room{}, err
	}
	return room, mayJudgeIn(&room, by, user)
}

// inLive changes the room, if it is live, under its lock, and has joins that were checked before checked again.
func (h *Hub) inLive(id earshot.RoomID, change func(*room)) {
	live := h.hold(id)
	if live == nil {
		return // whoever opens it reads the store, which has the change
	}
	defer h.release(live)
	live.mu.Lock()
	defer live.mu.Unlock()
	change(live)
	live.rules++
}

// putOutOf puts the user's sessions out of the room and tells them why; change is what keeps them from coming back.
func (h *Hub) putOutOf(id earshot.RoomID, user earshot.UserID, why *earshot.Error, change func(*room)) {
	live := h.hold(id)
	if live == nil {
		return
	}
	defer h.release(live)
	live.mu.Lock()
	if change != nil {
		change(live)
	}
	live.rules++
	live.mu.Unlock()
	live.evict(func(s *Session) bool { return s.info.ref.ID == user }, why)
}

// tellMute notes a mute, or that it was lifted, and tells the user's sessions in the room.
func (h *Hub) tellMute(id earshot.RoomID, s earshot.Sanction, now time.Time) {
	live := h.hold(id)
	if live == nil {
		return
	}
	defer h.release(live)
	live.mu.Lock()
	live.sanction(s, now)
	live.rules++ // a room that is being opened reads the store again
	live.mu.Unlock()
	live.enforce(s, now)
}

// tellMuted tells the session that its user is muted in the room, if that is so.
func (s *Session) tellMuted(r *room) {
	if mute, is := r.muted(s.info.ref.ID, time.Now()); is {
		s.conn.Muted(r.id, mute)
	}
}

// record writes entries into the log of actions, if there is one.
func (h *Hub) record(ctx context.Context, entries ...earshot.Action) error {
	if h.actions == nil {
		return nil
	}
	return h.actions.WriteActions(ctx, entries...)
}

// stamp is a time in the log.
func stamp(t time.Time) string {
	if earshot.IsForever(t) {
		return "forever"
	}
	return t.UTC().Format(time.RFC3339)
}

// changesOf names what a change of a room is to, for the log; of what is no text, also to what.
func (c *RoomChange) changesOf() []string {
	var details []string
	for _, f := range []struct {
		name  string
		is    bool
		value func() string
	}{
		{"title", c.Title != nil, func() string { return "changed" }},
		{"topic", c.Topic != nil, func() string { return "changed" }},
		{"access", c.Access != nil, func() string { return string(*c.Access) }},
		{"slow_seconds", c.Slow != nil, func() string { return fmt.Sprint(*c.Slow) }},
		{"locked", c.Lock != nil, func() string { return fmt.Sprintf("%q", string(*c.Lock)) }},
		{"owner", c.Owner != nil, func() string { return orNobody(c.Owner.Username) }},
	} {
		if f.is {
			details = append(details, f.name, f.value())
		}
	}
	return details
}

// orNobody is a name in the log, which leaves out what is empty.
func orNobody(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}
