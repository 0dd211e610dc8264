package multichat

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/websocket"
)

// What the protocol calls kinds of message. The example knows 1 to 3, too, for notices that nothing in it sends.
const (
	typeMessage = 0
	typeEnter   = 4
	typeLeave   = 5
)

// The protocol's errors, in capitals as it has them. What else can go wrong here is told by Earshot's own codes in
// capitals (errorCode).
const (
	errorRoomInvalid  = "ROOM_INVALID"
	errorAccessDenied = "ROOM_ACCESS_DENIED"
	errorMustLogIn    = "USER_HAS_TO_LOGIN"
)

// encoding is how events become frames for all who named the room in the same way when they joined it: "room ids are
// echoed as sent".
type encoding struct {
	// text writes the room's id as a string.
	text bool
	// notices tells of entrances and departures.
	notices bool
}

// AppendEvent implements hub.Encoding. Everybody who is named as having entered or departed has a frame of their own; of
// those who go unnamed in a large room there is nothing to say. Kinds of event that the protocol does not have are left
// out.
func (e encoding) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	switch ev.Kind {
	case earshot.KindMessage, earshot.KindEdited: // an edit is said again: there is no word for what it replaces
		return e.appendMessage(dst, typeMessage, ev.Room, ev.Author.Name, ev.Text)
	case earshot.KindEntered:
		return e.appendNotices(dst, typeEnter, ev)
	case earshot.KindDeparted:
		return e.appendNotices(dst, typeLeave, ev)
	case earshot.KindRoomClosed:
		return appendLeft(dst, ev.Room)
	case earshot.KindRoomChanged, earshot.KindTyping, earshot.KindStatus,
		earshot.KindTakenBack, earshot.KindReaction, earshot.KindSeen, earshot.KindProfile:
	}
	return dst
}

func (e encoding) appendNotices(dst []byte, kind int, ev *earshot.Event) []byte {
	if !e.notices {
		return dst
	}
	for _, u := range ev.Users[:min(len(ev.Users), earshot.MaxNamed)] {
		dst = e.appendMessage(dst, kind, ev.Room, u.Name, nil)
	}
	return dst
}

// appendMessage appends {"msg_type":…,"room":…,"username":…,"message":…}. Notices have no message.
func (e encoding) appendMessage(dst []byte, kind int, room earshot.RoomID, name string, text []byte) []byte {
	dst, at := websocket.OpenFrame(dst)
	dst = append(dst, msgTypeKey...)
	dst = strconv.AppendInt(dst, int64(kind), 10)
	dst = append(dst, `,"room":`...)
	dst = e.appendRoom(dst, room)
	dst = appendUsername(dst, name)
	if kind == typeMessage {
		dst = append(dst, `,"message":`...)
		dst = appendString(dst, text)
	}
	return websocket.CloseFrame(append(dst, '}'), at)
}

const msgTypeKey = `{"msg_type":`

func (e encoding) appendRoom(dst []byte, room earshot.RoomID) []byte {
	if !e.text {
		return strconv.AppendInt(dst, int64(room), 10)
	}
	dst = strconv.AppendInt(append(dst, '"'), int64(room), 10)
	return append(dst, '"')
}

func appendUsername(dst []byte, name string) []byte {
	return appendString(append(dst, `,"username":`...), name)
}

// appendJoined and appendLeft answer a join and a leave. The id is a string in both, whatever it was sent as: so the
// example has it.
func appendJoined(dst []byte, room *earshot.Room) []byte {
	dst, at := websocket.OpenFrame(dst)
	dst = encoding{text: true}.appendRoom(append(dst, `{"join":`...), room.ID)
	dst = appendString(append(dst, `,"title":`...), room.Title)
	return websocket.CloseFrame(append(dst, '}'), at)
}

func appendLeft(dst []byte, room earshot.RoomID) []byte {
	dst, at := websocket.OpenFrame(dst)
	dst = encoding{text: true}.appendRoom(append(dst, `{"leave":`...), room)
	return websocket.CloseFrame(append(dst, '}'), at)
}

func errorFrame(code string) []byte {
	dst, at := websocket.OpenFrame(nil)
	return websocket.CloseFrame(append(appendString(append(dst, `{"error":`...), code), '}'), at)
}

// appendString appends a JSON string. Invalid UTF-8, which no checked input holds, comes out as U+FFFD.
func appendString[T string | []byte](dst []byte, s T) []byte {
	out, _ := jsontext.AppendQuote(dst, s)
	return out
}

// noticeEnd is how every notice about the user ends.
func noticeEnd(name string) []byte { return append(appendUsername(nil, name), '}') }

// isNotice tells whether a payload tells of an entrance or a departure of the user with that noticeEnd. A message cannot
// pass for one: its type stands first.
func isNotice(payload, end []byte) bool {
	rest, ours := bytes.CutPrefix(payload, []byte(msgTypeKey))
	return ours && len(rest) > 0 && rest[0] != '0'+typeMessage && bytes.HasSuffix(rest, end)
}

// errorCode is the protocol's name for an error.
func errorCode(code earshot.Code) string {
	switch code {
	case earshot.CodeNotFound:
		return errorRoomInvalid
	case earshot.CodeNotInRoom, earshot.CodeForbidden:
		return errorAccessDenied
	case earshot.CodeUnauthenticated:
		return errorMustLogIn
	default:
		return string(bytes.ToUpper([]byte(code)))
	}
}
