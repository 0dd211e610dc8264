package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// Options says whom a Generator loads and with how many.
type Options struct {
	// Addr is where the server listens, over IPv4. Connections to the loopback network come from several of its addresses.
	Addr netip.AddrPort
	// Protocol is how to speak to it.
	Protocol Protocol
	// Users is how many connections there are, each of its own user; the users are numbered from 0.
	Users int
	// Rooms is which rooms a user is in.
	Rooms func(user int) []int
	// Role is what is special about a user; nil is nothing.
	Role func(user int) Role
	// Lost is called when a connection ends that the generator did not end itself, or the server refuses something on it:
	// the connection is closed then, and the rest goes on. It must not call the generator. Where it is nil, while Connect
	// runs, or when it gives an error, everything ends with an error.
	Lost func(user int, err error) error
	// Spin burns the processor while there is nothing to do, so that what is measured has no wake-ups in it. It needs a
	// processor of its own.
	Spin bool
}

// room is one room as the generator sees it.
type room struct {
	members []*conn
	// author is the member who posts next.
	author int
	// sent is how many messages were posted; left is how many members each of the last ones has yet to reach, from number
	// base on.
	sent, base uint32
	left       []int32
}

// Generator holds connections to a server. It is for one goroutine.
type Generator struct {
	proto   Protocol
	minder  Minder // the same, if it is one
	batcher Batcher
	role    func(int) Role
	lost    func(int, error) error
	addr    netip.AddrPort
	roomsOf func(int) []int
	spin    bool

	epoll  int
	events []unix.EpollEvent
	conns  []*conn
	rooms  map[int]*room
	ready  int
	// opening is true while Connect runs.
	opening bool

	buf, scratch, frame, text []byte
	mask                      [4]byte

	start      time.Time
	now        int64
	posts      uint64
	deliveries int64
	twice      int64
	strays     int64
	// unsaid is how many messages were due in rooms where nobody was there to post them.
	unsaid int64
	// open is how many messages have not reached all members.
	open int64

	// hearer is the connection whose frame is looked at, and found is onDelivery, made once.
	hearer *conn
	found  func(mark) error

	latency *hdrhistogram.Histogram
	// onDone is called when a message has reached all members of its room.
	onDone func(room int) error
}

// New makes a Generator without connections. Close it.
func New(o Options) (*Generator, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	g := &Generator{
		proto: o.Protocol, addr: o.Addr, roomsOf: o.Rooms, role: o.Role, lost: o.Lost, spin: o.Spin,
		epoll: fd, events: make([]unix.EpollEvent, 1024), rooms: make(map[int]*room),
		conns: make([]*conn, 0, o.Users), buf: make([]byte, maxFrame), start: time.Now(),
		latency: hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3),
	}
	if g.role == nil {
		g.role = func(int) Role { return Role{} }
	}
	g.minder, _ = o.Protocol.(Minder)
	g.batcher, _ = o.Protocol.(Batcher)
	g.found = g.onDelivery
	_, _ = rand.Read(g.mask[:])
	return g, nil
}

// Close closes all connections.
func (g *Generator) Close() error {
	for _, c := range g.conns {
		if c.state != stateClosed {
			c.state = stateClosed
			_ = unix.Close(c.fd)
		}
	}
	return unix.Close(g.epoll)
}

func (g *Generator) clock() int64 { return int64(time.Since(g.start)) }

// Connect opens the connections up to user n (exclusive), at most window at a time, and is done when all are in their rooms.
func (g *Generator) Connect(ctx context.Context, n, window int) (time.Duration, error) {
	begin, from := time.Now(), len(g.conns)
	g.opening = true
	defer func() { g.opening = false }()
	for g.ready < n {
		for len(g.conns) < n && len(g.conns)-g.ready < window {
			if err := g.dial(len(g.conns)); err != nil {
				return 0, err
			}
		}
		if err := g.poll(100); err != nil {
			return 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("%d of %d were connected and in their rooms: %w", g.ready-from, n-from, err)
		}
	}
	took := time.Since(begin)
	for _, c := range g.conns[from:] {
		for _, m := range c.rooms {
			r := g.rooms[int(m.room)]
			if r == nil {
				r = &room{}
				g.rooms[int(m.room)] = r
			}
			r.members = append(r.members, c)
		}
	}
	return took, nil
}

// Idle goes on answering what the server asks, for so long.
func (g *Generator) Idle(ctx context.Context, d time.Duration) error {
	return g.Until(ctx, d, func() bool { return false })
}

// Until goes on answering until done is true or the time is over.
func (g *Generator) Until(ctx context.Context, d time.Duration, done func() bool) error {
	for end := time.Now().Add(d); !done() && time.Now().Before(end); {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.poll(20); err != nil {
			return err
		}
	}
	return nil
}

// next is who posts next; nil if nobody can.
func (r *room) next() *conn {
	for i := range r.members {
		c := r.members[(r.author+i)%len(r.members)]
		if c.state == stateReady && !c.role.Mute {
			// Not the neighbour: authors are spread over the room, whatever order a server writes in.
			r.author = (r.author + i + len(r.members)/3 + 1) % len(r.members)
			return c
		}
	}
	return nil
}

// post sends one message to the room in the name of its next author. at is its time, in nanoseconds of the clock.
func (g *Generator) post(number int, at int64) error {
	r := g.rooms[number]
	c := r.next()
	if c == nil {
		g.unsaid++
		return nil
	}
	g.text = appendText(g.text[:0], mark{room: uint32(number), number: r.sent, sent: at})
	g.posts++
	g.scratch = g.proto.Post(g.scratch[:0], c.user, number, g.text, g.posts)
	if err := g.say(c, g.proto.Opcode(), g.scratch); err != nil {
		return g.failed(c, err)
	}
	r.sent++
	r.left = append(r.left, int32(len(r.members)))
	g.open++
	return nil
}

// onDelivery counts one message that reached one member, the hearer.
func (g *Generator) onDelivery(m mark) error {
	c := g.hearer
	g.deliveries++
	var place *membership
	for i := range c.rooms {
		if c.rooms[i].room == m.room {
			place = &c.rooms[i]
			break
		}
	}
	r := g.rooms[int(m.room)]
	if place == nil || r == nil || m.number >= r.sent {
		// One who follows the session knows better which rooms it is in.
		if g.minder == nil {
			g.strays++
		}
		return nil
	}
	if !place.tally.take(m.number) {
		g.twice++
		return nil
	}
	// What was said before the connection was there comes as late as its user.
	if !c.role.Unmeasured && m.sent >= c.since {
		_ = g.latency.RecordValue(min((g.now-m.sent)/1000, g.latency.HighestTrackableValue()))
	}
	i := m.number - r.base
	r.left[i]--
	if r.left[i] > 0 {
		return nil
	}
	g.open--
	if i == 0 {
		done := 0
		for done < len(r.left) && r.left[done] == 0 {
			done++
		}
		r.left = append(r.left[:0], r.left[done:]...)
		r.base += uint32(done)
	}
	if g.onDone != nil {
		return g.onDone(int(m.room))
	}
	return nil
}

// missing is how many deliveries have not come.
func (g *Generator) missing() int64 {
	var n int64
	for _, c := range g.conns {
		for i := range c.rooms {
			n += int64(g.rooms[int(c.rooms[i].room)].sent) - int64(c.rooms[i].tally.had())
		}
	}
	return n
}

// pass is one turn of a measured loop.
func (g *Generator) pass(ctx context.Context, turn int) error {
	wait := 1
	if g.spin {
		wait = 0
	}
	if err := g.poll(wait); err != nil {
		return err
	}
	if turn&1023 == 0 {
		// Whoever ends the run needs the processor to say so.
		runtime.Gosched()
		return ctx.Err()
	}
	return nil
}

// errNobody is for a load on a server without connections.
var errNobody = errors.New("nobody is connected")
