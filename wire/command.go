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
	// Ref is the client's own number for the command, from 1 to 2^53-1; the answer carries it. A typing command may come
	// without one and is then not answered unless it is refused.
	Ref int64 `json:"ref,omitempty,omitzero"`
	// Room is needed by every command but ping, resume and status.
	Room int64 `json:"room,omitempty,omitzero"`
	// Text is what is said; needed by post.
	Text Text `json:"text,omitempty" tstype:"string"`
	// Nonce is the client's own name for a message, up to 64 printable ASCII characters; needed by post.
	Nonce string `json:"nonce,omitempty"`
	// After is the name after which the next page of occupants starts; empty for the first.
	After string `json:"after,omitempty"`
	// Token is what hello gave to the session that is to go on; needed by resume.
	Token string `json:"token,omitempty"`
	// Seen are the rooms that the client wants to go on hearing; resume leaves the others.
	Seen []Seen `json:"seen,omitempty"`
	// Status is active, away or dnd; needed by status.
	Status string `json:"status,omitempty"`
}
