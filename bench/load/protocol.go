// Package load puts load on a messenger over WebSocket and counts what comes back: how much, how late, and whether anything
// was lost or came twice.
//
// It is one loop over one epoll, without a goroutine or a buffer per connection, so that the generator costs less than what it
// measures. What differs between messengers is behind Protocol. It runs on Linux only.
package load

// Protocol is what a messenger wants to hear and how it says things, once the WebSocket is open. Users and rooms are numbered
// from 0; a Protocol knows their names. It is used by one generator at a time.
type Protocol interface {
	// Handshake appends the request that opens the user's WebSocket (RFC 6455, section 4.1), to its empty line.
	Handshake(dst []byte, user int) []byte
	// Steps is what is said until the user is logged in and inside the rooms.
	Steps(user int, rooms []int) []Step
	// Post appends the payload that posts the text to the room. n is different for each post of a run, and above 0.
	Post(dst []byte, user, room int, text []byte, n uint64) []byte
	// Opcode is the kind of frame in which everything is said: OpText or OpBinary.
	Opcode() byte
	// Answer looks at the payload of a frame without a message in it. It returns what is to be said in return, nil for
	// nothing, and an error where the messenger refused something.
	Answer(payload []byte) ([]byte, error)
}

// Batcher is a Protocol whose messenger puts several things into one frame, so that it can ask for something beside messages.
type Batcher interface {
	Protocol
	// Beside looks at the payload of a frame with a message in it, for what else is there, and returns what is to be said in
	// return; nil for nothing.
	Beside(payload []byte) []byte
}

// Minder is a Protocol that follows each user's session: it sees holes and doubles in what no mark is on, and knows how to go
// on with a session over another connection.
type Minder interface {
	Protocol
	// Mind looks at the payload of each frame that reaches the user, before anything else is done with it. It does not keep
	// it. An error ends the user's connection.
	Mind(user int, payload []byte) error
	// Return is what is said on a new connection, instead of Steps, until the user's session goes on where it was.
	Return(user int) []Step
}

// Role is what is special about a user. The zero value is a user who reads, posts in turn and is measured.
type Role struct {
	// Mute users are never the authors of what Run posts.
	Mute bool
	// Unmeasured users' latencies are left out; whether everything reached them is not.
	Unmeasured bool
	// Small users have a receive buffer of a few kilobytes, and segments as a network has them: without that, the loopback
	// takes megabytes for one who does not read.
	Small bool
}

// Step is one thing to say and what to wait for afterwards.
type Step struct {
	// Say is the payload of one frame; nil says nothing.
	Say []byte
	// Want is what a payload has in it when the step is done.
	Want []byte
}
