package client

import (
	"encoding/json"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// Bounds of what a server may say, so that a broken one cannot make the client wait for ever or not at all.
const (
	shortestPing  = time.Second
	longestPing   = 10 * time.Minute
	longestReturn = 5 * time.Minute
	shortestRetry = 100 * time.Millisecond
	longestRetry  = 5 * time.Minute
	longestToken  = 4096
)

// head is what is read of a frame before it is known which one it is.
type head struct {
	Type wire.FrameType `json:"type"`
	Ref  int64          `json:"ref"`
	Room int64          `json:"room"`
	Seq  uint64         `json:"seq"`
}

// decode reads a frame into a type of package wire. What is in the frame does not get into the error.
func decode[T any](frame []byte) (T, error) {
	var v T
	if err := json.Unmarshal(frame, &v); err != nil {
		return v, brokenFrame("a frame is not what its type says")
	}
	return v, nil
}

func decodeHead(frame []byte) (head, error) {
	var h head
	if err := json.Unmarshal(frame, &h); err != nil || h.Type == "" {
		return h, brokenFrame("a frame is not a JSON object of the protocol")
	}
	return h, nil
}

// millis is a duration that the server said in milliseconds, within bounds.
func millis(ms int64, least, most time.Duration) time.Duration {
	ms = max(least.Milliseconds(), min(ms, most.Milliseconds()))
	return time.Duration(ms) * time.Millisecond
}

func userOf(u wire.User) earshot.UserRef {
	return earshot.UserRef{ID: earshot.UserID(u.ID), Name: u.Name}
}

func usersOf(users []wire.User) []earshot.UserRef {
	refs := make([]earshot.UserRef, len(users))
	for i, u := range users {
		refs[i] = userOf(u)
	}
	return refs
}

func occupantsOf(inside []wire.Occupant) []earshot.Occupant {
	occupants := make([]earshot.Occupant, len(inside))
	for i, o := range inside {
		occupants[i] = earshot.Occupant{
			UserRef: earshot.UserRef{ID: earshot.UserID(o.ID), Name: o.Name}, Status: earshot.Status(o.Status), Seen: o.Seen,
		}
	}
	return occupants
}

func roomOf(r wire.Room) earshot.Room {
	return earshot.Room{
		ID: earshot.RoomID(r.ID), Name: r.Name, Title: r.Title, Topic: r.Topic,
		Access: earshot.Access(r.Access), Owner: earshot.UserID(r.Owner), Slow: r.SlowSeconds, Lock: earshot.Lock(r.Locked),
	}
}

func errorOf(e wire.Error) *earshot.Error {
	out := &earshot.Error{Code: earshot.Code(e.Code), Message: e.Message, Field: e.Field}
	if out.Code == "" {
		out.Code = earshot.CodeInternal
	}
	if e.RetryMs > 0 {
		out.RetryAfter = millis(e.RetryMs, shortestRetry, longestRetry)
	}
	return out
}

func helloOf(h wire.Hello) Hello {
	return Hello{
		Server: h.Server, Epoch: h.Epoch, User: userOf(h.User), Limits: h.Limits,
		Ping:   millis(h.PingMs, shortestPing, longestPing),
		Resume: millis(h.ResumeMs, 0, 24*time.Hour),
	}
}

func enteredOf(p wire.Presence) Entered {
	return Entered{
		Room: earshot.RoomID(p.Room), Seq: p.Seq, At: time.UnixMilli(p.At), Users: usersOf(p.Users), More: p.More, Count: p.Count,
	}
}

// eventOf makes an event of a frame that has a number. Others give nil: what this client does not know is not for it.
func eventOf(typ wire.FrameType, frame []byte) (Event, error) {
	switch typ {
	case wire.FrameMessage:
		m, err := decode[wire.Message](frame)
		return Message{
			Room: earshot.RoomID(m.Room), Seq: m.Seq, At: time.UnixMilli(m.At), Author: userOf(m.User), Nonce: m.Nonce, Text: m.Text,
			Reply: m.Reply, Size: m.Size,
		}, err
	case wire.FrameEdited:
		e, err := decode[wire.Edited](frame)
		return Edited{
			Room: earshot.RoomID(e.Room), Seq: e.Seq, At: time.UnixMilli(e.At), Author: userOf(e.User), Of: e.Of, Text: e.Text,
		}, err
	case wire.FrameTakenBack:
		b, err := decode[wire.TakenBack](frame)
		return TakenBack{Room: earshot.RoomID(b.Room), Seq: b.Seq, At: time.UnixMilli(b.At), Author: userOf(b.User), Of: b.Of}, err
	case wire.FrameReaction:
		r, err := decode[wire.Reaction](frame)
		return Reaction{
			Room: earshot.RoomID(r.Room), Seq: r.Seq, At: time.UnixMilli(r.At), Author: userOf(r.User), Of: r.Of,
			Emoji: r.Emoji, On: r.On,
		}, err
	case wire.FrameEntered:
		p, err := decode[wire.Presence](frame)
		return enteredOf(p), err
	case wire.FrameDeparted:
		p, err := decode[wire.Presence](frame)
		return Departed(enteredOf(p)), err // the fields are the same
	case wire.FrameChanged:
		c, err := decode[wire.Changed](frame)
		return Changed{Room: earshot.RoomID(c.Room), Seq: c.Seq, At: time.UnixMilli(c.At), Info: roomOf(c.Info)}, err
	case wire.FrameClosed:
		c, err := decode[wire.Closed](frame)
		return Closed{Room: earshot.RoomID(c.Room), Seq: c.Seq, At: time.UnixMilli(c.At)}, err
	default:
		return nil, nil
	}
}

// passingOf makes an event of a frame about what passes and has no number.
func passingOf(typ wire.FrameType, frame []byte) (Event, error) {
	switch typ { //nolint:exhaustive // the machine gives it no others
	case wire.FrameSeen:
		s, err := decode[wire.Sighting](frame)
		seen := make(map[earshot.UserID]uint64, len(s.Seen))
		for _, by := range s.Seen {
			seen[earshot.UserID(by.ID)] = by.Seq
		}
		return Seen{Room: earshot.RoomID(s.Room), Seen: seen}, err
	case wire.FrameTyping:
		t, err := decode[wire.Typing](frame)
		return Typing{Room: earshot.RoomID(t.Room), Users: usersOf(t.Users), More: t.More}, err
	case wire.FrameMuted:
		m, err := decode[wire.Muted](frame)
		muted := Muted{Room: earshot.RoomID(m.Room), On: m.On, Reason: m.Reason}
		switch {
		case m.On && m.Until > 0:
			muted.Until = time.UnixMilli(m.Until)
		case m.On:
			muted.Until = earshot.Forever()
		}
		return muted, err
	}
	s, err := decode[wire.Status](frame)
	return Status{
		Room: earshot.RoomID(s.Room), Status: earshot.Status(s.Status), Users: usersOf(s.Users), More: s.More,
	}, err
}
