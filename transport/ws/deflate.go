package ws

import (
	"bytes"
	"io"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/klauspost/compress/flate"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// Compression (RFC 7692) is negotiated without context takeover in either direction: each message is compressed by
// itself. So a message is compressed once for everybody who takes it so, and a connection keeps no window of 32 KiB for
// each direction while it is at rest.

// deflateFrom is from how many bytes on an event is compressed. Below, its frame shrinks by a few dozen bytes at most, and
// every client would have to unpack it.
const deflateFrom = 512

// deflateTail is what a sync flush ends with, and what section 7.2.1 has the sender take off.
const deflateTail = "\x00\x00\xff\xff"

// offer is what the server agrees to.
func offer() wsflate.Extension {
	return wsflate.Extension{Parameters: wsflate.Parameters{
		ServerNoContextTakeover: true, ClientNoContextTakeover: true,
	}}
}

// deflated is the encoding of connections that negotiated compression.
type deflated struct{}

// AppendEvent implements hub.Encoding.
func (deflated) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	dst, at := openFrame(dst)
	dst = wire.AppendEvent(dst, ev)
	plain := dst[at+shortHeader:]
	if len(plain) < deflateFrom {
		return closeFrame(dst, at)
	}
	packed, err := pack(plain)
	if err != nil || len(packed) >= len(plain) {
		return closeFrame(dst, at)
	}
	n := copy(plain, packed)
	clear(plain[n:])
	clear(packed)
	dst = closeFrame(dst[:at+shortHeader+n], at)
	const rsv1 = 0x40 // "this message is compressed" (section 6)
	dst[at] |= rsv1
	return dst
}

// pack compresses without keeping anything: the compressor has no state that outlives the call.
func pack(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(plain))
	if err := flate.StatelessDeflate(&out, plain, false, nil); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte(deflateTail)), nil
}

// inflater unpacks messages, with readers that are used again: each has a window of 32 KiB, so there are as many as
// messages are unpacked at once, and none while nobody sends.
type inflater struct{ readers sync.Pool }

// usedReader is what flate.NewReader made, as its documentation says.
type usedReader interface {
	io.Reader
	flate.Resetter
}

// inflate unpacks a message of at most so many bytes. It stops at the bound whatever the message would become: ten
// kilobytes can unpack to ten megabytes.
func (i *inflater) inflate(packed []byte, bound int) ([]byte, error) {
	// The tail that the sender took off, and an empty last block, so that the reader finds an end.
	source := io.MultiReader(bytes.NewReader(packed), bytes.NewReader([]byte(deflateTail+"\x01\x00\x00\xff\xff")))
	var r io.Reader
	if used, ok := i.readers.Get().(usedReader); ok {
		if err := used.Reset(source, nil); err != nil {
			return nil, err
		}
		r = used
	} else {
		r = flate.NewReader(source)
	}
	defer i.readers.Put(r)
	var out bytes.Buffer
	out.Grow(min(bound, 4*len(packed)))
	_, err := io.Copy(&out, io.LimitReader(r, int64(bound)+1))
	switch {
	case err != nil:
		clear(out.Bytes())
		return nil, &violation{ws.StatusInvalidFramePayloadData, "the message does not unpack"}
	case out.Len() > bound:
		clear(out.Bytes())
		return nil, &violation{ws.StatusMessageTooBig, "the message is longer than this server allows"}
	}
	return out.Bytes(), nil
}
