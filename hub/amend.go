package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot"
)

// What can still be done about a message is done by those who were there, and only while the server remembers it: the
// window is the one place in which it knows whose message it was.

// Edit gives one's own message another text. The draft's Reply and Size are not looked at: they stay as they were. Those
// who are in the room now hear the new text, whether or not they heard the old one. Errors: those of Post, and
// CodeInvalid for a number that is no message that was said while the session was there, CodeForbidden for another's
// message, CodeMuted, CodeLocked, CodeTooLate for one that is not in the room's window any more or was taken back. An edit of this message whose
// nonce the user gave lately is not made again: it gets the first one's answer.
func (s *Session) Edit(ctx context.Context, id earshot.RoomID, message uint64, draft earshot.Draft) (Posted, error) {
	m := s.membership(id)
	if m == nil {
		return Posted{}, errNotInRoom()
	}
	draft.Reply, draft.Size = 0, 0
	if err := draft.Validate(s.hub.cfg.MaxText); err != nil {
		return Posted{}, err
	}
	edit := &earshot.Event{Kind: earshot.KindEdited, Of: message, Text: draft.Text}
	if draft.Nonce == "" {
		return s.amend(ctx, m, edit)
	}
	// With a space in it, it is no nonce of a post.
	key := s.hub.nonces.key(s.info.ref.ID, id, fmt.Sprint(message, " ", draft.Nonce))
	if posted, err := s.hub.nonces.claim(key); err != nil || posted.Seq != 0 {
		return posted, err
	}
	posted, err := s.amend(ctx, m, edit)
	s.hub.nonces.settle(key, posted)
	return posted, err
}

// TakeBack takes one's own message back: it is told to those in the room, and its text is cleared from what the room
// keeps. One that was taken back already is no error and is told to nobody. Errors: CodeNotInRoom, CodeRateLimited,
// CodeBusy, CodeStopping, and CodeInvalid, CodeForbidden, CodeTooLate as in Edit.
func (s *Session) TakeBack(ctx context.Context, id earshot.RoomID, message uint64) error {
	m := s.membership(id)
	if m == nil {
		return errNotInRoom()
	}
	_, err := s.amend(ctx, m, &earshot.Event{Kind: earshot.KindTakenBack, Of: message})
	return err
}

// React puts an emoji to a message, or takes it away: to one that was said since the session entered, and the user's own
// as well as another's. The hub keeps nothing of it: whether the user has that emoji there already is for those who heard
// it to know. Errors: CodeNotInRoom, CodeInvalid, CodeRateLimited, CodeBusy, CodeStopping.
func (s *Session) React(ctx context.Context, id earshot.RoomID, message uint64, emoji []byte, on bool) error {
	m := s.membership(id)
	if m == nil {
		return errNotInRoom()
	}
	if err := earshot.ValidateEmoji(emoji); err != nil {
		return err
	}
	if err := m.room.reached(m, "seq", message); err != nil {
		return err
	}
	_, err := s.say(ctx, m, &earshot.Event{Kind: earshot.KindReaction, Of: message, Text: emoji, On: on})
	return err
}

// amend tells a change of a message, if the session's user may still change it.
func (s *Session) amend(ctx context.Context, m *membership, change *earshot.Event) (Posted, error) {
	m.room.amending.Lock()
	defer m.room.amending.Unlock()
	if done, err := m.room.amendable(m, change); done || err != nil {
		return Posted{}, err
	}
	return s.say(ctx, m, change)
}

// amendable tells whether the place's user may make the change, and whether there is nothing left to do.
func (r *room) amendable(m *membership, change *earshot.Event) (done bool, err error) {
	if err := r.reached(m, "seq", change.Of); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	said, kept, takenBack := r.window.find(change.Of, r.id)
	switch {
	case !kept || time.Since(said.At) > r.hub.cfg.ResumeWindow: // what is too old is let go a second later at most
		return false, errTooLate("The server has forgotten this message; it can no longer be changed.")
	case said.Kind != earshot.KindMessage:
		return false, earshot.FieldError("seq", "That is not a message.")
	case said.Author.ID != m.session.info.ref.ID:
		return false, earshot.Errorf(earshot.CodeForbidden, "That is another's message.")
	case takenBack && change.Kind != earshot.KindTakenBack:
		return false, errTooLate("This message was taken back.")
	}
	return takenBack, nil
}

// reached refuses the number of an event that the place's session was not there for. Who was not does not learn whether
// there was one.
func (r *room) reached(m *membership, field string, seq uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq <= m.since || seq > r.seq {
		return earshot.FieldError(field, "Nothing with that number was said while you were here.")
	}
	return nil
}

func errTooLate(message string) error {
	return &earshot.Error{Code: earshot.CodeTooLate, Field: "seq", Message: message}
}
