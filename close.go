package earshot

// CloseReason says why the server ends a connection. Each transport has one code of its own for each, and the codes
// tell the client what to do: come back now, come back later, or do not come back (docs/protocol.md, "Close codes").
type CloseReason uint8

// The reasons.
const (
	// CloseStopping: the server stops or restarts. Come back after a moment, spread over some seconds.
	CloseStopping CloseReason = iota + 1
	// CloseSlow: the connection did not take its bytes in time. Come back now.
	CloseSlow
	// CloseSilent: nothing was heard of the client, not even an answer to a ping. Come back now.
	CloseSilent
	// CloseBusy: the server is full. Come back later.
	CloseBusy
	// CloseRevoked: the log-in that opened the session has ended. Log in before coming back.
	CloseRevoked
	// CloseAbuse: too much came, or too much of it was malformed. Do not come back as you are.
	CloseAbuse
	// CloseReplaced: the session goes on over another connection. Come back as a new one, if at all.
	CloseReplaced
	// CloseBanned: the user, or the address, is banned from the server. Do not come back before that is over.
	CloseBanned
)

// CloseFor is why a connection ends to which the hub gave no session, by the error it gave instead.
func CloseFor(err error) CloseReason {
	switch CodeOf(err) {
	case CodeUnauthenticated:
		return CloseRevoked
	case CodeBanned:
		return CloseBanned
	case CodeStopping:
		return CloseStopping
	default:
		return CloseBusy
	}
}

// String gives the reason in words that a person can read.
func (r CloseReason) String() string {
	switch r {
	case CloseStopping:
		return "the server is stopping"
	case CloseSlow:
		return "the connection is too slow for what is said"
	case CloseSilent:
		return "nothing was heard from the client"
	case CloseBusy:
		return "the server is full"
	case CloseRevoked:
		return "the log-in has ended"
	case CloseAbuse:
		return "too much was sent, or too much of it was malformed"
	case CloseReplaced:
		return "the session goes on over another connection"
	case CloseBanned:
		return "banned from this server"
	}
	return "unknown reason"
}
