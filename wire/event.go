package wire

// FrameType names what the server sends.
type FrameType string

// The frames: hello first, then answers to commands and events as they come.
const (
	FrameHello     FrameType = "hello"
	FrameOK        FrameType = "ok"
	FrameError     FrameType = "error"
	FrameJoined    FrameType = "joined"
	FrameLeft      FrameType = "left"
	FramePosted    FrameType = "posted"
	FrameOccupants FrameType = "occupants"
	FrameMessage   FrameType = "message"
	FrameEntered   FrameType = "entered"
	FrameDeparted  FrameType = "departed"
	FrameTyping    FrameType = "typing"
	FrameChanged   FrameType = "changed"
	FrameClosed    FrameType = "closed"
	FrameRemoved   FrameType = "removed"
	FramePing      FrameType = "ping"
	FrameResumed   FrameType = "resumed"
	FrameReturned  FrameType = "returned"
	FrameStatus    FrameType = "status"
	FrameProfile   FrameType = "profile"
	FrameStopping  FrameType = "stopping"
	FrameEnd       FrameType = "end"
	FrameEdited    FrameType = "edited"
	FrameTakenBack FrameType = "taken_back"
	FrameReaction  FrameType = "reaction"
	FrameSeen      FrameType = "seen"
	FrameMuted     FrameType = "muted"
)

// User is what one sees of a user.
type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Occupant is what one sees of somebody inside.
type Occupant struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Status is away or dnd; it is left out for active.
	Status string `json:"status,omitempty"`
	// Seen is the number of the last event that this one has seen. It is left out where that is not known, and in rooms of
	// over 20.
	Seen uint64 `json:"seen,omitempty,omitzero"`
}

// Room is what one sees of a room.
type Room struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Topic string `json:"topic"`
	// Access is public, staff or private.
	Access string `json:"access"`
	// Owner is the id of the user who may change and delete the room besides staff; 0 for none.
	Owner int64 `json:"owner"`
	// SlowSeconds is how many seconds must lie between two messages of a user; left out for none.
	SlowSeconds int `json:"slow_seconds,omitempty,omitzero"`
	// Locked is posts where only those who keep order may say anything, entry where only they may enter; left out for neither.
	Locked string `json:"locked,omitempty"`
}

// Limits is what the server holds a client to.
type Limits struct {
	// FrameBytes is the longest frame or message a client may send.
	FrameBytes int `json:"frame_bytes"`
	// TextBytes is the longest text of a message, in bytes of UTF-8.
	TextBytes int `json:"text_bytes"`
	// Rooms is how many rooms a session may be in.
	Rooms int `json:"rooms"`
	// PostsPerSecond is how many messages a user may post in the long run, and PostsBurst how many at once.
	PostsPerSecond float64 `json:"posts_per_second"`
	PostsBurst     int     `json:"posts_burst"`
	// FramesPerSecond is how many frames of any kind a user's clients may send in the long run, posts within their own
	// limits not counted, and FramesBurst how many at once. Who sends more is cut off.
	FramesPerSecond float64 `json:"frames_per_second"`
	FramesBurst     int     `json:"frames_burst"`
}

// Hello is the first frame of a connection.
type Hello struct {
	Type     FrameType `json:"type" tstype:"'hello'"`
	Protocol string    `json:"protocol"`
	// Server is the server's version, for people.
	Server string `json:"server"`
	// Epoch names the numbering of all rooms: numbers of another epoch mean nothing in this one.
	Epoch  string `json:"epoch"`
	User   User   `json:"user"`
	Limits Limits `json:"limits"`
	// PingMs is how often at least the server sends something, in milliseconds: a client that hears nothing for twice as
	// long has lost it.
	PingMs int64 `json:"ping_ms"`
	// Resume is the token that brings this session back over another connection, once (CommandResume). It is empty where
	// the server keeps no sessions.
	Resume string `json:"resume"`
	// ResumeMs is for how long after a lost connection the token is good, in milliseconds; 0 where Resume is empty.
	ResumeMs int64 `json:"resume_ms"`
	// Session is the secret by which requests name the session of an event stream; only there it is given.
	Session string `json:"session,omitempty"`
}

// End is the last frame of an event stream: what a WebSocket says by a close frame.
type End struct {
	Type FrameType `json:"type" tstype:"'end'"`
	// Code is one of the close codes in docs/protocol.md.
	Code int `json:"code"`
	// Reason says it for a person.
	Reason string `json:"reason"`
}

// OK answers a command that has nothing to tell.
type OK struct {
	Type FrameType `json:"type" tstype:"'ok'"`
	Ref  int64     `json:"ref"`
}

// Error refuses a command. Ref is 0 where the frame was too broken to have one.
type Error struct {
	Type FrameType `json:"type" tstype:"'error'"`
	Ref  int64     `json:"ref"`
	// Code is one of the codes in docs/protocol.md, "Errors".
	Code string `json:"code"`
	// Message is a sentence for a person.
	Message string `json:"message"`
	// Field is the input at fault, if it is one.
	Field string `json:"field,omitempty"`
	// RetryMs is after how many milliseconds another try makes sense, if waiting helps.
	RetryMs int64 `json:"retry_ms,omitempty,omitzero"`
}

// Joined answers join: from here on every event of the room with a number over Seq comes, and none before it.
type Joined struct {
	Type FrameType `json:"type" tstype:"'joined'"`
	Ref  int64     `json:"ref"`
	Room int64     `json:"room"`
	// Info is the room as it is now.
	Info Room   `json:"info"`
	Seq  uint64 `json:"seq"`
	// Occupants are those inside, by name, the joiner among them: the first page of at most 100.
	Occupants []Occupant `json:"occupants"`
	// Count is how many are inside.
	Count int `json:"count"`
}

// Resumed answers resume: the session goes on. For each room that is named a Returned follows; rooms that were asked for
// and are not named are no longer this session's, and may be joined anew.
type Resumed struct {
	Type  FrameType `json:"type" tstype:"'resumed'"`
	Ref   int64     `json:"ref"`
	Rooms []int64   `json:"rooms"`
}

// Returned tells that the session hears a room again. The events that it missed follow, up to Seq, then those that come.
type Returned struct {
	Type FrameType `json:"type" tstype:"'returned'"`
	Room int64     `json:"room"`
	// Info is the room as it is now.
	Info Room   `json:"info"`
	Seq  uint64 `json:"seq"`
	// Lost is how many of the missed events the server does not have any more: the first ones.
	Lost uint64 `json:"lost"`
	// Occupants and Count are as in Joined.
	Occupants []Occupant `json:"occupants"`
	Count     int        `json:"count"`
}

// Left answers leave: no event of the room follows.
type Left struct {
	Type FrameType `json:"type" tstype:"'left'"`
	Ref  int64     `json:"ref"`
	Room int64     `json:"room"`
}

// Posted acknowledges post: the message has its place in the room. It acknowledges edit, too; then the place is that of
// Edited.
type Posted struct {
	Type  FrameType `json:"type" tstype:"'posted'"`
	Ref   int64     `json:"ref"`
	Room  int64     `json:"room"`
	Seq   uint64    `json:"seq"`
	At    int64     `json:"at"`
	Nonce string    `json:"nonce"`
	// Heard is how many people besides the author were in the room to hear it.
	Heard int `json:"heard"`
}

// Occupants answers occupants with one page, by name.
type Occupants struct {
	Type      FrameType  `json:"type" tstype:"'occupants'"`
	Ref       int64      `json:"ref"`
	Room      int64      `json:"room"`
	Occupants []Occupant `json:"occupants"`
	Count     int        `json:"count"`
	// More tells that another page follows: ask with the last name as after.
	More bool `json:"more"`
}

// Message is something said.
type Message struct {
	Type FrameType `json:"type" tstype:"'message'"`
	Room int64     `json:"room"`
	// Seq is the event's number: numbers of a room's events rise by one within an epoch.
	Seq uint64 `json:"seq"`
	// At is when the server took it, in milliseconds since 1970 UTC.
	At   int64 `json:"at"`
	User User  `json:"user"`
	// Nonce is the one the author's client made.
	Nonce string `json:"nonce"`
	// Text is empty in a message that is told again after it was edited or taken back: Edited or TakenBack follows.
	Text string `json:"text"`
	// Reply is the number of the message that this one answers; left out for none.
	Reply uint64 `json:"reply,omitempty,omitzero"`
	// Size is how loud it is, from -2, a whisper, to 2, a shout; left out for 0.
	Size int `json:"size,omitempty,omitzero"`
}

// Edited tells that a message has another text.
type Edited struct {
	Type FrameType `json:"type" tstype:"'edited'"`
	Room int64     `json:"room"`
	// Seq is this event's own number, Of that of the message.
	Seq  uint64 `json:"seq"`
	At   int64  `json:"at"`
	User User   `json:"user"`
	Of   uint64 `json:"of"`
	// Text is empty in an edit that is told again after another one or a taking back: that follows.
	Text string `json:"text"`
}

// TakenBack tells that a message is to be forgotten.
type TakenBack struct {
	Type FrameType `json:"type" tstype:"'taken_back'"`
	Room int64     `json:"room"`
	// Seq is this event's own number, Of that of the message.
	Seq  uint64 `json:"seq"`
	At   int64  `json:"at"`
	User User   `json:"user"`
	Of   uint64 `json:"of"`
}

// Reaction tells that somebody put an emoji to a message or took it away. The server keeps no tally: a user has an emoji
// at a message if the last that was heard of it says on.
type Reaction struct {
	Type FrameType `json:"type" tstype:"'reaction'"`
	Room int64     `json:"room"`
	// Seq is this event's own number, Of that of the message.
	Seq   uint64 `json:"seq"`
	At    int64  `json:"at"`
	User  User   `json:"user"`
	Of    uint64 `json:"of"`
	Emoji string `json:"emoji"`
	On    bool   `json:"on"`
}

// Sighting tells how far people in a room of at most 20 have seen. It has no number.
type Sighting struct {
	Type FrameType `json:"type" tstype:"'seen'"`
	Room int64     `json:"room"`
	Seen []SeenBy  `json:"seen"`
}

// SeenBy is how far one user has seen a room.
type SeenBy struct {
	ID int64 `json:"id"`
	// Seq is the number of the last event that this one has seen.
	Seq uint64 `json:"seq"`
}

// Presence tells who entered or departed: one person, or many at once in a large room.
type Presence struct {
	Type FrameType `json:"type" tstype:"'entered' | 'departed'"`
	Room int64     `json:"room"`
	Seq  uint64    `json:"seq"`
	At   int64     `json:"at"`
	// Users names at most 20; More is how many went unnamed.
	Users []User `json:"users"`
	More  int    `json:"more,omitempty,omitzero"`
	// Count is how many are inside now.
	Count int `json:"count"`
}

// Typing tells who types: one person, or many at once in a large room. It counts for 5 seconds and has no number.
type Typing struct {
	Type FrameType `json:"type" tstype:"'typing'"`
	Room int64     `json:"room"`
	// Users names at most 20; More is how many went unnamed.
	Users []User `json:"users"`
	More  int    `json:"more,omitempty,omitzero"`
}

// Status tells that people inside have a new status; it has no number.
type Status struct {
	Type FrameType `json:"type" tstype:"'status'"`
	Room int64     `json:"room"`
	// Status is active, away or dnd.
	Status string `json:"status"`
	// Users names at most 20; More is how many went unnamed.
	Users []User `json:"users"`
	More  int    `json:"more,omitempty,omitzero"`
}

// Profile tells what somebody inside shows now besides the name; it has no number.
type Profile struct {
	Type FrameType `json:"type" tstype:"'profile'"`
	Room int64     `json:"room"`
	User User      `json:"user"`
	// DisplayName is what the user is called besides the name, Avatar the tag of the picture; each is empty for none.
	DisplayName string `json:"display_name"`
	Avatar      string `json:"avatar"`
}

// Changed tells what the room is now.
type Changed struct {
	Type FrameType `json:"type" tstype:"'changed'"`
	Room int64     `json:"room"`
	Info Room      `json:"info"`
	Seq  uint64    `json:"seq"`
	At   int64     `json:"at"`
}

// Closed tells that the room was deleted; nothing follows.
type Closed struct {
	Type FrameType `json:"type" tstype:"'closed'"`
	Room int64     `json:"room"`
	Seq  uint64    `json:"seq"`
	At   int64     `json:"at"`
}

// Removed tells this session that it is no longer in the room, without having asked to leave.
type Removed struct {
	Type FrameType `json:"type" tstype:"'removed'"`
	Room int64     `json:"room"`
	// Code is forbidden (the user may no longer enter), kicked or banned.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Reason is what whoever did it gave as the reason, if anything.
	Reason string `json:"reason,omitempty"`
	// RetryMs is after how many milliseconds the user may come back, where that is known.
	RetryMs int64 `json:"retry_ms,omitempty,omitzero"`
}

// Muted tells this session that its user may say nothing in the room, or may again. It comes when that changes, and after
// joined and returned where it is so; the end of a mute is told to nobody.
type Muted struct {
	Type FrameType `json:"type" tstype:"'muted'"`
	Room int64     `json:"room"`
	On   bool      `json:"on"`
	// Until is when it ends, in milliseconds since 1970 UTC, and RetryMs in how many; left out for good.
	Until   int64 `json:"until,omitempty,omitzero"`
	RetryMs int64 `json:"retry_ms,omitempty,omitzero"`
	// Reason is what whoever did it gave as the reason, if anything.
	Reason string `json:"reason,omitempty"`
}

// Ping tells that the connection lives. A browser answers the protocol's own pings (RFC 6455, section 5.5.2) without
// showing them to the page, so each comes with one of these.
type Ping struct {
	Type FrameType `json:"type" tstype:"'ping'"`
}

// Stopping tells that the server is about to close the connection because it stops or restarts.
type Stopping struct {
	Type FrameType `json:"type" tstype:"'stopping'"`
	// ReturnMs is over how many milliseconds the clients should spread their return: each waits for a random part of it.
	ReturnMs int64 `json:"return_ms"`
}
