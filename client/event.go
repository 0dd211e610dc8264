package client

import (
	"time"

	"github.com/earshot-chat/earshot"
)

// Event is something that the application is told: one of the types of this file, by value.
//
//	switch ev := ev.(type) {
//	case client.Message:
//	case client.Gap:
//	}
//
// Events of a room come in the room's order. Kinds may be added: a switch should let others pass.
type Event interface{ event() }

// Connected tells that a connection stands and the server has said hello. Rooms follow by themselves: each that one was
// in comes as Returned or Joined, or goes as Removed.
type Connected struct{ Hello Hello }

// Disconnected tells that the connection is gone, or that another try to connect has failed. The client comes back by
// itself; if it does not, the stream of events ends instead (Client.Err).
type Disconnected struct {
	// Err says why: *CloseError, *ProtocolError, *earshot.Error for a refused handshake, ErrSilent, or what the network said.
	Err error
	// Retry is how long the client waits before it tries again.
	Retry time.Duration
}

// Joined tells that one is inside a room and hears what comes after Seq, and nothing from before. It comes for every
// Client.Join that was not inside already, and again when the client had to join anew after a loss; then a Gap is before
// it, unless nothing was said meanwhile.
type Joined struct {
	Room earshot.RoomID
	// Info is the room as it is now; its CreatedAt is not told.
	Info earshot.Room
	// Seq is the number of the room's last event.
	Seq uint64
	// Occupants are the first 100 who are inside, by name, oneself among them; Client.Occupants gives the others.
	Occupants []earshot.Occupant
	// Count is how many are inside.
	Count int
}

// Returned tells that the session goes on in a room after a lost connection. What was missed follows as if nothing had
// been, after a Gap if the server does not have all of it any more.
type Returned struct {
	Room earshot.RoomID
	// Info is the room as it is now; its CreatedAt is not told.
	Info earshot.Room
	// Seq is the number of the last event that was missed.
	Seq uint64
	// Occupants and Count are as in Joined.
	Occupants []earshot.Occupant
	Count     int
}

// GapReason says why events are missing.
type GapReason string

// The reasons.
const (
	// GapLost: the connection was gone for too long, or too much was said: the server has dropped the first of what was missed.
	GapLost GapReason = "lost"
	// GapSession: the session was over before the client came back. It has joined anew.
	GapSession GapReason = "session"
	// GapRestart: the server is another than before (it was restarted), and numbers its events anew.
	GapRestart GapReason = "restart"
	// GapHole: the numbers have a hole that the server did not announce: a fault of the server.
	GapHole GapReason = "hole"
)

// Gap tells that events of a room were missed and do not come any more.
type Gap struct {
	Room earshot.RoomID
	// From and To are the first and the last number that is missing; 0 where that is not known.
	From, To uint64
	// Count is how many events are missing, messages and others; 0 where nobody knows.
	Count  uint64
	Reason GapReason
}

// Message is something said, by others or oneself (Author.ID is then Hello.User.ID).
type Message struct {
	Room earshot.RoomID
	// Seq is the event's place in the room.
	Seq uint64
	// At is when the server took it, to the millisecond.
	At     time.Time
	Author earshot.UserRef
	// Nonce is the one of the author's client.
	Nonce string
	// Text is what was said, as typed: whoever shows it must not take it for markup. It is empty in a message that comes
	// late, after a loss, and was changed or taken back meanwhile: Edited or TakenBack follows.
	Text string
	// Reply is the number of the message that this one answers, 0 for none.
	Reply uint64
	// Size is how loud it is, from earshot.MinSize to earshot.MaxSize.
	Size int
}

// Edited tells that the message Of has another text. Whoever was not there for the message hears it all the same.
type Edited struct {
	Room   earshot.RoomID
	Seq    uint64
	At     time.Time
	Author earshot.UserRef
	// Of is the number of the message.
	Of uint64
	// Text may be empty as in Message: another Edited, or TakenBack, follows.
	Text string
}

// TakenBack tells that the message Of is to be forgotten.
type TakenBack struct {
	Room   earshot.RoomID
	Seq    uint64
	At     time.Time
	Author earshot.UserRef
	// Of is the number of the message.
	Of uint64
}

// Reaction tells that somebody put an emoji to the message Of, or took it away. The last one of a user, a message and an
// emoji counts.
type Reaction struct {
	Room   earshot.RoomID
	Seq    uint64
	At     time.Time
	Author earshot.UserRef
	// Of is the number of the message.
	Of    uint64
	Emoji string
	// On is false where it was taken away.
	On bool
}

// Seen tells how far people in a room of at most 20 have seen: by user, the number of the last event. It has no number
// itself, and only the highest that was told of each counts.
type Seen struct {
	Room earshot.RoomID
	Seen map[earshot.UserID]uint64
}

// Entered tells that people came in.
type Entered struct {
	Room earshot.RoomID
	Seq  uint64
	At   time.Time
	// Users are at most 20; More is how many went unnamed.
	Users []earshot.UserRef
	More  int
	// Count is how many are inside now.
	Count int
}

// Departed tells that people went out. The fields are those of Entered.
type Departed struct {
	Room  earshot.RoomID
	Seq   uint64
	At    time.Time
	Users []earshot.UserRef
	More  int
	Count int
}

// Typing tells that people type; it counts for 5 seconds. It has no number and is never repeated.
type Typing struct {
	Room  earshot.RoomID
	Users []earshot.UserRef
	More  int
}

// Status tells that people inside have a new status. It has no number; whoever comes back finds it in the occupants.
type Status struct {
	Room   earshot.RoomID
	Status earshot.Status
	Users  []earshot.UserRef
	More   int
}

// Muted tells that one may say nothing in a room, or may again. It comes when that changes, and after Joined and Returned
// where it is so; that a mute has ended by itself is not told.
type Muted struct {
	Room earshot.RoomID
	On   bool
	// Until is when it ends, earshot.Forever for good; zero where it is not On.
	Until time.Time
	// Reason is what whoever did it gave as the reason; may be empty.
	Reason string
}

// Changed tells that a room has a new title, topic, access, slow mode or lock.
type Changed struct {
	Room earshot.RoomID
	Seq  uint64
	At   time.Time
	Info earshot.Room
}

// Closed tells that a room was deleted: one is no longer in it.
type Closed struct {
	Room earshot.RoomID
	Seq  uint64
	At   time.Time
}

// Removed tells that one is no longer in a room without having left it: put out, or not let in again after a loss.
type Removed struct {
	Room earshot.RoomID
	// Err says why: CodeForbidden, CodeKicked or CodeBanned, with the reason that was given (Because) and after which time one
	// may come back (RetryAfter; zero where that is not known or never), or another refusal.
	Err *earshot.Error
}

func (Connected) event()    {}
func (Disconnected) event() {}
func (Joined) event()       {}
func (Returned) event()     {}
func (Gap) event()          {}
func (Message) event()      {}
func (Entered) event()      {}
func (Departed) event()     {}
func (Typing) event()       {}
func (Status) event()       {}
func (Changed) event()      {}
func (Closed) event()       {}
func (Removed) event()      {}
func (Edited) event()       {}
func (TakenBack) event()    {}
func (Reaction) event()     {}
func (Seen) event()         {}
func (Muted) event()        {}
