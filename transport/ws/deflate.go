package ws

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/klauspost/compress/flate"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/pack"
	"github.com/earshot-chat/earshot/transport/websocket"
	"github.com/earshot-chat/earshot/wire"
)

// Compression (RFC 7692) is negotiated without context takeover in either direction: each message is compressed by
// itself. So a message is compressed once for everybody who takes it so, and a connection keeps no window of 32 KiB for
// each direction while it is at rest.

// deflateFrom is from how many bytes on an event is compressed. Below, its frame shrinks by a few dozen bytes at most, and
// every client would have to unpack it.
const deflateFrom = 512

// offer is what the server agrees to.
func offer() wsflate.Extension {
	return wsflate.Extension{Parameters: wsflate.Parameters{
		ServerNoContextTakeover: true, ClientNoContextTakeover: true,
	}}
}

// deflated is the encoding of connections that negotiated compression.
type deflated struct{ packer *pack.Packer }

// AppendEvent implements hub.Encoding.
func (d deflated) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	dst, at := websocket.OpenFrame(dst)
	dst = wire.AppendEvent(dst, ev)
	plain := dst[at+websocket.HeaderSpace:]
	if len(plain) < deflateFrom {
		return websocket.CloseFrame(dst, at)
	}
	packed, err := d.packer.Pack(plain)
	packed = bytes.TrimSuffix(packed, []byte(pack.Tail)) // section 7.2.1
	if err != nil || len(packed) >= len(plain) {
		return websocket.CloseFrame(dst, at)
	}
	n := copy(plain, packed)
	clear(plain[n:])
	clear(packed)
	dst = websocket.CloseFrame(dst[:at+websocket.HeaderSpace+n], at)
	const rsv1 = 0x40 // "this message is compressed" (section 6)
	dst[at] |= rsv1
	return dst
}

// inflater unpacks messages, with readers that are used again: each has a window of 32 KiB, so there are as many as
// messages are unpacked at once, and none while nobody sends.
type inflater struct {
	readers sync.Pool
	// blank is a block that is not compressed, of as many zeros as a reader's window holds (RFC 1951, section 3.2.4).
	blank []byte
}

// window is how much of what it unpacked a reader keeps (RFC 1951, section 2).
const window = 32 << 10

func newInflater() *inflater {
	header := []byte{1, window & 0xff, window >> 8, ^byte(window & 0xff), ^byte(window >> 8)}
	return &inflater{blank: append(header, make([]byte, window)...)}
}

// usedReader is what flate.NewReader made, as its documentation says.
type usedReader interface {
	io.Reader
	flate.Resetter
}

// inflate unpacks a message of at most so many bytes. It stops at the bound whatever the message would become: ten
// kilobytes can unpack to ten megabytes. What it gives is the caller's to clear; nothing else is left of it.
func (i *inflater) inflate(packed []byte, bound int) ([]byte, error) {
	// With the tail that the sender took off, and an empty last block, so that the reader finds an end. In one piece, and
	// from a reader of bytes, so that flate does not read ahead into a buffer of its own.
	const end = pack.Tail + "\x01\x00\x00\xff\xff"
	whole := append(append(make([]byte, 0, len(packed)+len(end)), packed...), end...)
	defer clear(whole)
	source := bytes.NewReader(whole)
	r, used := i.readers.Get().(usedReader)
	if used {
		if err := r.Reset(source, nil); err != nil {
			return nil, err
		}
	} else {
		r = flate.NewReader(source).(usedReader) //nolint:forcetypeassert // as its documentation says
	}
	out, err := readUpTo(r, 4*len(packed), bound)
	if i.wipe(r) {
		i.readers.Put(r)
	}
	switch {
	case err != nil:
		clear(out)
		return nil, &violation{ws.StatusInvalidFramePayloadData, "the message does not unpack"}
	case len(out) > bound:
		clear(out)
		return nil, &violation{ws.StatusMessageTooBig, "the message is longer than this server allows"}
	}
	return out, nil
}

// wipe writes over what the reader keeps of the last message, and tells whether it could.
func (i *inflater) wipe(r usedReader) bool {
	if r.Reset(bytes.NewReader(i.blank), nil) != nil {
		return false
	}
	n, err := io.Copy(io.Discard, r)
	return n == window && err == nil
}

// readUpTo reads to the end, or one byte more than the bound. Buffers that become too small are cleared.
func readUpTo(r io.Reader, guess, bound int) ([]byte, error) {
	out := make([]byte, 0, min(bound+1, max(guess, deflateFrom)))
	for {
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil || len(out) > bound:
			return out, err
		case len(out) == cap(out):
			grown := make([]byte, len(out), min(bound+1, 2*cap(out)))
			copy(grown, out)
			clear(out)
			out = grown
		}
	}
}
