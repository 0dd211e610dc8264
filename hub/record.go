package hub

import (
	"encoding/binary"
	"time"

	"github.com/earshot-chat/earshot"
)

// A record is an event as bytes, as the window keeps it and a server hands it to its successor:
//
//	length of what follows (4 bytes), number (8), time in milliseconds since 1970 (8), kind (1),
//	and then by fields, numbers as varints and texts with their length before them.
//
// Two bits of the kind's byte tell more about the record, so that most messages take no more space for what few have.
//
// Bytes can be cleared, which Go's strings cannot; they are counted exactly; and the garbage collector does not look at
// them.
const (
	recordLength = 4
	recordHead   = recordLength + 8 + 8 + 1

	// recordMore: a message with Of and Size, a change of a room with slow mode or a lock.
	recordMore = 0x40
	// recordWiped: the text was cleared in its place. Its length still stands there, so that the records behind it do.
	recordWiped = 0x80
	recordKinds = recordMore - 1
)

// appendRecord appends the event's record.
func appendRecord(dst []byte, ev *earshot.Event) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, ev.Seq)
	dst = binary.BigEndian.AppendUint64(dst, uint64(ev.At.UnixMilli()))
	dst = append(dst, byte(ev.Kind))
	switch ev.Kind {
	case earshot.KindMessage:
		dst = appendRef(dst, ev.Author)
		dst = appendText(appendText(dst, ev.Nonce), ev.Text)
		if ev.Of != 0 || ev.Size != 0 {
			dst[at+recordHead-1] |= recordMore
			dst = binary.AppendVarint(binary.AppendUvarint(dst, ev.Of), int64(ev.Size))
		}
	case earshot.KindEdited, earshot.KindTakenBack, earshot.KindReaction:
		dst = appendRef(binary.AppendUvarint(dst, ev.Of), ev.Author) // the number first: recordOf
		dst = append(appendText(dst, ev.Text), flag(ev.On))
	case earshot.KindEntered, earshot.KindDeparted:
		// No encoding names more than MaxNamed, so the others are only counted.
		named := ev.Users[:min(len(ev.Users), earshot.MaxNamed)]
		dst = binary.AppendVarint(dst, int64(ev.Count))
		dst = binary.AppendVarint(dst, int64(len(ev.Users)-len(named)+ev.More))
		dst = binary.AppendVarint(dst, int64(len(named)))
		for _, u := range named {
			dst = appendRef(dst, u)
		}
	case earshot.KindRoomChanged:
		r := ev.Changed
		dst = binary.AppendVarint(dst, int64(r.Owner))
		dst = appendText(appendText(appendText(appendText(dst, r.Name), r.Title), r.Topic), string(r.Access))
		if r.Slow != 0 || r.Lock != earshot.LockNone {
			dst[at+recordHead-1] |= recordMore
			dst = appendText(binary.AppendVarint(dst, int64(r.Slow)), string(r.Lock))
		}
	case earshot.KindRoomClosed, earshot.KindTyping, earshot.KindStatus, earshot.KindSeen, earshot.KindProfile:
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-recordLength)) //nolint:gosec // bounded by what an event holds
	return dst
}

// recordSpace is no less than the length of the event's record.
func recordSpace(ev *earshot.Event) int {
	const field = binary.MaxVarintLen64
	n := recordHead + 4*field + 2*field + len(ev.Author.Name) + len(ev.Nonce) + len(ev.Text)
	for _, u := range ev.Users[:min(len(ev.Users), earshot.MaxNamed)] {
		n += 2*field + len(u.Name)
	}
	if r := ev.Changed; r != nil {
		n += len(r.Name) + len(r.Title) + len(r.Topic) + len(r.Access) + field + len(r.Lock)
	}
	return n
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendRef(dst []byte, u earshot.UserRef) []byte {
	return appendText(binary.AppendVarint(dst, int64(u.ID)), u.Name)
}

// recordSize gives the length of the record at the beginning of b, 0 if b does not hold a whole one.
func recordSize(b []byte) int {
	if len(b) < recordHead {
		return 0
	}
	n := int(binary.BigEndian.Uint32(b)) + recordLength
	if n < recordHead || n > len(b) {
		return 0
	}
	return n
}

// recordSeq and recordTime read the head of a record without the rest.
func recordSeq(b []byte) uint64 { return binary.BigEndian.Uint64(b[recordLength:]) }

func recordTime(b []byte) int64 {
	return int64(binary.BigEndian.Uint64(b[recordLength+8:])) //nolint:gosec // as it was written
}

// recordKind tells what kind of event a record is of.
func recordKind(b []byte) earshot.Kind { return earshot.Kind(b[recordHead-1] & recordKinds) }

// recordOf gives the number of the message that an edit, a taking back or a reaction is about.
func recordOf(b []byte) uint64 {
	of, _ := binary.Uvarint(b[recordHead:])
	return of
}

// wipeRecord clears the text of a record in its place.
func wipeRecord(b []byte) {
	if ev, ok := readRecord(b, 0); ok {
		clear(ev.Text)
		b[recordHead-1] |= recordWiped
	}
}

// readRecord gives the event of a whole record (recordSize). Its text is the record's own bytes, so it must be used only
// as long as those stand: a copy would stay in memory after the window has cleared them. False for bytes that are no
// record.
func readRecord(b []byte, room earshot.RoomID) (earshot.Event, bool) {
	ev := earshot.Event{
		Kind: recordKind(b), Room: room, Seq: recordSeq(b), At: time.UnixMilli(recordTime(b)),
	}
	bits := b[recordHead-1]
	r := recordReader{rest: b[recordHead:]}
	switch ev.Kind {
	case earshot.KindMessage:
		ev.Author = r.ref()
		ev.Nonce, ev.Text = r.text(), r.bytes()
		if bits&recordMore != 0 {
			ev.Of, ev.Size = r.unsigned(), int8(r.number()) //nolint:gosec // as it was written
		}
	case earshot.KindEdited, earshot.KindTakenBack, earshot.KindReaction:
		ev.Of, ev.Author = r.unsigned(), r.ref()
		ev.Text, ev.On = r.bytes(), r.fixed(1)[0] != 0
	case earshot.KindEntered, earshot.KindDeparted:
		ev.Count, ev.More = int(r.number()), int(r.number())
		for n := r.number(); n > 0 && !r.failed; n-- {
			ev.Users = append(ev.Users, r.ref())
		}
	case earshot.KindRoomChanged:
		changed := &earshot.Room{ID: room, Owner: earshot.UserID(r.number())}
		changed.Name, changed.Title, changed.Topic, changed.Access = r.text(), r.text(), r.text(), earshot.Access(r.text())
		if bits&recordMore != 0 {
			changed.Slow, changed.Lock = int(r.number()), earshot.Lock(r.text())
		}
		ev.Changed = changed
	case earshot.KindRoomClosed:
	case earshot.KindTyping, earshot.KindStatus, earshot.KindSeen, earshot.KindProfile:
		return ev, false
	default:
		return ev, false
	}
	if bits&recordWiped != 0 {
		ev.Text = nil
	}
	return ev, !r.failed && len(r.rest) == 0
}

// recordReader takes fields off; after the first that is not there it gives zeros.
type recordReader struct {
	rest   []byte
	failed bool
}

func (r *recordReader) fail() { r.rest, r.failed = nil, true }

func (r *recordReader) number() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// unsigned reads an unsigned number.
func (r *recordReader) unsigned() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// fixed reads n bytes; zeros if there are not so many.
func (r *recordReader) fixed(n int) []byte {
	if len(r.rest) < n {
		r.fail()
		return make([]byte, n)
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// bytes gives the record's own.
func (r *recordReader) bytes() []byte {
	size, n := binary.Uvarint(r.rest)
	rest := r.rest[max(n, 0):]
	if n <= 0 || uint64(len(rest)) < size {
		r.fail()
		return nil
	}
	r.rest = rest[size:]
	return rest[:size]
}

func (r *recordReader) text() string { return string(r.bytes()) }

func (r *recordReader) ref() earshot.UserRef {
	return earshot.UserRef{ID: earshot.UserID(r.number()), Name: r.text()}
}
