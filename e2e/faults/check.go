//go:build unix

package faults

import (
	"fmt"
	"slices"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
)

// Log is what one client heard of its rooms and was acknowledged.
type Log struct {
	// Name is the user's.
	Name string
	// Lines are in the order in which the client told them.
	Lines []Line
	// Posts are what was acknowledged.
	Posts []Post
}

// Line is one event, with the epoch that it is of.
type Line struct {
	Epoch string
	Event client.Event
	// Anew tells of a Joined that the client had asked for: it had left the room before.
	Anew bool
}

// Post is an acknowledged message.
type Post struct {
	Room earshot.RoomID
	Seq  uint64
	Text string
}

// Findings is what checking the logs came to.
type Findings struct {
	// Messages is how many messages were acknowledged, Heard how many of them were heard, over all clients.
	Messages, Heard int
	// Gaps counts the losses that were announced, by reason.
	Gaps map[client.GapReason]int
	// Violations are the promises that were broken, one line each.
	Violations []string
}

// place is a number in a room's order.
type place struct {
	epoch string
	room  earshot.RoomID
	seq   uint64
}

type checker struct {
	findings Findings
	// said is what stands at each place, by what the first to hear it heard.
	said map[place]string
	// heads are the numbers of the last events that anybody heard.
	heads map[place]uint64
	// posted are the texts that were acknowledged under a room's number, in whatever epoch.
	posted map[place][]string
}

// Check holds the logs to the promises. At the end every client must have been connected, and nothing under way.
func Check(logs []*Log) Findings {
	c := &checker{said: make(map[place]string), heads: make(map[place]uint64), posted: make(map[place][]string)}
	c.findings.Gaps = make(map[client.GapReason]int)
	for _, l := range logs {
		c.order(l)
		for _, p := range l.Posts {
			at := place{room: p.Room, seq: p.Seq}
			c.posted[at] = append(c.posted[at], l.Name+": "+p.Text)
		}
	}
	ears := make([]*ear, len(logs))
	for i, l := range logs {
		ears[i] = c.stays(l)
	}
	for i, l := range logs {
		c.acknowledged(l, ears[i])
	}
	return c.findings
}

func (c *checker) violation(format string, args ...any) {
	c.findings.Violations = append(c.findings.Violations, fmt.Sprintf(format, args...))
}

// order notes what stands where, and finds two clients that heard different things at one place.
func (c *checker) order(l *Log) {
	for _, line := range l.Lines {
		room, seq, what := numbered(line.Event)
		if seq == 0 {
			continue
		}
		at := place{line.Epoch, room, seq}
		if before, known := c.said[at]; known && before != what {
			c.violation("room %d, number %d is %q for one and %q for %s", room, seq, before, what, l.Name)
		}
		c.said[at] = what
		head := place{line.Epoch, room, 0}
		c.heads[head] = max(c.heads[head], seq)
	}
}

// numbered gives the place of an event and what it is; 0 for one without a number.
func numbered(ev client.Event) (room earshot.RoomID, seq uint64, what string) {
	switch ev := ev.(type) {
	case client.Message:
		return ev.Room, ev.Seq, ev.Author.Name + ": " + ev.Text
	case client.Entered:
		return ev.Room, ev.Seq, fmt.Sprintf("entered %v and %d, %d inside", ev.Users, ev.More, ev.Count)
	case client.Departed:
		return ev.Room, ev.Seq, fmt.Sprintf("departed %v and %d, %d inside", ev.Users, ev.More, ev.Count)
	case client.Changed:
		return ev.Room, ev.Seq, "changed"
	}
	return 0, 0, ""
}

// when is in which epoch and in which stay something was heard.
type when struct {
	epoch string
	stay  int
}

// ear is how far one client has heard.
type ear struct {
	// last is the number of the last event of each room that it is in, in this epoch.
	last  map[earshot.RoomID]uint64
	epoch map[earshot.RoomID]string
	// heard are the texts that it heard, each once, and when.
	heard map[string]when
	// entered counts how often it entered a room on purpose.
	entered map[earshot.RoomID]int
	// gap tells of a gap before the next Joined of the room.
	gap map[earshot.RoomID]bool
	// gapped are the rooms in which it was ever told of a gap.
	gapped map[earshot.RoomID]bool
}

// stays follows one client from event to event: numbers without a hole, nothing twice, nothing from before.
func (c *checker) stays(l *Log) *ear {
	e := &ear{
		last: make(map[earshot.RoomID]uint64), epoch: make(map[earshot.RoomID]string), heard: make(map[string]when),
		entered: make(map[earshot.RoomID]int),
		gap:     make(map[earshot.RoomID]bool), gapped: make(map[earshot.RoomID]bool),
	}
	for _, line := range l.Lines {
		switch ev := line.Event.(type) {
		case client.Gap:
			c.gap(l, e, ev)
		case client.Joined:
			if before, inside := e.last[ev.Room]; inside && !line.Anew && !e.gap[ev.Room] && (line.Epoch != e.epoch[ev.Room] || before != ev.Seq) {
				c.violation("%s entered room %d anew at %d, having heard %d, and was told of no gap", l.Name, ev.Room, ev.Seq, before)
			}
			e.last[ev.Room], e.epoch[ev.Room] = ev.Seq, line.Epoch
			if line.Anew {
				e.entered[ev.Room]++
			}
			delete(e.gap, ev.Room)
		case client.Removed:
			c.violation("%s was put out of room %d: %v", l.Name, ev.Room, ev.Err)
		default:
			c.hear(l, e, line)
		}
	}
	for room, last := range e.last {
		if head := c.heads[place{e.epoch[room], room, 0}]; last < head {
			c.violation("%s heard room %d up to %d at the end, others up to %d", l.Name, room, last, head)
		}
	}
	return e
}

// knows tells whether it has heard one of the texts.
func (e *ear) knows(texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		_, known := e.heard[text]
		return known
	})
}

// gap notes a loss that was announced.
func (c *checker) gap(l *Log, e *ear, g client.Gap) {
	c.findings.Gaps[g.Reason]++
	e.gapped[g.Room] = true
	switch {
	case g.Reason == client.GapHole:
		c.violation("%s found a hole in room %d, from %d to %d, that the server did not announce", l.Name, g.Room, g.From, g.To)
	case g.To == 0:
		e.gap[g.Room] = true
	case g.From != e.last[g.Room]+1 || g.Count != g.To-g.From+1:
		c.violation("%s heard room %d up to %d and was told of a gap from %d to %d, %d events", l.Name, g.Room, e.last[g.Room],
			g.From, g.To, g.Count)
	default:
		e.last[g.Room] = g.To
	}
	if g.To != 0 && g.Reason != client.GapLost {
		e.gap[g.Room] = true
	}
}

// hear follows one numbered event.
func (c *checker) hear(l *Log, e *ear, line Line) {
	room, seq, _ := numbered(line.Event)
	if seq == 0 {
		return
	}
	last, inside := e.last[room]
	switch {
	case !inside:
		c.violation("%s heard number %d of room %d, and is not in it", l.Name, seq, room)
	case line.Epoch != e.epoch[room]:
		c.violation("%s heard number %d of room %d of another epoch", l.Name, seq, room)
	case seq <= last:
		c.violation("%s heard number %d of room %d after %d", l.Name, seq, room, last)
	}
	// What was said before a crash and again after it is told once: a number may be missing for what was heard already.
	for n := last + 1; inside && n < seq; n++ {
		what := c.said[place{line.Epoch, room, n}]
		if !e.knows(append(c.posted[place{room: room, seq: n}], what)) {
			c.violation("%s heard number %d of room %d after %d: %d (%q) is missing, and no gap was told", l.Name, seq, room, last, n, what)
		}
	}
	e.last[room] = seq
	if m, ok := line.Event.(client.Message); ok {
		text := m.Author.Name + ": " + m.Text
		now := when{line.Epoch, e.entered[room]}
		// Whoever has left the room since, and the server is another one: nobody is left who knows that it was heard.
		if before, known := e.heard[text]; known && (before.epoch == now.epoch || before.stay == now.stay) {
			c.violation("%s heard %q twice", l.Name, text)
		}
		e.heard[text] = now
		c.findings.Heard++
	}
}

// acknowledged looks for what was acknowledged among what its author heard, who was in the room: stays has seen to it that
// the others heard the same.
func (c *checker) acknowledged(l *Log, e *ear) {
	c.findings.Messages += len(l.Posts)
	for _, p := range l.Posts {
		text := l.Name + ": " + p.Text
		if !e.knows([]string{text}) && !e.gapped[p.Room] {
			c.violation("%s posted %q in room %d, which was acknowledged as number %d, and did not hear it", l.Name, p.Text, p.Room, p.Seq)
		}
		at := slices.IndexFunc(l.Lines, func(line Line) bool {
			m, ok := line.Event.(client.Message)
			return ok && m.Text == p.Text && m.Author.Name == l.Name
		})
		if at < 0 {
			continue
		}
		if m, ok := l.Lines[at].Event.(client.Message); ok && (m.Room != p.Room || m.Seq != p.Seq) {
			// Heard before a crash under one number and acknowledged after it under another: the same message, told once.
			if !e.gapped[p.Room] {
				c.violation("%s posted %q as number %d and heard it as %d", l.Name, p.Text, p.Seq, m.Seq)
			}
		}
	}
}
