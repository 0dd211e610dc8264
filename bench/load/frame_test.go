package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// serverFrame is a frame as a server sends it, its length in the shortest form or in the asked one.
func serverFrame(op byte, payload []byte) []byte {
	dst := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}

func TestFramesAreTakenWhole(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte{'x'}, size)
		buf := serverFrame(OpText, payload)
		for _, cut := range []int{0, 1, 2, 3, 9, len(buf) - 1} {
			if cut >= len(buf) {
				continue
			}
			if _, n, err := nextFrame(buf[:cut]); n != 0 || err != nil {
				t.Fatalf("payload of %d, %d bytes of the frame: took %d, %v; want nothing", size, cut, n, err)
			}
		}
		f, n, err := nextFrame(append(buf, 0x81, 0))
		if err != nil || n != len(buf) || f.op != OpText || !bytes.Equal(f.payload, payload) {
			t.Fatalf("payload of %d: took %d of %d, opcode %x, payload of %d, %v", size, n, len(buf), f.op, len(f.payload), err)
		}
	}
}

func TestWrongFramesAreErrors(t *testing.T) {
	long := binary.BigEndian.AppendUint64([]byte{0x81, 127}, 1<<40)
	if _, _, err := nextFrame(long); !errors.Is(err, errFrameLength) {
		t.Errorf("a frame of 1 TiB: %v", err)
	}
	if _, _, err := nextFrame([]byte{0x81, 0x81, 1, 2, 3, 4, 5}); !errors.Is(err, errFrameMasked) {
		t.Errorf("a masked frame: %v", err)
	}
}

func TestClientFramesAreMasked(t *testing.T) {
	for _, size := range []int{0, 100, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("ab"), size/2+1)[:size]
		f := appendFrame(nil, OpBinary, [4]byte{1, 2, 3, 4}, payload)
		got, op := unmask(t, f)
		if op != OpBinary || !bytes.Equal(got, payload) {
			t.Fatalf("payload of %d does not come back", size)
		}
	}
}

// unmask reads a client's frame the slow way.
func unmask(t *testing.T, f []byte) (payload []byte, op byte) {
	t.Helper()
	if f[0]&0x80 == 0 || f[1]&0x80 == 0 {
		t.Fatalf("a client's frame is final and masked, not %x", f[:2])
	}
	head, size := 2, int(f[1]&0x7F)
	switch size {
	case 126:
		head, size = 4, int(binary.BigEndian.Uint16(f[2:]))
	case 127:
		head, size = 10, int(binary.BigEndian.Uint64(f[2:]))
	}
	for i, b := range f[head+4:] {
		payload = append(payload, b^f[head+i%4])
	}
	if len(payload) != size {
		t.Fatalf("says %d, has %d", size, len(payload))
	}
	return payload, f[0] & 0x0F
}
