// Package wire is the JSON protocol that the page, the Go client and every script speak: the commands a client sends,
// the answers and events it gets, and how they are turned to bytes and back. docs/protocol.md tells it in prose,
// docs/asyncapi.yaml for machines; the page's TypeScript types are made from the types here.
package wire

// Subprotocol is the version of the protocol, as negotiated by Sec-WebSocket-Protocol (RFC 6455, section 1.9).
const Subprotocol = "earshot.v1"

// CommandType names what a client asks for.
type CommandType string

// The commands.
const (
	CommandJoin      CommandType = "join"
	CommandLeave     CommandType = "leave"
	CommandPost      CommandType = "post"
	CommandTyping    CommandType = "typing"
	CommandOccupants CommandType = "occupants"
	CommandPing      CommandType = "ping"
	CommandResume    CommandType = "resume"
	CommandStatus    CommandType = "status"
	CommandEdit      CommandType = "edit"
	CommandTakeBack  CommandType = "take_back"
	CommandReact     CommandType = "react"
	CommandSeen      CommandType = "seen"
)

// Seen is how far a client has heard a room.
type Seen struct {
	Room int64 `json:"room"`
	// Seq is the number of the last event that it has, or that of the room's joined.
	Seq uint64 `json:"seq"`
}

// Text is a JSON string as bytes of its own, so that what was said can be cleared when it is done with.
type Text []byte

// Command is one frame from a client. Which fields a command needs is said at each.
type Command struct {
	Type CommandType `json:"type"`
	// Ref is the client's own number for the command, from 1 to 2^53-1; the answer carries it. Typing and seen may
	// come without one and are then not answered unless they are refused.
	Ref int64 `json:"ref,omitempty,omitzero"`
	// Room is needed by every command but ping, resume and status.
	Room int64 `json:"room,omitempty,omitzero"`
	// Text is what is said; needed by post and edit.
	Text Text `json:"text,omitempty" tstype:"string"`
	// Nonce is the client's own name for a message, up to 64 printable ASCII characters; needed by post and,
	// for an edit, by edit.
	Nonce string `json:"nonce,omitempty"`
	// After is the name after which the next page of occupants starts; empty for the first.
	After string `json:"after,omitempty"`
	// Token is what hello gave to the session that is to go on; needed by resume.
	Token string `json:"token,omitempty"`
	// Seen are the rooms that the client wants to go on hearing; resume leaves the others.
	Seen []Seen `json:"seen,omitempty"`
	// Status is active, away or dnd; needed by status.
	Status string `json:"status,omitempty"`
	// Reply is the number of the message that a post answers; left out for none.
	Reply uint64 `json:"reply,omitempty,omitzero"`
	// Size is how loud a post is, from -2, a whisper, to 2, a shout; left out for 0.
	Size int `json:"size,omitempty,omitzero"`
	// Seq is the number of the message that edit, take_back or react is about, or of the last event that was seen; needed
	// by these four.
	Seq uint64 `json:"seq,omitempty,omitzero"`
	// Emoji is one emoji, of at most 35 bytes; needed by react.
	Emoji Text `json:"emoji,omitempty" tstype:"string"`
	// On tells that the emoji is put to the message, and not taken away; needed by react.
	On *bool `json:"on,omitempty"`
}

// Clear clears what was said in the command, when it is done with.
func (c *Command) Clear() {
	clear(c.Text)
	clear(c.Emoji)
}
