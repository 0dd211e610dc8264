package load

import (
	"encoding/binary"
	"errors"
)

// The opcodes of RFC 6455, section 5.2, that a load generator meets.
const (
	OpText   byte = 0x1
	OpBinary byte = 0x2
	opClose  byte = 0x8
	opPing   byte = 0x9
	opPong   byte = 0xA
)

// maxFrame is the longest frame taken from a server, in bytes: as much as the shared read buffer holds.
const maxFrame = 1 << 20

var (
	errFrameLength = errors.New("a frame of the server is longer than 1 MiB")
	errFrameMasked = errors.New("a frame of the server is masked (RFC 6455, section 5.1)")
)

// frame is one frame of a server. Its payload points into the buffer that was scanned.
type frame struct {
	op      byte
	payload []byte
}

// nextFrame takes the first frame from buf and says how many bytes it took; 0 means that the frame has not wholly come.
// Continuations (opcode 0) are frames like others: the marks are looked for across their borders.
func nextFrame(buf []byte) (f frame, n int, err error) {
	if len(buf) < 2 {
		return frame{}, 0, nil
	}
	if buf[1]&0x80 != 0 {
		return frame{}, 0, errFrameMasked
	}
	head, size := 2, int(buf[1])
	switch size {
	case 126:
		if len(buf) < 4 {
			return frame{}, 0, nil
		}
		head, size = 4, int(binary.BigEndian.Uint16(buf[2:]))
	case 127:
		if len(buf) < 10 {
			return frame{}, 0, nil
		}
		long := binary.BigEndian.Uint64(buf[2:])
		if long > maxFrame-10 {
			return frame{}, 0, errFrameLength
		}
		head, size = 10, int(long)
	}
	if len(buf) < head+size {
		return frame{}, 0, nil
	}
	return frame{op: buf[0] & 0x0F, payload: buf[head : head+size]}, head + size, nil
}

// appendFrame appends one final frame with the mask that RFC 6455, section 5.3, asks of a client.
func appendFrame(dst []byte, op byte, mask [4]byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|127), uint64(n))
	}
	dst = append(dst, mask[:]...)
	for i, b := range payload {
		dst = append(dst, b^mask[i&3])
	}
	return dst
}
