package client

import (
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// resume asks the server to go on with the session that the next token stands for; without one a new session begins.
func (m *machine) resume(now time.Time) {
	m.resumeAt = time.Time{}
	if len(m.tokens) == 0 {
		m.begin(now, GapSession)
		return
	}
	m.phase, m.answerBy = resuming, now.Add(resumeWait)
	seen := []wire.Seen{}
	for _, id := range m.roomIDs() {
		if r := m.rooms[id]; r.state == away && !r.unwanted {
			seen = append(seen, wire.Seen{Room: int64(id), Seq: r.seen})
		}
	}
	m.resumeRef = m.send(wire.Command{Type: wire.CommandResume, Token: m.tokens[0], Seen: seen})
}

// resumed: the session goes on. The rooms that the server names come back by themselves, the others are joined anew.
func (m *machine) resumed(now time.Time, f wire.Resumed) {
	if m.phase != resuming || f.Ref != m.resumeRef {
		return
	}
	for _, id := range f.Rooms {
		if r := m.rooms[earshot.RoomID(id)]; r != nil && r.state == away {
			r.state = returning
		}
	}
	m.opened(now, GapSession)
}

// refusedResume: it does not go on, or not now.
func (m *machine) refusedResume(now time.Time, e *earshot.Error) {
	m.resumeRef = 0
	if temporary(e.Code) {
		wait := m.retryIn(e)
		m.resumeAt, m.answerBy = now.Add(wait), now.Add(wait+resumeWait)
		return
	}
	m.tokens = m.tokens[1:]
	m.resume(now)
}

// begin begins a new session: every room is joined anew, and what was missed is a gap.
func (m *machine) begin(now time.Time, why GapReason) {
	if m.status != "" {
		// A new session is active, whatever the one before was. The answer is for nobody.
		m.send(wire.Command{Type: wire.CommandStatus, Status: string(m.status)})
	}
	m.opened(now, why)
}

// opened: commands are carried out from here on. Rooms that are still away are joined anew.
func (m *machine) opened(now time.Time, why GapReason) {
	m.phase, m.resumeRef, m.resumeAt = open, 0, time.Time{}
	m.tokens = nil
	if m.own != "" {
		m.tokens = []string{m.own}
	}
	for id, r := range m.rooms {
		if r.state == away && r.unwanted {
			delete(m.rooms, id)
		}
		if r.state == away {
			r.state, r.retryAt = wanted, time.Time{}
		}
		if r.state == wanted && r.been && r.gap != GapRestart {
			r.gap = why
		}
	}
	m.flush(now)
}

// temporary tells the refusals that are over after a while.
func temporary(code earshot.Code) bool {
	switch code {
	case earshot.CodeRateLimited, earshot.CodeBusy, earshot.CodeStopping:
		return true
	default:
		return false
	}
}

// retryIn is how long to wait after a refusal that is over after a while: what the server says, and some more so that
// those who were refused together do not come back together.
func (m *machine) retryIn(e *earshot.Error) time.Duration {
	wait := e.RetryAfter
	if wait <= 0 {
		wait = time.Second
	}
	return wait + time.Duration(m.random()*float64(wait)/4)
}
