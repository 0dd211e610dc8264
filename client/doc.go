// Package client speaks to an Earshot server: for bots, for the command line, for tests. A Client is one session, which
// it keeps up by itself over lost connections and restarts of the server.
//
// # A first bot
//
//	c, err := client.Dial(ctx, client.Options{URL: "https://chat.example.org", Token: token, KeepTrying: true})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	if _, err := c.Join(ctx, room); err != nil {
//		return err
//	}
//	for ev := range c.Events() {
//		if m, ok := ev.(client.Message); ok && m.Author.ID != c.Hello().User.ID {
//			if _, err := c.Post(ctx, m.Room, "You said: "+m.Text); err != nil {
//				return err
//			}
//		}
//	}
//	return c.Err()
//
// The token comes from `earshot token create NAME`; LogIn makes a cookie of a name and a password instead. Client.Rooms
// tells which rooms there are.
//
// # Calls and events
//
// What one asks for is a call with a context: Join, Leave, Post, Typing, Status, Occupants. What happens comes on one
// channel, Client.Events, in the order in which it happened: the events of a room in the room's order, and between them
// what becomes of the connection. One's own messages come there too, like everybody's; what Post gives back is only that
// the message has its place, and how many people heard it.
//
// A room has no past: one hears what comes after Joined. What is said is nowhere kept: not by the server, and not by this
// package once it has handed it over.
//
// # When the connection is lost
//
// The client connects again, as fast as the server's close code allows, with waits that grow and are spread at random. The
// server keeps the session for a while (Hello.Resume), so that mostly nothing is missed:
//
//	Disconnected    the connection is gone
//	Connected       another one stands
//	Returned        the session goes on in a room (one for each)
//	Message …       what was missed, as if nothing had been
//
// If it was away for too long, or the server was restarted, the rooms are joined anew, and that something is missing is
// said:
//
//	Gap             so much was missed in a room; nobody has it any more
//	Joined          one is in the room again
//
// The client counts the numbers of the events of every room. Whatever is missing, announced or not, is told by a Gap, never
// passed over; what comes twice is dropped.
//
// Calls outlive this. A post that was not acknowledged is sent again under its nonce, by which the server knows whether it
// was heard already; it waits for its room to come back, and returns when it has its place or its context ends. So do joins,
// questions for occupants and statuses. A room that was joined stays joined until Leave, Removed or Closed.
//
// The client gives up when the log-in has ended, or the server says that it must not come back: then the channel is closed
// and Client.Err tells why. Nothing else ends it but Client.Close, which everyone who dials must call.
//
// # When the application is slow
//
// Options.Buffer events wait for the application; then the client stops reading. It drops nothing: the server does, after
// a while, by closing the connection as too slow, and the session then comes back as after any lost connection. What the
// server could not keep meanwhile is a Gap.
//
// # Errors
//
// What the server refuses is an *earshot.Error; programs decide by its Code, never by the sentence. Refusals that pass
// (rate_limited, busy, stopping) are waited out until the context ends. The client's own are ErrClosed, ErrOutboxFull,
// ErrNotConnected, ErrBehind; a connection ends with *CloseError, *ProtocolError, ErrSilent or what the network said.
//
// # Inside
//
// A machine (machine.go) holds all rules and knows no clock, no network and no goroutine: frames, calls and the passing of
// time go in; frames, events and answers come out. Its parts are the connection's life (machine.go, backoff.go), the
// session's (resume.go), the rooms' (room.go) and the calls' (calls.go). One goroutine drives it (run.go) with a link
// (link.go), which is one WebSocket connection with a goroutine that reads and one that writes; another hands the events
// over (queue.go). docs/protocol.md is what they all obey.
package client
