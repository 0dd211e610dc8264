package earshot

import "time"

// Kind says what happened.
type Kind uint8

// The kinds of event.
const (
	// KindMessage: something was said. Author, Text, Nonce.
	KindMessage Kind = iota + 1
	// KindEntered: Users came in; Count are inside now.
	KindEntered
	// KindDeparted: Users went out; Count are inside now.
	KindDeparted
	// KindTyping: Author is typing. It has no number and is never repeated: a client forgets it after some seconds.
	KindTyping
	// KindRoomChanged: the room has a new title, topic or access. Changed.
	KindRoomChanged
	// KindRoomClosed: the room is no more; it is the last event of the room.
	KindRoomClosed
)

// Numbered tells whether events of this kind take a place in the room's sequence.
func (k Kind) Numbered() bool { return k != KindTyping }

// Event is something that happened in a room. It is not changed once it was published, and nobody keeps it longer than
// the replay window.
type Event struct {
	Kind Kind
	Room RoomID
	// Seq is the event's place among the room's events, from 1, given by the relay; zero for kinds without a number.
	Seq uint64
	// At is when the server took it, to the millisecond.
	At     time.Time
	Author UserRef
	Text   string
	Nonce  string
	// Users are all who entered or departed at once; an encoding names the first MaxNamed and counts the rest.
	Users []UserRef
	// Count is how many are inside after it.
	Count int
	// Changed is the room as it is now.
	Changed *Room
}

// MaxNamed is how many users an encoded entrance or departure names. The rest is counted, so that a room of thousands
// filling up costs its occupants a line a second and not a name for each of each other.
const MaxNamed = 20
