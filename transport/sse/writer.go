package sse

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/pack"
	"github.com/earshot-chat/earshot/wire"
)

const (
	// stallTime is how long a stream may take over a piece of what waits for it.
	stallTime = 30 * time.Second
	// lingerTime is how long it may take over the rest when it ends.
	lingerTime = 3 * time.Second
	// pieceBytes is how much is given to net/http at once: what its buffers hold, so that nothing larger is copied anywhere.
	pieceBytes = 4 << 10
	// packFrom is from how many bytes on a run is compressed. Less hardly becomes shorter.
	packFrom = 512
)

// writer writes a stream, in the goroutine that net/http made for the request.
type writer struct {
	stream *stream
	to     http.ResponseWriter
	// packed has it written as a gzip file, at whose end stand sum and size of what is in it (RFC 1952, section 2.3.1).
	packed    bool
	sum, size uint32
	// said tells that net/http's buffers may hold something said.
	said bool

	// mu guards the deadline, which is another's business once the handler is over.
	mu       sync.Mutex
	control  *http.ResponseController
	hurries  bool
	finished bool
}

func newWriter(st *stream, to http.ResponseWriter, packed bool) *writer {
	return &writer{stream: st, to: to, packed: packed, control: http.NewResponseController(to)}
}

// serve writes what gathers until the stream is over or the client has gone.
func (w *writer) serve(ctx context.Context) {
	defer w.leave()
	// The times for a request are not for this one.
	_ = w.control.SetReadDeadline(time.Time{})
	tick := time.NewTicker(w.stream.srv.greeting.Ping)
	defer tick.Stop()
	var head []byte
	if w.packed {
		head = []byte(gzipHeader)
	}
	if w.send(head) != nil { // so that the client has the answer's header, too, before anything is said
		return
	}
	for {
		run, said, last := w.stream.next()
		w.said = w.said || said
		if len(run) > 0 {
			err := w.write(run)
			clear(run)
			w.stream.wrote()
			if err != nil {
				return
			}
		}
		if last {
			w.end()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-w.stream.wake:
		case <-tick.C:
			if w.ping() != nil {
				return
			}
		}
	}
}

// write sends a run. What is packed is packed in one go and flushed, so that a client can read it as it comes.
func (w *writer) write(run []byte) error {
	if !w.packed {
		return w.send(run)
	}
	for len(run) > 0 {
		piece := run[:min(len(run), pack.MostAtOnce)]
		run = run[len(piece):]
		block := w.block(piece)
		err := w.send(block)
		clear(block)
		if err != nil {
			return err
		}
	}
	return nil
}

// block makes a piece a part of a gzip file, compressed if that gains something.
func (w *writer) block(piece []byte) []byte {
	if len(piece) >= packFrom {
		if packed, err := w.stream.srv.packer.Pack(piece); err == nil {
			w.count(piece)
			return packed
		}
	}
	return w.asItIs(piece)
}

// asItIs makes a piece a part of a gzip file without compressing it (RFC 1951, section 3.2.4). An empty block follows: some
// readers, Go's among them, give what they have only then.
func (w *writer) asItIs(piece []byte) []byte {
	w.count(piece)
	const empty = "\x00" + pack.Tail
	n := uint16(len(piece)) //nolint:gosec // at most pack.MostAtOnce
	dst := append(make([]byte, 0, len(piece)+2*len(empty)), 0)
	dst = binary.LittleEndian.AppendUint16(dst, n)
	dst = binary.LittleEndian.AppendUint16(dst, ^n)
	return append(append(dst, piece...), empty...)
}

func (w *writer) count(piece []byte) {
	w.sum = crc32.Update(w.sum, crc32.IEEETable, piece)
	w.size += uint32(len(piece)) //nolint:gosec // modulo 2^32, as the format has it
}

const (
	// gzipHeader is one without a name and a time, of a system that is not told (RFC 1952, section 2.3).
	gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	// lastBlock is an empty one (RFC 1951, section 3.2.6).
	lastBlock = "\x03\x00"
)

// end makes the stream a whole.
func (w *writer) end() {
	if err := w.forget(); err != nil || !w.packed {
		return
	}
	last := binary.LittleEndian.AppendUint32([]byte(lastBlock), w.sum)
	_ = w.send(binary.LittleEndian.AppendUint32(last, w.size)) // who does not take it has gone
}

// ping has something go out, and ends the stream of a client that sent pings and sends none any more. A stream of text has
// nothing that could go out unseen.
func (w *writer) ping() error {
	st := w.stream
	if at := st.pinged.Load(); at != 0 && time.Since(time.Unix(0, at)) > 2*st.srv.greeting.Ping {
		st.Close(earshot.CloseSilent)
		return nil
	}
	if err := w.forget(); err != nil {
		return err
	}
	st.Answer(&wire.Ping{Type: wire.FramePing})
	return nil
}

// forget writes over what net/http's buffers may hold of what was said: they are its own, and it uses them again for other
// connections without clearing them. It takes a comment as long as the longest of them and a little more, after a time in
// which something was said. A stream of text has no comments.
func (w *writer) forget() error {
	if !w.said || w.stream.text {
		return nil
	}
	comment := bytes.Repeat([]byte("."), pieceBytes/4)
	comment[0], comment[len(comment)-1] = ':', '\n'
	for range 5 {
		over := comment
		if w.packed {
			over = w.asItIs(comment)
		}
		if err := w.put(over); err != nil {
			return err
		}
	}
	w.said = false
	return w.flush()
}

// send writes and flushes, in pieces each of which has its time.
func (w *writer) send(b []byte) error {
	for len(b) > 0 {
		piece := b[:min(len(b), pieceBytes)]
		b = b[len(piece):]
		if err := w.put(piece); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *writer) put(piece []byte) error {
	w.allow()
	_, err := w.to.Write(piece)
	return err
}

// flush has all that was put go out. Then the deadline is lifted: in HTTP/2 it would end a stream that rests.
func (w *writer) flush() error {
	w.allow()
	if err := w.control.Flush(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hurries {
		_ = w.control.SetWriteDeadline(time.Time{})
	}
	return nil
}

// allow gives the client time to take the next piece.
func (w *writer) allow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hurries {
		_ = w.control.SetWriteDeadline(time.Now().Add(stallTime)) // where it cannot be set, net/http's own holds
	}
}

// hurry gives the client a last short time to take the rest.
func (w *writer) hurry() { w.deadline(time.Now().Add(w.stream.srv.linger)) }

// abort has what is being written fail.
func (w *writer) abort() { w.deadline(time.Now().Add(-time.Second)) }

func (w *writer) deadline(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finished {
		return
	}
	w.hurries = true
	_ = w.control.SetWriteDeadline(at)
}

// leave ends the writer's part: what is net/http's is net/http's again. It has a short time for the end of the answer.
func (w *writer) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished = true
	if !w.hurries {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.stream.srv.linger))
	}
}
