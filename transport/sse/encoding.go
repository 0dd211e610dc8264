package sse

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// placeLine begins the line by which encoding says which event of which room a message is. It stands where the message's
// id will stand: that is another one for each session, and the encoding the same for all. stream.Write exchanges it.
const placeLine = "id: "

// encoding makes one message of a stream of each event: its frame, as the socket has it. JSON has no line break in it.
type encoding struct{}

// AppendEvent implements hub.Encoding.
func (encoding) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	if ev.Kind.Numbered() {
		dst = strconv.AppendInt(append(dst, placeLine...), int64(ev.Room), 10)
		dst = append(dst, ':')
		if ev.Kind != earshot.KindRoomClosed { // nobody comes back to that
			dst = strconv.AppendUint(dst, ev.Seq, 10)
		}
		dst = append(dst, '\n')
	}
	return append(wire.AppendEvent(append(dst, "data: "...), ev), "\n\n"...)
}

// appendMessage appends a message with any frame of package wire.
func appendMessage(dst []byte, frame any) []byte {
	return append(wire.Append(append(dst, "data: "...), frame), "\n\n"...)
}

// lines makes one line of text of each event that a person would want to read.
type lines struct{}

// AppendEvent implements hub.Encoding.
func (lines) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	switch ev.Kind {
	case earshot.KindMessage:
		dst = append(append(dst, ev.Author.Name...), ": "...)
		return append(appendPrintable(dst, ev.Text), '\n')
	case earshot.KindEdited:
		dst = append(append(dst, ev.Author.Name...), " (edited): "...)
		return append(appendPrintable(dst, ev.Text), '\n')
	case earshot.KindTakenBack:
		return append(append(append(dst, "* "...), ev.Author.Name...), " took a message back\n"...)
	case earshot.KindEntered:
		return appendPassage(dst, ev, " entered\n")
	case earshot.KindDeparted:
		return appendPassage(dst, ev, " departed\n")
	case earshot.KindRoomClosed:
		return append(dst, "* the room was deleted\n"...)
	case earshot.KindTyping, earshot.KindStatus, earshot.KindRoomChanged, earshot.KindReaction, earshot.KindSeen,
		earshot.KindProfile:
	}
	return dst
}

func appendPassage(dst []byte, ev *earshot.Event, what string) []byte {
	dst = append(dst, "* "...)
	named := min(len(ev.Users), earshot.MaxNamed)
	for i, user := range ev.Users[:named] {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, user.Name...)
	}
	if more := len(ev.Users) - named + ev.More; more > 0 {
		dst = strconv.AppendInt(append(dst, " and "...), int64(more), 10)
		dst = append(dst, " more"...)
	}
	return append(dst, what...)
}

// appendPrintable appends a text for a terminal: what would steer it is made visible, and the lines after the first are
// indented, so that no text can look like somebody else's.
func appendPrintable(dst, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case r == '\n':
			dst = append(dst, "\n  "...)
		case r == '\t':
			dst = append(dst, '\t')
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// appendNotice appends what a person should read of an answer.
func appendNotice(dst []byte, frame any) []byte {
	switch f := frame.(type) {
	case *wire.Joined:
		dst = append(append(dst, "* you are in "...), f.Info.Name...)
		dst = strconv.AppendInt(append(dst, ", with "...), int64(f.Count-1), 10)
		return append(dst, " others\n"...)
	case *wire.Error:
		return append(append(append(dst, "* "...), f.Message...), '\n')
	case *wire.Removed:
		return append(append(append(dst, "* "...), f.Message...), '\n')
	case *wire.End:
		return append(append(append(dst, "* "...), f.Reason...), '\n')
	}
	return dst
}
