package ws

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// encoding is how the hub's events become WebSocket frames: one unmasked text frame each, whole (RFC 6455, section 5).
// All connections share it, so the hub encodes and frames an event once for all of them.
type encoding struct{}

// AppendEvent implements hub.Encoding.
func (encoding) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	dst, at := openFrame(dst)
	return closeFrame(wire.AppendEvent(dst, ev), at)
}

// shortHeader is the header of a frame of 126 to 65,535 bytes (section 5.2): what nearly every frame of ours has.
const shortHeader = 4

// openFrame leaves space for a header and says where the frame begins.
func openFrame(dst []byte) ([]byte, int) {
	return append(dst, make([]byte, shortHeader)...), len(dst)
}

// closeFrame writes the header of the text frame whose payload stands after the space that openFrame left. The length is
// known only now; a payload that needs a shorter or longer header than the usual is moved.
func closeFrame(dst []byte, at int) []byte {
	const fin = 0x80
	first := fin | byte(ws.OpText)
	n := len(dst) - at - shortHeader
	switch {
	case n < 126:
		copy(dst[at+2:], dst[at+shortHeader:])
		clear(dst[len(dst)-2:])
		dst = dst[:len(dst)-2]
		dst[at], dst[at+1] = first, byte(n&0x7f)
	case n <= 0xffff:
		dst[at], dst[at+1] = first, 126
		binary.BigEndian.PutUint16(dst[at+2:], uint16(n))
	default:
		dst = append(dst, make([]byte, 6)...)
		copy(dst[at+10:], dst[at+shortHeader:len(dst)-6])
		dst[at], dst[at+1] = first, 127
		binary.BigEndian.PutUint64(dst[at+2:], uint64(n))
	}
	return dst
}

// frameOf makes the frame of an answer.
func frameOf(answer any) []byte {
	dst, at := openFrame(make([]byte, 0, 256))
	return closeFrame(wire.Append(dst, answer), at)
}

// Codes of our own (package wire).
const (
	codeSlow     ws.StatusCode = wire.CloseSlow
	codeSilent   ws.StatusCode = wire.CloseSilent
	codeReplaced ws.StatusCode = wire.CloseReplaced
	codeRevoked  ws.StatusCode = wire.CloseRevoked
	codeAbuse    ws.StatusCode = wire.CloseAbuse
)

func closeCode(why earshot.CloseReason) ws.StatusCode { return ws.StatusCode(wire.CloseCode(why)) }

// closing makes a close frame.
func closing(code ws.StatusCode, reason string) []byte {
	return ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(code, reason)))
}
