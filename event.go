package earshot

import "time"

// Kind says what happened.
type Kind uint8

// The kinds of event.
const (
	// KindMessage: something was said. Author, Text, Nonce, Size, and Of if it answers another message. Told again, it is
	// without a text if that was changed or taken back since.
	KindMessage Kind = iota + 1
	// KindEntered: Users came in; Count are inside now.
	KindEntered
	// KindDeparted: Users went out; Count are inside now.
	KindDeparted
	// KindTyping: Users are typing. It has no number and is never repeated: a client forgets it after some seconds.
	KindTyping
	// KindRoomChanged: the room has a new title, topic or access. Changed.
	KindRoomChanged
	// KindRoomClosed: the room is no more; it is the last event of the room.
	KindRoomClosed
	// KindStatus: Users, who are inside, have a new Status. It has no number: only the latest counts, and whoever comes
	// back is told it with the occupants.
	KindStatus
	// KindEdited: the Author's message Of has another Text. Told again, it is without a text if that was changed once more
	// or taken back.
	KindEdited
	// KindTakenBack: the Author's message Of is to be forgotten.
	KindTakenBack
	// KindReaction: the Author has put the emoji that is the Text to the message Of, or taken it away (On). Nobody keeps a
	// tally but those who heard it.
	KindReaction
	// KindSeen: Seen is how far some of those inside have seen. It has no number: only the highest counts, and whoever
	// comes back is told it with the occupants.
	KindSeen
	// KindProfile: the Author shows another Profile of itself. It has no number: whoever comes back asks for it.
	KindProfile
)

// Status is how far somebody who is inside is there.
type Status string

// The statuses.
const (
	// StatusActive: there and looking.
	StatusActive Status = "active"
	// StatusAway: inside, but not looking: the page is hidden or nobody touches it.
	StatusAway Status = "away"
	// StatusDoNotDisturb: there, and not to be disturbed.
	StatusDoNotDisturb Status = "dnd"
)

// Validate refuses what is none of the three.
func (s Status) Validate() error {
	switch s {
	case StatusActive, StatusAway, StatusDoNotDisturb:
		return nil
	}
	return FieldError("status", "A status is active, away or dnd.")
}

// Occupant is somebody inside a room.
type Occupant struct {
	UserRef
	// Status is empty for active.
	Status Status
	// Seen is the number of the last event that the occupant has seen; 0 where that is not known or the room is large.
	Seen uint64
}

// Numbered tells whether events of this kind take a place in the room's sequence.
func (k Kind) Numbered() bool {
	return k != KindTyping && k != KindStatus && k != KindSeen && k != KindProfile
}

// Event is something that happened in a room. It is not changed once it was published, and nobody keeps it longer than
// the replay window.
type Event struct {
	Kind Kind
	// Size is how loud a message is, from MinSize to MaxSize.
	Size int8
	// On tells that a reaction was put, not taken away.
	On   bool
	Room RoomID
	// Seq is the event's place among the room's events, from 1, given by the relay; zero for kinds without a number.
	Seq uint64
	// At is when the server took it, to the millisecond.
	At time.Time
	// Of is the number of the message that this one is about; 0 for none.
	Of     uint64
	Author UserRef
	// Text is bytes and no string so that whoever holds it can clear it. It belongs to the publisher again when Publish
	// has returned: a subscriber keeps a copy or nothing.
	Text  []byte
	Nonce string
	// Users are all who entered, departed, type or have the Status; an encoding names the first MaxNamed and counts the
	// rest.
	Users []UserRef
	// More is how many there were besides Users: more than 0 only in an event that is told again.
	More int
	// Status is what KindStatus tells.
	Status Status
	// Count is how many are inside after it.
	Count int
	// Changed is the room as it is now.
	Changed *Room
	// Seen are the numbers of the last events that users have seen.
	Seen map[UserID]uint64
	// Profile is what the Author shows now.
	Profile *Profile
}

// MaxNamed is how many users an encoded entrance or departure names. The rest is counted, so that a room of thousands
// filling up costs its occupants a line a second and not a name for each of each other.
const MaxNamed = 20
