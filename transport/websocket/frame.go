package websocket

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// HeaderSpace is what OpenFrame leaves: the header of a frame of 126 to 65,535 bytes (RFC 6455, section 5.2): what nearly every frame of ours has.
const HeaderSpace = 4

// OpenFrame leaves space for the header of a frame that is not masked, and says where the frame begins.
func OpenFrame(dst []byte) ([]byte, int) {
	return append(dst, make([]byte, HeaderSpace)...), len(dst)
}

// CloseFrame writes the header of the text frame whose payload stands after the space that OpenFrame left. The length is
// known only now; a payload that needs a shorter or longer header than the usual is moved, and what is left of it at its
// old end is cleared.
func CloseFrame(dst []byte, at int) []byte {
	const fin = 0x80
	first := fin | byte(ws.OpText)
	n := len(dst) - at - HeaderSpace
	switch {
	case n < 126:
		copy(dst[at+2:], dst[at+HeaderSpace:])
		clear(dst[len(dst)-2:])
		dst = dst[:len(dst)-2]
		dst[at], dst[at+1] = first, byte(n&0x7f)
	case n <= 0xffff:
		dst[at], dst[at+1] = first, 126
		binary.BigEndian.PutUint16(dst[at+2:], uint16(n))
	default:
		dst = append(dst, make([]byte, 6)...)
		copy(dst[at+10:], dst[at+HeaderSpace:len(dst)-6])
		dst[at], dst[at+1] = first, 127
		binary.BigEndian.PutUint64(dst[at+2:], uint64(n))
	}
	return dst
}

// CutFrame takes the first of such frames off a run of them.
func CutFrame(run []byte) (payload, rest []byte) {
	n, head := int(run[1]), 2
	switch n {
	case 126:
		n, head = int(binary.BigEndian.Uint16(run[2:])), HeaderSpace
	case 127:
		n, head = int(binary.BigEndian.Uint64(run[2:])), 10 //nolint:gosec // made by CloseFrame
	}
	return run[head : head+n], run[head+n:]
}

// CloseMessage makes a close frame.
func CloseMessage(code ws.StatusCode, reason string) []byte {
	return ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(code, reason)))
}
