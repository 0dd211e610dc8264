package load

import "bytes"

// TextBytes is the length of every text that is posted.
const TextBytes = 100

// A text starts with its mark: "eb1:" room(8) ":" number(8) ":" nanoseconds(16) ":", all in hexadecimal. It is found in
// whatever a server wraps around the text, and none of its characters is escaped in JSON.
const (
	markStart = "eb1:"
	markBytes = 4 + 8 + 1 + 8 + 1 + 16 + 1
	filling   = " It is only the sound of people talking in a room, and nobody writes it down."
)

// mark says which message it is: the room, its number among the room's messages, counted from 0 by the generator, and when it
// was sent (in an open loop: was to be sent), in nanoseconds since the generator's start.
type mark struct {
	room, number uint32
	sent         int64
}

// appendText appends a text of TextBytes with the mark.
func appendText(dst []byte, m mark) []byte {
	dst = append(dst, markStart...)
	dst = append(appendHex(dst, uint64(m.room), 8), ':')
	dst = append(appendHex(dst, uint64(m.number), 8), ':')
	dst = append(appendHex(dst, uint64(m.sent), 16), ':')
	return append(dst, filling[:TextBytes-markBytes]...)
}

func appendHex(dst []byte, v uint64, digits int) []byte {
	for shift := (digits - 1) * 4; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[v>>shift&15])
	}
	return dst
}

// parseMark reads the mark that b starts with. It is false for what only looks like one.
func parseMark(b []byte) (mark, bool) {
	room, ok1 := parseHex(b[4:12])
	number, ok2 := parseHex(b[13:21])
	sent, ok3 := parseHex(b[22:38])
	return mark{room: uint32(room), number: uint32(number), sent: int64(sent)}, ok1 && ok2 && ok3 && b[38] == ':'
}

func parseHex(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

// scanMarks calls found for each mark in payload, and returns the end of payload that may be the beginning of a mark: a
// protocol that is a stream of bytes (NATS, MQTT) breaks its messages over frames as it likes.
func scanMarks(payload []byte, found func(mark) error) (rest []byte, err error) {
	for {
		i := bytes.Index(payload, []byte(markStart))
		if i < 0 {
			break
		}
		if len(payload)-i < markBytes {
			return payload[i:], nil
		}
		if m, ok := parseMark(payload[i:]); ok {
			if err := found(m); err != nil {
				return nil, err
			}
			payload = payload[i+markBytes:]
			continue
		}
		payload = payload[i+len(markStart):]
	}
	for k := min(len(markStart)-1, len(payload)); k > 0; k-- {
		if tail := payload[len(payload)-k:]; string(tail) == markStart[:k] {
			return tail, nil
		}
	}
	return nil, nil
}
