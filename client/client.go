package client

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// Hello is what the server says of itself and of the session when a connection begins.
type Hello struct {
	// Server is the server's version, for people.
	Server string
	// Epoch names the numbering of all rooms.
	Epoch string
	// User is who one is.
	User earshot.UserRef
	// Limits is what the server holds a client to.
	Limits wire.Limits
	// Ping is how often at least the server says something.
	Ping time.Duration
	// Resume is for how long after a lost connection the session can go on; 0 where the server keeps none.
	Resume time.Duration
}

// Posted acknowledges a message: it has its place in the room.
type Posted struct {
	Seq uint64
	// At is when the server took it, to the millisecond.
	At time.Time
	// Nonce is the message's own, by which one knows it again among the events.
	Nonce string
	// Heard is how many people besides the author were in the room to hear it.
	Heard int
}

// Page is a part of a room's occupants, by name.
type Page struct {
	Occupants []earshot.Occupant
	// Count is how many are inside in all.
	Count int
	// More tells that others follow: ask with the last name as after.
	More bool
}

// Client is one session with a server, kept up over as many connections as it takes. Dial makes one; its methods may be
// called from any goroutine.
type Client struct {
	opts   Options
	site   *site
	queue  *queue
	events chan Event
	calls  chan func(now time.Time, m *machine)
	// stop is closed by Close, done when everything is over; ready when the first hello came.
	stop, done, ready chan struct{}
	stopOnce          sync.Once
	wg                sync.WaitGroup

	mu    sync.Mutex
	hello Hello
	err   error
}

// Dial connects and gives a client that stays connected until Close, or until the server says that it may not come back.
// The context bounds the wait for the first hello only. Without Options.KeepTrying one try is made. Errors:
// *earshot.Error where the server refuses (CodeUnauthenticated: the token or the cookie is not good), *CloseError,
// *ProtocolError where the other side is no Earshot, what the network says, the cause of ctx.
func Dial(ctx context.Context, opts Options) (*Client, error) {
	s, err := newSite(&opts)
	if err != nil {
		return nil, err
	}
	if opts.Outbox <= 0 {
		opts.Outbox = DefaultOutbox
	}
	if opts.Buffer <= 0 {
		opts.Buffer = DefaultBuffer
	}
	c := &Client{
		opts: opts, site: s, queue: newQueue(), events: make(chan Event), calls: make(chan func(time.Time, *machine)),
		stop: make(chan struct{}), done: make(chan struct{}), ready: make(chan struct{}),
	}
	m := newMachine(mathrand.Float64, opts.KeepTrying, opts.Outbox)
	if opts.hurry != nil {
		m.wait = opts.hurry
	}
	c.wg.Go(func() { c.queue.pump(c.events, c.stop) })
	c.wg.Go(func() { newRunner(c, m).run() })
	select {
	case <-c.ready:
		return c, nil
	case <-c.done:
		select {
		case <-c.ready: // and it ended at once: Err tells, and there are events
			return c, nil
		default:
		}
		err = c.Err()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_ = c.Close()
	return nil, err
}

// Events is what happens, in order. It is one stream: of several readers each gets a part. It is closed when the client
// has ended, by Close (what was not taken by then is dropped) or by the server (what came before is delivered first); Err
// tells why.
//
// Whoever does not take the events holds the client up: when Options.Buffer of them wait, it stops reading; the server
// then closes the connection as too slow, keeps the session, and what was missed comes after the return, or a Gap if it
// was too much. Calls may be made while handling an event: while one waits, up to 16 times as many events are taken in to
// reach its answer; if that is not enough, it ends with ErrBehind.
func (c *Client) Events() <-chan Event { return c.events }

// Done is closed when the client has ended: there will be no further connection. Events that came before may still wait.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err tells why the client ended: ErrClosed after Close, *earshot.Error with CodeUnauthenticated when the log-in has
// ended, *CloseError when the server does not want the client back, *ProtocolError; nil while it has not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Hello gives what the server said last, at the present connection or the one before.
func (c *Client) Hello() Hello {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hello
}

// Close ends the session: others see one depart at once. Without a connection it can tell nobody, and the session ends by
// itself (Hello.Resume). Calls that wait end with ErrClosed. It waits until the goroutines of the client have ended, at most
// some seconds, may be called more than once and while handling an event, and gives nil.
func (c *Client) Close() error {
	c.stopOnce.Do(func() { close(c.stop) })
	c.wg.Wait()
	c.site.close()
	return nil
}

// Join enters a room, waits while the server is busy or not there, and tells what the room is like. From then on its
// events come, over every lost connection, until Leave, Closed or Removed. In a room one is in already it asks for the
// room as it is now. If ctx ends before one was inside, the room is not entered. Errors: *earshot.Error with CodeNotFound
// where there is no such room or one may not know of it, CodeLimit, CodeInternal; ErrOutboxFull, ErrBehind, ErrClosed or
// another error of Err; the cause of ctx, with the server's last refusal.
func (c *Client) Join(ctx context.Context, room earshot.RoomID) (Joined, error) {
	res := c.do(ctx, &call{kind: wire.CommandJoin, room: room})
	return res.joined, res.err
}

// Leave leaves a room; when it returns, no event of the room follows but those that wait in Events already. Without a
// connection it returns at once, and the server learns of it with the next one. Errors: *earshot.Error with
// CodeNotInRoom; the others are those of Join.
func (c *Client) Leave(ctx context.Context, room earshot.RoomID) error {
	return c.do(ctx, &call{kind: wire.CommandLeave, room: room}).err
}

// Post says something in a room one is in, and returns when it has its place there. It outlives lost connections and
// restarts of the server: the message is sent again under its nonce, by which the server, and after a restart the others,
// know it again, so that nobody hears it twice. (Only a server that is back in touch after longer than it remembers
// nonces, which is Hello.Resume and at least a minute, cannot.) It waits while the server says that it is too fast or too
// much. Messages to a room arrive in the order of the calls.
//
// If ctx ends, the message was not heard, or it was and the answer was not: nobody knows. PostNonce with the same nonce
// tells. Errors: *earshot.Error with CodeNotInRoom, CodeInvalid, CodeTooLarge (Hello.Limits.TextBytes), CodeInternal; the
// others are those of Join.
func (c *Client) Post(ctx context.Context, room earshot.RoomID, text string) (Posted, error) {
	return c.PostNonce(ctx, room, text, rand.Text())
}

// PostDraft is Post with all that a message may have: an answer to another one, which must have come since Joined, and a
// size. Without a nonce it gets one. If the room had to be joined anew before it was heard, it is no answer any more.
func (c *Client) PostDraft(ctx context.Context, room earshot.RoomID, draft earshot.Draft) (Posted, error) {
	if draft.Nonce == "" {
		draft.Nonce = rand.Text()
	}
	if err := draft.Validate(c.mostText()); err != nil {
		return Posted{}, err
	}
	res := c.do(ctx, &call{
		kind: wire.CommandPost, room: room, text: string(draft.Text), nonce: draft.Nonce, reply: draft.Reply, size: draft.Size,
	})
	return res.posted, res.err
}

// mostText is how long a text may be.
func (c *Client) mostText() int {
	if most := c.Hello().Limits.TextBytes; most > 0 {
		return most
	}
	return mostRead
}

// PostNonce is Post under a nonce of one's own: 1 to 64 printable ASCII characters, which no other message of this user
// may have had within the last minutes. A program that remembers nonces can send a message again after its own restart.
func (c *Client) PostNonce(ctx context.Context, room earshot.RoomID, text, nonce string) (Posted, error) {
	if nonce == "" {
		return Posted{}, earshot.FieldError("nonce", "A post needs a nonce.")
	}
	return c.PostDraft(ctx, room, earshot.Draft{Text: []byte(text), Nonce: nonce})
}

// Typing tells the room that one is typing. It counts for 5 seconds, so it is told now or not at all: without a
// connection it is ErrNotConnected. The other errors are those of Leave.
func (c *Client) Typing(ctx context.Context, room earshot.RoomID) error {
	return c.do(ctx, &call{kind: wire.CommandTyping, room: room}).err
}

// Status sets one's status in all rooms, for this session and those that follow it. Errors: *earshot.Error with
// CodeInvalid; the others are those of Join.
func (c *Client) Status(ctx context.Context, status earshot.Status) error {
	if err := status.Validate(); err != nil {
		return err
	}
	return c.do(ctx, &call{kind: wire.CommandStatus, status: status}).err
}

// Occupants gives the next at most 100 of those inside a room one is in, those named after the given name; empty for the
// first. Errors are those of Leave.
func (c *Client) Occupants(ctx context.Context, room earshot.RoomID, after string) (Page, error) {
	if !utf8.ValidString(after) {
		return Page{}, earshot.FieldError("after", "A name must be valid UTF-8.")
	}
	res := c.do(ctx, &call{kind: wire.CommandOccupants, room: room, after: after})
	return res.page, res.err
}

// do has a call carried out and waits for what becomes of it.
func (c *Client) do(ctx context.Context, cl *call) result {
	if cl.room <= 0 && cl.kind != wire.CommandStatus {
		return result{err: earshot.FieldError("room", "A room's number is 1 or more.")}
	}
	cl.done = make(chan result, 1)
	select {
	case c.calls <- func(now time.Time, m *machine) { m.ask(now, cl) }:
	case <-ctx.Done():
		return result{err: context.Cause(ctx)}
	case <-c.done:
		return result{err: c.Err()}
	}
	select {
	case res := <-cl.done:
		return res
	case <-ctx.Done():
	case <-c.done:
		// Whatever waited was answered before.
		return <-cl.done
	}
	var last *earshot.Error
	told := make(chan struct{})
	select {
	case c.calls <- func(now time.Time, m *machine) {
		last = cl.last
		m.cancel(now, cl)
		close(told)
	}:
		<-told
	case <-c.done:
	}
	select {
	case res := <-cl.done: // the answer came first
		return res
	default:
		return result{err: givenUp(ctx, last)}
	}
}
