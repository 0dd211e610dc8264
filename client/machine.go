package client

import (
	"errors"
	"hash/maphash"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// phase is where the connection stands.
type phase uint8

const (
	// waiting: there is no connection, and the next try is at machine.until.
	waiting phase = iota
	// dialing: a connection is being made.
	dialing
	// greeting: it stands, and the server has not said hello.
	greeting
	// resuming: the server was asked to go on with the session.
	resuming
	// open: commands are carried out.
	open
	// ended: there will be no further connection.
	ended
)

// How long the server may take before the connection is given up.
const (
	helloWait  = 10 * time.Second
	resumeWait = 30 * time.Second
)

// mostTokens bounds how many tokens are tried for one session. There is one more for each connection in a row that broke
// between resume and its answer.
const mostTokens = 16

// machine is the client without its connection, clock and goroutines: frames, calls and the passing of time go in;
// frames, events and answers come out. One goroutine uses it (Client.run).
//
// What the runner does with it: when phase is dialing it connects and tells connected or lost; when there is a connection
// and phase is waiting or ended it closes that, with farewell. After each input it sends out and delivers events.
type machine struct {
	// random gives a number from 0 up to 1, wait is waitFor unless a test is in a hurry.
	random     func() float64
	wait       func(v verdict, tries int, random func() float64, returnIn, least time.Duration) time.Duration
	seed       maphash.Seed
	keepTrying bool
	mostCalls  int

	phase    phase
	until    time.Time
	tries    int
	openedAt time.Time
	// greeted tells that there was a connection once.
	greeted bool
	hello   Hello
	// returnIn is what the server said before it stops.
	returnIn time.Duration

	// tokens are those that the session may be known by at the server, the one to try next first; own is the one of the
	// present connection's hello, which joins them when the server is asked to resume.
	tokens []string
	own    string
	// resumeRef is the resume that waits for its answer, 0 if none does; resumeAt is when to ask (again).
	resumeRef int64
	resumeAt  time.Time
	// answerBy is when hello or the answer to resume must have come.
	answerBy time.Time

	// heard is when something came last; asked tells that a ping was sent since.
	heard time.Time
	asked bool
	// paused: nothing is read at the moment, so silence means nothing.
	paused bool

	ref   int64
	rooms map[earshot.RoomID]*room
	calls []*call
	// wake is when the next call or join that waits is due.
	wake time.Time
	// status is what was last asked for; empty for what a session begins with.
	status earshot.Status

	// What comes out.
	out      [][]byte
	events   []queued
	farewell int
	// err is why it ended.
	err error

	// size is the length of the frame that is being looked at.
	size int
}

func newMachine(random func() float64, keepTrying bool, mostCalls int) *machine {
	return &machine{
		random: random, wait: waitFor, seed: maphash.MakeSeed(), keepTrying: keepTrying, mostCalls: mostCalls,
		phase: dialing, rooms: make(map[earshot.RoomID]*room),
	}
}

// take gives what came out since the last time.
func (m *machine) take() (frames [][]byte, events []queued) {
	frames, events = m.out, m.events
	m.out, m.events = nil, nil
	return frames, events
}

func (m *machine) emit(ev Event) {
	m.events = append(m.events, queued{event: ev, cost: 1 + m.size/eventUnit})
}

// send gives the command the next ref and puts it on its way.
func (m *machine) send(cmd wire.Command) int64 {
	m.ref++
	cmd.Ref = m.ref
	m.out = append(m.out, wire.Append(nil, &cmd))
	return m.ref
}

// connected: a connection stands.
func (m *machine) connected(now time.Time) {
	if m.phase != dialing {
		return
	}
	m.phase, m.answerBy = greeting, now.Add(helloWait)
	m.heard, m.asked, m.returnIn = now, false, 0
	m.own, m.resumeRef, m.farewell = "", 0, 0
}

// pause tells whether frames are read at the moment.
func (m *machine) pause(now time.Time, paused bool) {
	if m.paused && !paused {
		// How long the server has waited for us says nothing about it.
		m.heard = now
		m.answerBy = now.Add(max(helloWait, resumeWait))
	}
	m.paused = paused
}

// next is when tick must be called; zero if there is nothing to wait for.
func (m *machine) next() time.Time {
	var at time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	switch m.phase {
	case waiting:
		sooner(m.until)
	case dialing, ended:
	case greeting, resuming:
		if !m.paused {
			sooner(m.answerBy)
		}
		sooner(m.resumeAt)
	case open:
		if !m.paused {
			sooner(m.heard.Add(m.patience()))
		}
		sooner(m.wake)
	}
	return at
}

// patience is how long the silence may last until something is done about it: asking, and then giving up.
func (m *machine) patience() time.Duration {
	if m.asked {
		return 2 * m.hello.Ping
	}
	return m.hello.Ping * 3 / 2
}

// tick does what is due.
func (m *machine) tick(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch m.phase {
	case waiting:
		if due(m.until) {
			m.phase = dialing
		}
	case dialing, ended:
	case greeting, resuming:
		if !m.paused && due(m.answerBy) {
			m.lost(now, loss{err: ErrSilent})
			return
		}
		if due(m.resumeAt) {
			m.resume(now)
		}
	case open:
		if !m.paused && due(m.heard.Add(m.patience())) {
			if m.asked {
				m.lost(now, loss{err: ErrSilent})
				return
			}
			m.asked = true
			m.send(wire.Command{Type: wire.CommandPing})
		}
		if due(m.wake) {
			m.flush(now)
		}
	}
}

// loss says how a connection, or the try to make one, ended.
type loss struct {
	// verdict is what follows; 0 is decided by the error.
	verdict verdict
	// err is told to the application.
	err error
	// least is the shortest wait that a refusal asked for.
	least time.Duration
}

// lost: the connection is gone, or could not be made, or is to be given up.
func (m *machine) lost(now time.Time, why loss) {
	if m.phase == ended || m.phase == waiting {
		return
	}
	closed, isClose := errors.AsType[*CloseError](why.err)
	m.settle(now, isClose && closed.Code == closeTakenOver)
	m.phase = waiting
	m.interrupt()
	if why.verdict == 0 {
		why.verdict = lost
		if isClose {
			why.verdict = verdictOf(closed.Code)
		}
	}
	switch {
	case why.verdict == logIn && isClose:
		m.end(&earshot.Error{Code: earshot.CodeUnauthenticated, Message: "The log-in has ended.", Err: why.err})
		return
	case why.verdict == logIn, why.verdict == never, !m.greeted && !m.keepTrying:
		m.end(why.err)
		return
	}
	wait := m.wait(why.verdict, m.tries, m.random, m.returnIn, why.least)
	m.tries++
	m.until = now.Add(wait)
	m.emit(Disconnected{Err: why.err, Retry: wait})
}

// settle takes stock of a connection that is gone: how the session is known at the server, and how well it held.
func (m *machine) settle(now time.Time, takenOver bool) {
	if m.resumeRef != 0 && m.own != "" {
		// Whether the server took the resume is not known: the session is known by this connection's token now, or still by
		// one of the others (docs/protocol.md, "Resume").
		m.tokens = append([]string{m.own}, m.tokens...)
		m.tokens = m.tokens[:min(len(m.tokens), mostTokens)]
	}
	if takenOver {
		m.tokens = nil
	}
	m.resumeRef, m.resumeAt, m.own = 0, time.Time{}, ""
	switch held := now.Sub(m.openedAt); {
	case m.phase == open && held >= heldLong:
		m.tries = 0
	case m.phase == open && held >= heldShort:
		m.tries /= 2
	}
}

// broken gives the connection up because of what came over it.
func (m *machine) broken(now time.Time, err error) {
	m.farewell = 1002
	m.lost(now, loss{verdict: later, err: err})
}

// end ends it all: no further connection, and nobody waits for an answer any more.
func (m *machine) end(err error) {
	if m.phase == ended {
		return
	}
	m.phase, m.err = ended, err
	m.out = nil
	m.failAll(err)
}

// frame: the server has sent this.
func (m *machine) frame(now time.Time, data []byte) {
	if m.phase != greeting && m.phase != resuming && m.phase != open {
		return
	}
	m.heard, m.asked, m.size = now, false, len(data)
	defer func() { m.size = 0 }()
	h, err := decodeHead(data)
	if err == nil && h.Type != wire.FrameStopping && h.Type != wire.FramePing && (m.phase == greeting) != (h.Type == wire.FrameHello) {
		err = brokenFrame("hello must come first, and once")
	}
	if err == nil {
		err = m.dispatch(now, h, data)
	}
	if err != nil {
		m.broken(now, err)
	}
}

// dispatch gives each kind of frame to what knows about it. An error means that the frame is not what it should be.
func (m *machine) dispatch(now time.Time, h head, data []byte) error {
	switch h.Type {
	case wire.FrameHello:
		return m.greet(now, data)
	case wire.FrameStopping:
		f, err := decode[wire.Stopping](data)
		m.returnIn = millis(f.ReturnMs, 0, longestReturn)
		return err
	case wire.FramePing:
		return nil
	case wire.FrameResumed:
		f, err := decode[wire.Resumed](data)
		if err == nil {
			m.resumed(now, f)
		}
		return err
	case wire.FrameReturned:
		f, err := decode[wire.Returned](data)
		if err == nil {
			m.returned(now, f)
		}
		return err
	case wire.FrameMessage, wire.FrameEntered, wire.FrameDeparted, wire.FrameChanged, wire.FrameClosed,
		wire.FrameEdited, wire.FrameTakenBack, wire.FrameReaction:
		return m.numbered(now, h, data)
	case wire.FrameTyping, wire.FrameStatus, wire.FrameSeen, wire.FrameProfile, wire.FrameMuted:
		return m.passing(h, data)
	case wire.FrameRemoved:
		f, err := decode[wire.Removed](data)
		if err == nil {
			m.removed(f)
		}
		return err
	default:
		return m.answer(now, h, data)
	}
}

// greet takes the server's hello, and goes on with the session that there was or begins a new one.
func (m *machine) greet(now time.Time, data []byte) error {
	f, err := decode[wire.Hello](data)
	if err != nil {
		return err
	}
	if f.Protocol != wire.Subprotocol || f.Epoch == "" {
		m.farewell = 1002
		m.lost(now, loss{verdict: never, err: brokenFrame("the server does not speak " + wire.Subprotocol)})
		return nil
	}
	another := m.greeted && m.hello.Epoch != f.Epoch
	m.hello, m.greeted, m.openedAt = helloOf(f), true, now
	if len(f.Resume) <= longestToken {
		m.own = f.Resume
	}
	m.emit(Connected{Hello: m.hello})
	if another {
		m.tokens = nil
		m.begin(now, GapRestart)
		return nil
	}
	m.resume(now)
	return nil
}
