package client

import (
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// call is something the application asked for and waits for.
type call struct {
	kind   wire.CommandType
	room   earshot.RoomID
	text   string
	nonce  string
	after  string
	status earshot.Status
	// reply and size are a post's, seq the event's that the call is about, emoji and on a reaction's.
	reply uint64
	size  int
	seq   uint64
	emoji string
	on    bool

	// ref is the command that waits for its answer, 0 if it is not on its way; at is when it may be sent (again).
	ref int64
	at  time.Time
	// gone tells that nobody waits any more; it stays until its answer comes, so that what follows keeps its order.
	gone bool
	// last is the refusal that is being waited out.
	last *earshot.Error
	// done takes the one result.
	done chan result
}

// result is what becomes of a call; which field counts is the call's kind.
type result struct {
	joined Joined
	posted Posted
	page   Page
	err    error
}

// ask takes a call. It is answered later, or at once if that is all there is to it.
func (m *machine) ask(now time.Time, c *call) {
	if m.phase == ended {
		c.done <- result{err: m.err}
		return
	}
	if len(m.calls) >= m.mostCalls && c.kind != wire.CommandLeave {
		c.done <- result{err: ErrOutboxFull}
		return
	}
	r := m.rooms[c.room]
	switch c.kind {
	case wire.CommandJoin:
		if r == nil || r.state == leaving {
			// A room that is being left is joined behind the leave.
			r = &room{id: c.room}
			m.rooms[c.room] = r
		}
		r.unwanted = false
	case wire.CommandLeave:
		m.leave(now, c, r)
		return
	case wire.CommandTyping, wire.CommandSeen:
		m.passBy(c, r)
		return
	case wire.CommandStatus:
		m.status = c.status
	default:
		if r == nil || r.state == leaving || r.unwanted {
			c.done <- result{err: errNotInRoom()}
			return
		}
	}
	m.calls = append(m.calls, c)
	m.flush(now)
}

// leave leaves the room. Where the server cannot be asked now, it is asked as soon as it says that one is in the room; and
// without a connection it is enough to forget the room: the session goes on without it, or not at all.
func (m *machine) leave(now time.Time, c *call, r *room) {
	if r == nil || r.unwanted || r.state == leaving {
		c.done <- result{err: errNotInRoom()}
		return
	}
	switch {
	case m.phase == open && r.state == inside:
		r.state = leaving
		c.ref = m.send(wire.Command{Type: wire.CommandLeave, Room: int64(c.room)})
		m.calls = append(m.calls, c)
		return
	case m.phase == open && r.state != wanted, m.phase == resuming && r.state == away:
		m.unwant(r)
	default:
		m.forget(r, errNotInRoom())
	}
	c.done <- result{}
	m.flush(now)
}

// unwant: the server is about to say that one is in the room, and nobody wants to be there any more.
func (m *machine) unwant(r *room) {
	m.forget(r, errNotInRoom())
	r.unwanted = true
	m.rooms[r.id] = r
}

// passBy tells it now or not at all.
func (m *machine) passBy(c *call, r *room) {
	switch {
	case r == nil || r.state == leaving || r.unwanted:
		c.done <- result{err: errNotInRoom()}
	case m.phase != open || r.state != inside:
		c.done <- result{err: ErrNotConnected}
	default:
		c.ref = m.send(c.command())
		m.calls = append(m.calls, c)
	}
}

// cancel: whoever asked does not wait any more.
func (m *machine) cancel(now time.Time, c *call) {
	i := slices.Index(m.calls, c)
	if i < 0 {
		return
	}
	if c.ref != 0 && c.kind != wire.CommandJoin {
		c.gone = true
		return
	}
	m.remove(i)
	if r := m.rooms[c.room]; c.kind == wire.CommandJoin && r != nil && !r.been && len(m.callsOf(c.room, wire.CommandJoin)) == 0 {
		// The only ones who wanted to be in the room have given up before they were.
		if r.state == joining {
			m.unwant(r)
		} else {
			m.forget(r, errNotInRoom())
		}
	}
	m.flush(now)
}

// command is what is sent for the call.
func (c *call) command() wire.Command {
	cmd := wire.Command{
		Type: c.kind, Room: int64(c.room), Text: wire.Text(c.text), Nonce: c.nonce, After: c.after, Status: string(c.status),
		Reply: c.reply, Size: c.size, Seq: c.seq, Emoji: wire.Text(c.emoji),
	}
	if c.kind == wire.CommandReact {
		cmd.On = &c.on
	}
	return cmd
}

// says tells the calls by which something is said, and whose order counts.
func (c *call) says() bool {
	switch c.kind {
	case wire.CommandPost, wire.CommandEdit, wire.CommandTakeBack, wire.CommandReact:
		return true
	default:
		return false
	}
}

// flush sends what can be sent, in the order in which it was asked for; in each room one post or what is about one at a
// time: if one is refused and sent again later, none has overtaken it.
func (m *machine) flush(now time.Time) {
	if m.phase != open {
		return
	}
	m.wake = time.Time{}
	m.enter(now)
	var posting map[earshot.RoomID]bool
	for _, c := range m.calls {
		if c.says() {
			if posting[c.room] {
				continue
			}
			if posting == nil {
				posting = make(map[earshot.RoomID]bool)
			}
			posting[c.room] = true
		}
		if c.ref != 0 || !m.possible(c) {
			continue
		}
		if now.Before(c.at) {
			m.wakeAt(c.at)
			continue
		}
		c.ref = m.send(c.command())
	}
}

// possible tells whether the call can be carried out on this connection by now.
func (m *machine) possible(c *call) bool {
	if c.kind == wire.CommandStatus {
		return true
	}
	r := m.rooms[c.room]
	return r != nil && r.state == inside
}

func (m *machine) wakeAt(t time.Time) {
	if m.wake.IsZero() || t.Before(m.wake) {
		m.wake = t
	}
}

// answer takes the frames that answer a command. Those that this client does not know are not for it.
func (m *machine) answer(now time.Time, h head, data []byte) error {
	switch h.Type {
	case wire.FrameOK:
		f, err := decode[wire.OK](data)
		if err != nil {
			return err
		}
		return m.complete(now, f.Ref, result{}, wire.CommandTyping, wire.CommandStatus, wire.CommandSeen,
			wire.CommandTakeBack, wire.CommandReact)
	case wire.FrameLeft:
		f, err := decode[wire.Left](data)
		if err != nil {
			return err
		}
		return m.left(now, f.Ref)
	case wire.FramePosted:
		f, err := decode[wire.Posted](data)
		if err != nil {
			return err
		}
		posted := Posted{Seq: f.Seq, At: time.UnixMilli(f.At), Nonce: f.Nonce, Heard: f.Heard}
		return m.complete(now, f.Ref, result{posted: posted}, wire.CommandPost, wire.CommandEdit)
	case wire.FrameOccupants:
		f, err := decode[wire.Occupants](data)
		if err != nil {
			return err
		}
		page := Page{Occupants: occupantsOf(f.Occupants), Count: f.Count, More: f.More}
		return m.complete(now, f.Ref, result{page: page}, wire.CommandOccupants)
	case wire.FrameJoined:
		f, err := decode[wire.Joined](data)
		if err != nil {
			return err
		}
		return m.joined(now, f)
	case wire.FrameError:
		f, err := decode[wire.Error](data)
		if err == nil {
			m.refused(now, f.Ref, errorOf(f))
		}
		return err
	default:
		if h.Ref == 0 && h.Room != 0 && h.Seq != 0 {
			return m.numbered(now, h, data) // an event that this client does not know has its place all the same
		}
		return nil
	}
}

// complete gives a call its answer, which must be of the kind that the call asks for. Answers that nobody waits for are
// those of pings and of what was done for nobody.
func (m *machine) complete(now time.Time, ref int64, res result, kinds ...wire.CommandType) error {
	i := m.callWith(ref)
	if i < 0 {
		return nil
	}
	c := m.calls[i]
	if !slices.Contains(kinds, c.kind) || (c.nonce != "" && res.posted.Nonce != c.nonce) {
		return brokenFrame("an answer does not belong to its command")
	}
	m.finish(c, res)
	m.flush(now)
	return nil
}

// left: the room is behind one, and what was asked for in it meanwhile with it.
func (m *machine) left(now time.Time, ref int64) error {
	if i := m.callWith(ref); i >= 0 && m.calls[i].kind == wire.CommandLeave {
		if r := m.rooms[m.calls[i].room]; r != nil && r.state == leaving {
			m.forget(r, errNotInRoom())
			return nil
		}
	}
	return m.complete(now, ref, result{}, wire.CommandLeave)
}

// refused: the server does not do what the command asks, or not now.
func (m *machine) refused(now time.Time, ref int64, e *earshot.Error) {
	if ref == 0 {
		return
	}
	if m.phase == resuming && ref == m.resumeRef {
		m.refusedResume(now, e)
		return
	}
	for _, r := range m.rooms {
		if r.state == joining && r.ref == ref {
			m.refusedJoin(now, r, e)
			m.flush(now)
			return
		}
	}
	i := m.callWith(ref)
	if i < 0 {
		return
	}
	switch c := m.calls[i]; {
	case c.kind == wire.CommandLeave:
		m.refusedLeave(c, e)
	case temporary(e.Code) && !c.gone && c.kind != wire.CommandTyping && c.kind != wire.CommandSeen:
		c.ref, c.last, c.at = 0, e, now.Add(m.retryIn(e))
	default:
		m.finish(c, result{err: e})
	}
	m.flush(now)
}

// refusedLeave: one is outside already, or still inside.
func (m *machine) refusedLeave(c *call, e *earshot.Error) {
	r := m.rooms[c.room]
	switch {
	case e.Code == earshot.CodeNotInRoom && r != nil && r.state == leaving:
		m.forget(r, errNotInRoom())
	case e.Code == earshot.CodeNotInRoom:
		m.finish(c, result{})
	default:
		if r != nil && r.state == leaving {
			r.state = inside
		}
		m.finish(c, result{err: e})
	}
}

// interruptCalls: the connection is gone, and with it the answers that were on their way.
func (m *machine) interruptCalls() {
	for _, c := range slices.Clone(m.calls) {
		switch {
		case c.kind == wire.CommandLeave, c.gone:
			m.finish(c, result{})
		case c.kind == wire.CommandTyping, c.kind == wire.CommandSeen:
			m.finish(c, result{err: ErrNotConnected})
		case m.rooms[c.room] == nil && c.room != 0:
			m.finish(c, result{err: errNotInRoom()})
		default:
			c.ref, c.at = 0, time.Time{}
		}
	}
}

// finish gives the call its result and forgets it.
func (m *machine) finish(c *call, res result) {
	i := slices.Index(m.calls, c)
	if i < 0 {
		return
	}
	m.remove(i)
	c.text, c.emoji = "", ""
	c.done <- res
}

func (m *machine) remove(i int) { m.calls = slices.Delete(m.calls, i, i+1) }

// failAll ends every call that waits.
func (m *machine) failAll(err error) {
	for _, c := range slices.Clone(m.calls) {
		m.finish(c, result{err: err})
	}
}

func (m *machine) callWith(ref int64) int {
	return slices.IndexFunc(m.calls, func(c *call) bool { return c.ref == ref && ref != 0 })
}

// outdate: a room was joined anew. The messages before that are none to this session any more, and under another
// numbering none at all; a reply to one goes as a message of its own. What was not made of the rest the server knows.
func (m *machine) outdate(id earshot.RoomID, why GapReason) {
	for _, c := range slices.Clone(m.calls) {
		if c.room != id {
			continue
		}
		c.reply = 0
		if c.seq != 0 && why == GapRestart {
			m.finish(c, result{err: &earshot.Error{
				Code: earshot.CodeTooLate, Field: "seq", Message: "The server was restarted and does not know this message.",
			}})
		}
	}
}

// callsOf gives the calls of a kind in a room that wait.
func (m *machine) callsOf(id earshot.RoomID, kind wire.CommandType) []*call {
	var found []*call
	for _, c := range m.calls {
		if c.kind == kind && c.room == id {
			found = append(found, c)
		}
	}
	return found
}
