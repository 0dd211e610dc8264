package wire

import "github.com/earshot-chat/earshot"

// The codes with which the server closes a WebSocket (RFC 6455, section 7.4). Section 7.4.2 leaves 4000 to 4999 to
// applications: ours are 40xx for come back now, 41xx for later, 45xx for not as you are. docs/protocol.md tells them to
// clients.
const (
	CloseGoingAway = 1001
	CloseInternal  = 1011
	CloseSlow      = 4000
	CloseSilent    = 4001
	CloseReplaced  = 4002
	CloseBusy      = 4100
	CloseRevoked   = 4500
	CloseAbuse     = 4501
	CloseBanned    = 4502
)

// CloseCode is the code for a reason.
func CloseCode(why earshot.CloseReason) uint16 {
	switch why {
	case earshot.CloseStopping:
		return CloseGoingAway
	case earshot.CloseSlow:
		return CloseSlow
	case earshot.CloseSilent:
		return CloseSilent
	case earshot.CloseBusy:
		return CloseBusy
	case earshot.CloseRevoked:
		return CloseRevoked
	case earshot.CloseAbuse:
		return CloseAbuse
	case earshot.CloseReplaced:
		return CloseReplaced
	case earshot.CloseBanned:
		return CloseBanned
	}
	return CloseInternal
}
