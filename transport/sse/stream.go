package sse

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/wipe"
	"github.com/earshot-chat/earshot/transport/talk"
	"github.com/earshot-chat/earshot/wire"
)

// stream is one event stream: hub.Conn and talk.Conn on one side, on the other what a writer takes from it.
type stream struct {
	srv     *Server
	session *hub.Session
	who     who
	// secret is what the client's requests name the stream by.
	secret string
	// text has lines for a person instead of frames.
	text bool
	out  *writer

	// turn is held while a command is carried out: they are one at a time. Under it are refused, which counts commands that
	// were not in the protocol's form, less those that were, and shown, the token by whose id the client comes back, while
	// it does.
	turn    chan struct{}
	refused int16
	shown   string
	// queue is how many requests wait for their turn, or have it.
	queue atomic.Int32
	// pinged is when the client last sent a ping, in nanoseconds since 1970; 0 before the first.
	pinged atomic.Int64

	// wake tells the writer that there is something to do; over is closed when it is gone.
	wake chan struct{}
	over chan struct{}

	mu sync.Mutex
	// pending waits to be written, flying is how many bytes are being written.
	pending []byte
	flying  int
	// said tells that events are among what waits.
	said  bool
	marks marks
	// coming is how far the client says that it heard the rooms which it wants back.
	coming []wire.Seen
	// code is why the stream ends; 0 before it does.
	code uint16
	// low is closed when most of what waited is written; nil while nobody waits for that.
	low chan struct{}
}

// maxRefused is how many more malformed commands than good ones a stream's client may send before it is ended, as on the
// socket.
const maxRefused = 64

// Encoding implements hub.Conn.
func (st *stream) Encoding() hub.Encoding {
	if st.text {
		return lines{}
	}
	return encoding{}
}

// Write implements hub.Conn.
func (st *stream) Write(frames []byte) {
	st.mu.Lock()
	fits := st.code != 0 || st.take(frames)
	st.said = true
	st.mu.Unlock()
	st.rouse()
	if !fits {
		st.Close(earshot.CloseSlow)
	}
}

// take keeps what encoding made, with the ids put in; false if it does not fit. Under st.mu.
func (st *stream) take(frames []byte) bool {
	if st.text {
		return st.add(frames)
	}
	token := st.session.Token()
	for len(frames) > 0 {
		message := frames
		if end := bytes.Index(frames, []byte("\n\n")); end >= 0 {
			message, frames = frames[:end+2], frames[end+2:]
		} else {
			frames = nil
		}
		rest, numbered := st.marks.follow(message)
		if numbered && token != "" && !st.addID(token) || !st.add(rest) {
			return false
		}
	}
	return true
}

// addID adds the line with what the client can come back with. Under st.mu.
func (st *stream) addID(token string) bool {
	var space [128]byte
	return st.add(st.marks.appendLine(space[:0], token))
}

// add keeps a copy of b, if that is within the bound. A buffer that becomes too small is cleared: what was said does not
// stay in memory. Under st.mu.
func (st *stream) add(b []byte) bool {
	if st.flying+len(st.pending)+len(b) > st.srv.writeBuffer {
		return false
	}
	st.keep(b)
	return true
}

func (st *stream) keep(b []byte) { st.pending = wipe.Append(st.pending, b, st.srv.writeBuffer) }

func (st *stream) rouse() {
	select {
	case st.wake <- struct{}{}:
	default: // it will come round anyway
	}
}

// Answer implements talk.Conn.
func (st *stream) Answer(frame any) {
	var message []byte
	if st.text {
		message = appendNotice(nil, frame)
	} else {
		message = appendMessage(make([]byte, 0, 256), frame)
	}
	if _, ok := frame.(*wire.Resumed); ok {
		st.passOn()
	}
	st.mu.Lock()
	fits := true
	if st.code == 0 {
		token := st.session.Token()
		moved := st.place(frame) && !st.text && token != ""
		fits = (!moved || st.addID(token)) && st.add(message)
	}
	st.mu.Unlock()
	st.rouse()
	if !fits {
		st.Close(earshot.CloseSlow)
	}
}

// place notes which rooms the session is in after this frame; true if the client needs a new id for that. Under st.mu.
func (st *stream) place(frame any) bool {
	switch f := frame.(type) {
	case *wire.Joined:
		st.marks.set(f.Room, f.Seq)
		return true
	case *wire.Resumed:
		st.marks = nil
		for _, seen := range st.coming {
			for _, room := range f.Rooms {
				if room == seen.Room {
					st.marks.set(room, seen.Seq)
				}
			}
		}
		return true
	case *wire.Left:
		st.marks.drop(f.Room)
	case *wire.Removed:
		st.marks.drop(f.Room)
	}
	return false
}

// hears tells whether the session is in the room, as far as the client was told.
func (st *stream) hears(room earshot.RoomID) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.marks.index(int64(room)) >= 0
}

// Acknowledge implements talk.Conn.
func (st *stream) Acknowledge(posted wire.Posted) { st.Answer(&posted) }

// Removed implements hub.Conn and talk.Conn.
func (st *stream) Removed(room earshot.RoomID, why *earshot.Error) {
	st.Answer(talk.RemovedOf(room, why))
}

// Muted implements hub.Conn.
func (st *stream) Muted(room earshot.RoomID, mute earshot.Sanction) {
	st.Answer(talk.MutedOf(room, mute))
}

// AwaitRoom implements talk.Conn. A client that takes nothing is ended by the writer; one that takes what is written need
// not send pings meanwhile, which would wait for their turn.
func (st *stream) AwaitRoom() bool {
	st.mu.Lock()
	if st.low == nil {
		st.low = make(chan struct{})
	}
	low, is := st.low, st.flying+len(st.pending) <= st.srv.writeBuffer/2
	st.mu.Unlock()
	if !is {
		select {
		case <-low:
		case <-st.over:
		}
	}
	if st.pinged.Load() != 0 {
		st.pinged.Store(time.Now().UnixNano())
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.code == 0
}

// open says hello. EventSource comes back by itself; the first line tells it when.
func (st *stream) open(hello *wire.Hello) {
	if st.text {
		return
	}
	st.mu.Lock()
	st.keep(appendMessage([]byte("retry: 1000\n"), hello))
	st.mu.Unlock()
}

// do carries out a command; whoever calls it has the turn.
func (st *stream) do(cmd *wire.Command) {
	switch cmd.Type {
	case wire.CommandResume:
		st.mu.Lock()
		st.coming = cmd.Seen
		st.mu.Unlock()
	case wire.CommandPing:
		st.pinged.Store(time.Now().UnixNano())
	case wire.CommandJoin, wire.CommandLeave, wire.CommandPost, wire.CommandEdit, wire.CommandTakeBack, wire.CommandReact,
		wire.CommandSeen, wire.CommandTyping, wire.CommandOccupants, wire.CommandStatus:
	}
	st.talk().Do(cmd)
}

func (st *stream) talk() talk.Talk {
	return talk.Talk{Session: st.session, Conn: st, Rooms: st.srv.hub.Config().MaxRooms, Log: st.srv.log}
}

// Close implements hub.Conn.
func (st *stream) Close(why earshot.CloseReason) {
	var last []byte
	if why == earshot.CloseStopping && !st.text {
		spread := st.srv.spread().Milliseconds()
		last = append(strconv.AppendInt([]byte("retry: "), spread, 10), '\n')
		last = appendMessage(last, &wire.Stopping{Type: wire.FrameStopping, ReturnMs: spread})
	}
	st.finish(wire.CloseCode(why), why.String(), last)
}

// finish has the stream say last and why it ends, whatever waits. Nothing is heard on a stream that ends: the session is
// taken off, by another goroutine, because that takes the hub's locks and this may be called under them.
func (st *stream) finish(code uint16, reason string, last []byte) {
	end := &wire.End{Type: wire.FrameEnd, Code: int(code), Reason: reason}
	st.mu.Lock()
	if st.code != 0 {
		st.mu.Unlock()
		return
	}
	st.code = code
	st.keep(last)
	if st.text {
		st.keep(appendNotice(nil, end))
	} else {
		st.keep(appendMessage(nil, end))
	}
	st.mu.Unlock()
	st.rouse()
	go st.part()
}

// part takes the session off after finish, and has the writer hurry.
func (st *stream) part() {
	st.mu.Lock()
	code := st.code
	st.mu.Unlock()
	if talk.Final(code) || code == codeNormal {
		st.session.End()
	} else {
		st.session.Drop()
	}
	st.out.hurry()
}

// codeNormal is what a client ends a session with (RFC 6455, section 7.4.1).
const codeNormal = 1000

// gone is the end of the handler: nothing is written any more.
func (st *stream) gone() {
	st.mu.Lock()
	if st.code == 0 {
		st.code = wire.CloseGoingAway
	}
	clear(st.pending)
	st.pending = nil
	st.mu.Unlock()
	close(st.over)
	st.part()
}

// next takes what is to be written now; said tells that there are events in it, and last that nothing comes after it.
func (st *stream) next() (run []byte, said, last bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	run, st.pending, st.flying = st.pending, nil, len(st.pending)
	said, st.said = st.said, false
	return run, said, st.code != 0
}

// wrote notes that what next gave is written.
func (st *stream) wrote() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.flying = 0
	if st.low != nil && len(st.pending) <= st.srv.writeBuffer/2 {
		close(st.low)
		st.low = nil
	}
}
