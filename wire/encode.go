package wire

import (
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
)

// AppendEvent appends the frame that tells an event of a room. It is written out by hand, field by field, because every
// event of every room goes through it: with a buffer that is long enough it allocates nothing. That it and the types
// above agree is held by a test.
func AppendEvent(dst []byte, ev *earshot.Event) []byte {
	switch ev.Kind {
	case earshot.KindMessage:
		dst = appendHead(dst, FrameMessage, ev)
		dst = appendUser(append(dst, `,"user":`...), ev.Author)
		dst = appendString(append(dst, `,"nonce":`...), ev.Nonce)
		dst = appendString(append(dst, `,"text":`...), ev.Text)
		if ev.Of != 0 {
			dst = strconv.AppendUint(append(dst, `,"reply":`...), ev.Of, 10)
		}
		if ev.Size != 0 {
			dst = strconv.AppendInt(append(dst, `,"size":`...), int64(ev.Size), 10)
		}
	case earshot.KindEdited:
		dst = appendAbout(dst, FrameEdited, ev)
		dst = appendString(append(dst, `,"text":`...), ev.Text)
	case earshot.KindTakenBack:
		dst = appendAbout(dst, FrameTakenBack, ev)
	case earshot.KindReaction:
		dst = appendAbout(dst, FrameReaction, ev)
		dst = appendString(append(dst, `,"emoji":`...), ev.Text)
		dst = strconv.AppendBool(append(dst, `,"on":`...), ev.On)
	case earshot.KindSeen:
		dst = appendSeen(dst, ev)
	case earshot.KindEntered:
		dst = appendPresence(dst, FrameEntered, ev)
	case earshot.KindDeparted:
		dst = appendPresence(dst, FrameDeparted, ev)
	case earshot.KindTyping:
		dst = append(dst, `{"type":"typing","room":`...)
		dst = strconv.AppendInt(dst, int64(ev.Room), 10)
		dst = appendUsers(dst, ev)
	case earshot.KindStatus:
		dst = append(dst, `{"type":"status","room":`...)
		dst = strconv.AppendInt(dst, int64(ev.Room), 10)
		dst = appendString(append(dst, `,"status":`...), string(ev.Status))
		dst = appendUsers(dst, ev)
	case earshot.KindProfile:
		return Append(dst, &Profile{
			Type: FrameProfile, Room: int64(ev.Room), User: UserOf(ev.Author),
			DisplayName: ev.Profile.DisplayName, Avatar: ev.Profile.Avatar,
		})
	case earshot.KindRoomChanged:
		return Append(dst, &Changed{
			Type: FrameChanged, Room: int64(ev.Room), Info: RoomOf(ev.Changed), Seq: ev.Seq, At: ev.At.UnixMilli(),
		})
	case earshot.KindRoomClosed:
		dst = appendHead(dst, FrameClosed, ev)
	}
	return append(dst, '}')
}

// AppendPosted appends the acknowledgement of a post, by hand as AppendEvent does.
func AppendPosted(dst []byte, p *Posted) []byte {
	dst = append(dst, `{"type":"posted","ref":`...)
	dst = strconv.AppendInt(dst, p.Ref, 10)
	dst = strconv.AppendInt(append(dst, `,"room":`...), p.Room, 10)
	dst = strconv.AppendUint(append(dst, `,"seq":`...), p.Seq, 10)
	dst = strconv.AppendInt(append(dst, `,"at":`...), p.At, 10)
	dst = appendString(append(dst, `,"nonce":`...), p.Nonce)
	dst = strconv.AppendInt(append(dst, `,"heard":`...), int64(p.Heard), 10)
	return append(dst, '}')
}

// Append appends any frame of this package as JSON.
func Append(dst []byte, frame any) []byte {
	data, err := json.Marshal(frame)
	if err != nil {
		// The types of this package hold numbers and strings that were checked on their way in: an error here is a fault of
		// the program, and a client is better off with no frame than with half a one.
		panic("wire: a frame does not encode: " + err.Error())
	}
	return append(dst, data...)
}

// RoomOf gives what one sees of a room.
func RoomOf(r *earshot.Room) Room {
	return Room{
		ID: int64(r.ID), Name: r.Name, Title: r.Title, Topic: r.Topic, Access: string(r.Access), Owner: int64(r.Owner),
		SlowSeconds: r.Slow, Locked: string(r.Lock),
	}
}

// UserOf gives what one sees of a user.
func UserOf(u earshot.UserRef) User { return User{ID: int64(u.ID), Name: u.Name} }

// UsersOf gives what one sees of each user; never nil, so that it encodes as a list.
func UsersOf(refs []earshot.UserRef) []User {
	users := make([]User, len(refs))
	for i, ref := range refs {
		users[i] = UserOf(ref)
	}
	return users
}

// OccupantsOf gives what one sees of those inside; never nil.
func OccupantsOf(inside []earshot.Occupant) []Occupant {
	occupants := make([]Occupant, len(inside))
	for i, o := range inside {
		occupants[i] = Occupant{ID: int64(o.ID), Name: o.Name}
		occupants[i].Seen = o.Seen
		if o.Status != earshot.StatusActive {
			occupants[i].Status = string(o.Status)
		}
	}
	return occupants
}

// ErrorOf gives the frame that refuses the command with this ref.
func ErrorOf(ref int64, err error) *Error {
	e := earshot.AsError(err)
	return &Error{
		Type: FrameError, Ref: ref, Code: string(e.Code), Message: e.Message, Field: e.Field,
		RetryMs: e.RetryAfter.Milliseconds(),
	}
}

func appendHead(dst []byte, typ FrameType, ev *earshot.Event) []byte {
	dst = append(append(append(dst, `{"type":"`...), typ...), `","room":`...)
	dst = strconv.AppendInt(dst, int64(ev.Room), 10)
	dst = strconv.AppendUint(append(dst, `,"seq":`...), ev.Seq, 10)
	return strconv.AppendInt(append(dst, `,"at":`...), ev.At.UnixMilli(), 10)
}

// appendAbout appends what all events about a message begin with.
func appendAbout(dst []byte, typ FrameType, ev *earshot.Event) []byte {
	dst = appendUser(append(appendHead(dst, typ, ev), `,"user":`...), ev.Author)
	return strconv.AppendUint(append(dst, `,"of":`...), ev.Of, 10)
}

func appendSeen(dst []byte, ev *earshot.Event) []byte {
	dst = append(dst, `{"type":"seen","room":`...)
	dst = append(strconv.AppendInt(dst, int64(ev.Room), 10), `,"seen":[`...)
	for i, u := range slices.Sorted(maps.Keys(ev.Seen)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"id":`...), int64(u), 10)
		dst = append(strconv.AppendUint(append(dst, `,"seq":`...), ev.Seen[u], 10), '}')
	}
	return append(dst, ']')
}

func appendPresence(dst []byte, typ FrameType, ev *earshot.Event) []byte {
	dst = appendUsers(appendHead(dst, typ, ev), ev)
	return strconv.AppendInt(append(dst, `,"count":`...), int64(ev.Count), 10)
}

// appendUsers appends the fields users and more.
func appendUsers(dst []byte, ev *earshot.Event) []byte {
	dst = append(dst, `,"users":[`...)
	named := min(len(ev.Users), earshot.MaxNamed)
	for i, u := range ev.Users[:named] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendUser(dst, u)
	}
	dst = append(dst, ']')
	if more := len(ev.Users) - named + ev.More; more > 0 {
		dst = strconv.AppendInt(append(dst, `,"more":`...), int64(more), 10)
	}
	return dst
}

func appendUser(dst []byte, u earshot.UserRef) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(u.ID), 10)
	return append(appendString(append(dst, `,"name":`...), u.Name), '}')
}

// appendString appends a JSON string. Invalid UTF-8, which no checked input holds, comes out as U+FFFD: AppendQuote
// reports it only after it has appended the whole.
func appendString[T string | []byte](dst []byte, s T) []byte {
	out, _ := jsontext.AppendQuote(dst, s)
	return out
}
