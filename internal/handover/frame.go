package handover

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A state travels as a frame: the mark, the length in 8 bytes, most significant first, the bytes, and their CRC-32C in 4.
// The sum is against a predecessor that dies half-way and against faults of this package, not against forgery: nobody but
// the two processes and systemd holds the descriptors.
const (
	frameMark   = "earshot-state/1\n"
	frameHeader = len(frameMark) + 8
	frameExtra  = frameHeader + crc32.Size
)

// writeFrame writes the state. It makes no copy of it.
func writeFrame(w io.Writer, state []byte) error {
	header := binary.BigEndian.AppendUint64([]byte(frameMark), uint64(len(state)))
	for _, part := range [][]byte{header, state, binary.BigEndian.AppendUint32(nil, sum(state))} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// readFrame reads a state of maxBytes at most. Nothing is allocated before the length is known to be allowed. What was
// read of a state that is not whole is cleared.
func readFrame(r io.Reader, maxBytes int64) (state []byte, err error) {
	header := make([]byte, frameHeader)
	if n, err := io.ReadFull(r, header); errors.Is(err, io.EOF) {
		return nil, errors.New("nothing was given")
	} else if err != nil {
		return nil, fmt.Errorf("after %d bytes: %w", n, err)
	}
	if !bytes.HasPrefix(header, []byte(frameMark)) {
		return nil, errors.New("it is not a state, or one of another version")
	}
	length := binary.BigEndian.Uint64(header[len(frameMark):])
	if maxBytes < 0 || length > uint64(maxBytes) {
		return nil, fmt.Errorf("it has %d bytes; %d are the most", length, maxBytes)
	}
	defer func() {
		if err != nil {
			clear(state)
			state = nil
		}
	}()
	state = make([]byte, length)
	if n, err := io.ReadFull(r, state); err != nil {
		return state, fmt.Errorf("after %d of %d bytes: %w", n, length, err)
	}
	check := make([]byte, crc32.Size)
	if _, err := io.ReadFull(r, check); err != nil {
		return state, fmt.Errorf("the checksum: %w", err)
	}
	if binary.BigEndian.Uint32(check) != sum(state) {
		return state, errors.New("the checksum is another")
	}
	return state, nil
}

func sum(state []byte) uint32 { return crc32.Checksum(state, crc32.MakeTable(crc32.Castagnoli)) }
