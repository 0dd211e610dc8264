package trial

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/peer"
)

// faultsTold is how many faults are kept in words.
const faultsTold = 5

// Faults is what went wrong with the numbers of a room's events, counted over all users.
type Faults struct {
	// Holes is how many events a user missed, Doubled how many came again, Strays how many came from rooms that the user was
	// not in.
	Holes   int64 `json:"holes"`
	Doubled int64 `json:"doubled"`
	Strays  int64 `json:"strays"`
	// Lost is how many events the server itself said, on a return, that it had no more; Unreturned is how many rooms it did
	// not give back.
	Lost       int64 `json:"lost"`
	Unreturned int64 `json:"unreturned"`
	// Told is the first few of them in words.
	Told []string `json:"told,omitempty"`
}

// Sum is how many there are.
func (f *Faults) Sum() int64 { return f.Holes + f.Doubled + f.Strays + f.Lost + f.Unreturned }

func (f *Faults) add(count *int64, n int64, format string, args ...any) {
	*count += n
	if len(f.Told) < faultsTold {
		f.Told = append(f.Told, fmt.Sprintf(format, args...))
	}
}

// place is a user's place in a room, by the room's id.
type place struct {
	room int64
	// last is the number of the last event that the user has of it.
	last uint64
}

// session is what a user's client knows of its session.
type session struct {
	token  string
	places []place
	// owed is how many answers have not come.
	owed int
	// returns is how often the session has gone on over another connection.
	returns int
}

func (s *session) at(room int64) *place {
	for i := range s.places {
		if s.places[i].room == room {
			return &s.places[i]
		}
	}
	return nil
}

// Sessions is docs/protocol.md as a client knows it who trusts nobody: it follows the numbers of the events of each user's
// rooms, in which there must be no hole and no double, and resumes. It is a load.Minder.
type Sessions struct {
	*peer.EarshotProtocol
	users []session
	// high is the highest number that anybody was told of a room, in an event or in the answer to a post.
	high   map[int64]uint64
	faults Faults
	events int64
	ref    int64
}

// NewSessions makes one for so many users.
func NewSessions(p *peer.EarshotProtocol, users int) *Sessions {
	return &Sessions{EarshotProtocol: p, users: make([]session, users), high: make(map[int64]uint64)}
}

var _ load.Minder = (*Sessions)(nil)

// Post remembers that an answer is owed.
func (s *Sessions) Post(dst []byte, user, room int, text []byte, n uint64) []byte {
	s.users[user].owed++
	return s.EarshotProtocol.Post(dst, user, room, text, n)
}

// Steps begins a new session.
func (s *Sessions) Steps(user int, rooms []int) []load.Step {
	s.users[user] = session{owed: len(rooms)}
	return s.EarshotProtocol.Steps(user, rooms)
}

// Return waits for hello and resumes, with the token of the hello before.
func (s *Sessions) Return(user int) []load.Step {
	u := &s.users[user]
	u.owed = 0
	say := fmt.Appendf(nil, `{"type":"resume","ref":1,"token":"%s","seen":[`, u.token)
	for i, p := range u.places {
		if i > 0 {
			say = append(say, ',')
		}
		say = fmt.Appendf(say, `{"room":%d,"seq":%d}`, p.room, p.last)
	}
	steps := []load.Step{
		{Want: []byte(`"type":"hello"`)},
		{Say: append(say, "]}"...), Want: []byte(`"type":"resumed"`)},
	}
	for range u.places {
		steps = append(steps, load.Step{Want: []byte(`"type":"returned"`)})
	}
	return steps
}

// Join is the command by which the user enters the room.
func (s *Sessions) Join(user, room int) []byte { return s.command(user, "join", room, "") }

// Leave is the command by which the user leaves the room.
func (s *Sessions) Leave(user, room int) []byte { return s.command(user, "leave", room, "") }

// Chat posts something that no mark is on.
func (s *Sessions) Chat(user, room int) []byte {
	return s.command(user, "post", room, fmt.Sprintf(`,"text":"Somebody came by.","nonce":"c%d"`, s.ref))
}

func (s *Sessions) command(user int, name string, room int, rest string) []byte {
	s.users[user].owed++
	s.ref++
	return fmt.Appendf(nil, `{"type":"%s","ref":%d,"room":%d%s}`, name, s.ref, s.Rooms[room], rest)
}

// In tells whether the user is in the room.
func (s *Sessions) In(user, room int) bool { return s.users[user].at(s.Rooms[room]) != nil }

// Settled tells whether the user has had all answers.
func (s *Sessions) Settled(user int) bool { return s.users[user].owed == 0 }

// Returns is how often sessions have gone on over other connections, over all users.
func (s *Sessions) Returns() int {
	n := 0
	for i := range s.users {
		n += s.users[i].returns
	}
	return n
}

// Behind is how many places lack the newest events of their rooms.
func (s *Sessions) Behind() int {
	n := 0
	for i := range s.users {
		for _, p := range s.users[i].places {
			if p.last < s.high[p.room] {
				n++
			}
		}
	}
	return n
}

// Mind looks at a frame.
func (s *Sessions) Mind(user int, payload []byte) error {
	u := &s.users[user]
	switch string(frameType(payload)) {
	case "message", "entered", "departed", "changed":
		s.event(user, payload)
	case "posted":
		u.owed--
		room, seq := number(payload, `"room":`), uint64(number(payload, `"seq":`))
		s.high[room] = max(s.high[room], seq)
	case "joined":
		u.owed--
		room, seq := number(payload, `"room":`), uint64(number(payload, `"seq":`))
		if p := u.at(room); p == nil {
			u.places = append(u.places, place{room: room, last: seq})
		}
	case "left":
		u.owed--
		room := number(payload, `"room":`)
		for i, p := range u.places {
			if p.room == room {
				u.places = append(u.places[:i], u.places[i+1:]...)
				break
			}
		}
	case "hello":
		token, ok := word(payload, `"resume":"`)
		if !ok {
			return fmt.Errorf("hello gives no token: %.300q", payload)
		}
		u.token = token
	case "resumed":
		u.returns++
		if back := count(payload, `"rooms":[`); back != len(u.places) {
			s.faults.add(&s.faults.Unreturned, int64(len(u.places)-back), "user %d is back in %d rooms of %d", user, back, len(u.places))
		}
	case "returned":
		s.returned(user, payload)
	}
	return nil
}

func (s *Sessions) event(user int, payload []byte) {
	s.events++
	room, seq := number(payload, `"room":`), uint64(number(payload, `"seq":`))
	p := s.users[user].at(room)
	switch {
	case p == nil:
		s.faults.add(&s.faults.Strays, 1, "user %d, who is not in room %d, got its event %d", user, room, seq)
		return
	case seq <= p.last:
		s.faults.add(&s.faults.Doubled, 1, "user %d got event %d of room %d after event %d", user, seq, room, p.last)
		return
	case seq > p.last+1:
		s.faults.add(&s.faults.Holes, int64(seq-p.last-1), "user %d got event %d of room %d after event %d", user, seq, room, p.last)
	}
	p.last = seq
	if s.high[room] < seq {
		s.high[room] = seq
	}
}

func (s *Sessions) returned(user int, payload []byte) {
	room, lost := number(payload, `"room":`), number(payload, `"lost":`)
	p := s.users[user].at(room)
	if p == nil {
		s.faults.add(&s.faults.Strays, 1, "user %d is back in room %d and was never in it", user, room)
		return
	}
	if lost > 0 {
		s.faults.add(&s.faults.Lost, lost, "user %d was told that %d events of room %d after %d are lost", user, lost, room, p.last)
		p.last += uint64(lost)
	}
	// What it announces has to come.
	s.high[room] = max(s.high[room], uint64(number(payload, `"seq":`)))
}

// frameType is the type, which the server writes first.
func frameType(payload []byte) []byte {
	const head = `{"type":"`
	if !bytes.HasPrefix(payload, []byte(head)) {
		return nil
	}
	rest := payload[len(head):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil
	}
	return rest[:end]
}

// number is the first number behind the name; 0 where there is none.
func number(payload []byte, name string) int64 {
	i := bytes.Index(payload, []byte(name))
	if i < 0 {
		return 0
	}
	var n int64
	for _, b := range payload[i+len(name):] {
		if b < '0' || b > '9' {
			break
		}
		n = n*10 + int64(b-'0')
	}
	return n
}

// word is the string behind the name. Tokens have nothing in them that is escaped.
func word(payload []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(payload, []byte(name))
	end := bytes.IndexByte(rest, '"')
	if !ok || end <= 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// count is how many numbers are in the list behind the name.
func count(payload []byte, name string) int {
	_, rest, ok := bytes.Cut(payload, []byte(name))
	list, _, closed := bytes.Cut(rest, []byte("]"))
	if !ok || !closed || len(list) == 0 {
		return 0
	}
	n := 0
	for part := range bytes.SplitSeq(list, []byte(",")) {
		if _, err := strconv.ParseInt(string(part), 10, 64); err == nil {
			n++
		}
	}
	return n
}
