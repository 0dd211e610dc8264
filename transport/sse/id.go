package sse

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/earshot-chat/earshot/wire"
)

// The id of an event says all that it takes to come back after it: the session's token, and the number of the last event of
// each room, as in "Wm9v….3:118.5:7". So the server has nothing to remember for it, a successor understands it, and each
// event can be the last one. Its length is bounded by how many rooms a session may be in. A token belongs to one session,
// and so to one epoch: an id of another one finds nothing.

// mark is how far the client has heard a room.
type mark struct {
	room int64
	seq  uint64
}

// marks are those of all rooms that a session is in.
type marks []mark

func (m marks) index(room int64) int {
	return slices.IndexFunc(m, func(one mark) bool { return one.room == room })
}

func (m *marks) set(room int64, seq uint64) {
	if i := m.index(room); i >= 0 {
		(*m)[i].seq = seq
		return
	}
	*m = append(*m, mark{room, seq})
}

func (m *marks) drop(room int64) {
	if i := m.index(room); i >= 0 {
		*m = slices.Delete(*m, i, i+1)
	}
}

// appendLine appends the line of the id.
func (m marks) appendLine(dst []byte, token string) []byte {
	dst = append(append(dst, "id: "...), token...)
	for _, one := range m {
		dst = strconv.AppendInt(append(dst, '.'), one.room, 10)
		dst = strconv.AppendUint(append(dst, ':'), one.seq, 10)
	}
	return append(dst, '\n')
}

// back makes the command of an id that a client came back with. Whatever is no id of ours becomes one that finds nothing:
// the client begins anew, and is told so.
func (s *Server) back(ids []string) wire.Command {
	cmd := wire.Command{Type: wire.CommandResume}
	if len(ids) != 1 {
		return cmd
	}
	token, rest, more := strings.Cut(ids[0], ".")
	for most := s.hub.Config().MaxRooms; more && len(cmd.Seen) < most; {
		var one string
		one, rest, more = strings.Cut(rest, ".")
		room, seq, ok := readMark(one)
		if !ok {
			return wire.Command{Type: wire.CommandResume}
		}
		cmd.Seen = append(cmd.Seen, wire.Seen{Room: room, Seq: seq})
	}
	cmd.Token = token
	return cmd
}

func readMark(text string) (room int64, seq uint64, ok bool) {
	first, second, _ := strings.Cut(text, ":")
	room, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseUint(second, 10, 64)
	return room, seq, err == nil
}

// follow takes the line by which encoding says which event of which room a message is, and gives what stands behind it.
func (m *marks) follow(message []byte) (rest []byte, found bool) {
	line, found := bytes.CutPrefix(message, []byte(placeLine))
	if !found {
		return message, false
	}
	line, rest, _ = bytes.Cut(line, []byte("\n"))
	place := string(line)
	if room, over := strings.CutSuffix(place, ":"); over {
		id, _ := strconv.ParseInt(room, 10, 64) // encoding wrote it
		m.drop(id)
	} else if room, seq, ok := readMark(place); ok {
		m.set(room, seq)
	}
	return rest, true
}

// passed remembers for a while which session took over from which, by their tokens: two generations, the older of which is
// let go when the younger is as old as a resume window.
type passed struct {
	young, old map[string]string
	since      time.Time
}

// latest gives the token of the session that has the rooms now.
func (p *passed) latest(token string) string {
	if next, ok := p.young[token]; ok {
		return next
	}
	if next, ok := p.old[token]; ok {
		return next
	}
	return token
}

func (p *passed) note(from, to string, window time.Duration) {
	if now := time.Now(); p.young == nil || now.Sub(p.since) > window {
		p.old, p.young, p.since = p.young, make(map[string]string), now
	}
	p.young[from] = to
}
