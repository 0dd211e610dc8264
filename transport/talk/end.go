package talk

import (
	"time"

	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// Final tells whether nobody comes back to a session whose connection ended so.
func Final(code uint16) bool {
	return code == wire.CloseRevoked || code == wire.CloseAbuse || code == wire.CloseReplaced || code == wire.CloseBanned
}

// returnRate is how many clients a second a stopping server sends back: what its successor takes on one core (docs/performance.md,
// workload g) with half of it to spare.
const returnRate = 2500

// Spread is over how long so many clients of a stopping server should spread their return.
func Spread(clients int) time.Duration {
	const least = 200 * time.Millisecond
	return max(least, time.Duration(clients)*time.Second/returnRate)
}

// Limits is what a client is held to in a hub with that configuration, where a frame may have so many bytes.
func Limits(cfg hub.Config, frameBytes int) wire.Limits {
	return wire.Limits{
		FrameBytes: frameBytes, TextBytes: cfg.MaxText, Rooms: cfg.MaxRooms,
		PostsPerSecond: cfg.PostsPerSecond, PostsBurst: cfg.PostsBurst,
		FramesPerSecond: cfg.FramesPerSecond, FramesBurst: cfg.FramesBurst,
	}
}

// Greeting is what a transport says of itself in hello.
type Greeting struct {
	// Version is the server's, for people.
	Version string
	// FrameBytes is the longest frame a client may send.
	FrameBytes int
	// Ping is how often at least the server sends something.
	Ping time.Duration
}

// Hello gives the first frame of a connection.
func (g Greeting) Hello(h *hub.Hub, session *hub.Session) wire.Hello {
	user := session.User()
	return wire.Hello{
		Type: wire.FrameHello, Protocol: wire.Subprotocol, Server: g.Version, Epoch: h.Epoch(), User: wire.UserOf(user.Ref()),
		Limits: Limits(h.Config(), g.FrameBytes), PingMs: g.Ping.Milliseconds(),
		Resume: session.Token(), ResumeMs: h.Config().ResumeWindow.Milliseconds(),
	}
}
