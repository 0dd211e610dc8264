package ws

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// readSize is the buffer that all connections of a loop share: what one read takes at most.
	readSize = 64 << 10
	// eventBatch is how many connections one look at epoll gives; after each batch the fan-out gets its turn.
	eventBatch = 128
	// heldSize is how many bytes may be held for the next write: a few answers and the message that they wait for.
	heldSize = 1024
)

// pollers are the loops that connections at rest wait in. A connection belongs to one loop for its life.
type pollers struct {
	loops []*loop
	mu    sync.Mutex
	turn  int
}

// newPollers starts a loop for each core.
func newPollers(run func(func())) (*pollers, error) {
	p := &pollers{}
	for range runtime.GOMAXPROCS(0) {
		l, err := newLoop()
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.loops = append(p.loops, l)
		run(l.run)
	}
	return p, nil
}

func (p *pollers) close() error {
	var errs []error
	for _, l := range p.loops {
		errs = append(errs, l.epoll.Close())
	}
	return errors.Join(errs...)
}

// adopt takes a TCP connection over from net, or TLS on top of one that came from a TakeoverListener: its descriptor is
// duplicated and the original closed, which leaves nothing of it with Go's own poller. What only stood at the beginning of
// the connection is taken off. It gives nil, and leaves the connection as it is, for any other kind.
func (p *pollers) adopt(c *conn, nc net.Conn, bound int) (link, func(early []byte)) {
	cover, under := uncover(nc)
	if w, ok := under.(wrapped); ok {
		under = w.Bare()
	}
	tcp, ok := under.(*net.TCPConn)
	if !ok {
		return nil, nil
	}
	fd, err := duplicate(tcp)
	if err != nil {
		return nil, nil
	}
	_ = tcp.Close()
	p.mu.Lock()
	l := p.loops[p.turn]
	p.turn = (p.turn + 1) % len(p.loops)
	p.mu.Unlock()
	s := &socket{loop: l, conn: c, fd: fd, pending: backlog{max: bound}}
	if cover == nil {
		return s, s.start
	}
	return veil(s, cover), s.start
}

// duplicate gives another descriptor of the connection.
func duplicate(tcp *net.TCPConn) (int, error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd := -1
	var failed error
	err = raw.Control(func(old uintptr) { fd, failed = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(err, failed)
}

// loop waits for the sockets of many connections and reads them.
//
// Its epoll descriptor is itself watched by Go's poller: so the waiting goroutine is parked like any other and holds no
// thread, and the scheduler finds it when something comes in.
type loop struct {
	epoll *os.File
	fd    int
	// held are the buffers for what sockets hold, *[heldSize]byte.
	held sync.Pool

	mu      sync.Mutex
	sockets map[int]*socket
}

func newLoop() (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// NewFile puts only non-blocking descriptors under Go's poller.
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return &loop{epoll: os.NewFile(uintptr(fd), "epoll"), fd: fd, sockets: make(map[int]*socket)}, nil
}

// run serves the loop until its epoll descriptor is closed.
func (l *loop) run() {
	raw, err := l.epoll.SyscallConn()
	if err != nil {
		return
	}
	events := make([]unix.EpollEvent, eventBatch)
	buf := make([]byte, readSize)
	var holding []*socket
	for {
		n := 0
		err := raw.Read(func(uintptr) bool {
			n, _ = unix.EpollWait(l.fd, events, 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, ev := range events[:n] {
			l.mu.Lock()
			s := l.sockets[int(ev.Fd)]
			l.mu.Unlock()
			if s != nil && s.handle(ev.Events, buf) {
				holding = append(holding, s)
			}
		}
		// What the batch said is fanned out before the next is read: on one core the workers would otherwise wait for as long
		// as there is something to read.
		runtime.Gosched()
		// Mostly the fan-out has written it by now.
		for i, s := range holding {
			s.writeHeld()
			holding[i] = nil
		}
		holding = holding[:0]
	}
}

// buffer gives an empty buffer of heldSize bytes, and recycle takes it back when it has been cleared.
func (l *loop) buffer() []byte {
	if b, ok := l.held.Get().(*[heldSize]byte); ok {
		return b[:0]
	}
	return make([]byte, 0, heldSize)
}

func (l *loop) recycle(b []byte) {
	if cap(b) == heldSize {
		l.held.Put((*[heldSize]byte)(b[:heldSize]))
	}
}

// socket is the link of a connection at rest in a loop. Only the loop's goroutine reads from the descriptor and closes
// it; so nobody uses a number that meanwhile belongs to another connection.
type socket struct {
	loop *loop
	conn *conn
	// veil is TLS between the socket and the connection, nil without.
	veil *veiled

	mu        sync.Mutex
	fd        int // -1 once closed
	interest  uint32
	away      bool // a command is carried out elsewhere: nothing is read
	finishing bool
	aborted   bool
	// held tells that nobody tried to write what is pending: it is in a buffer of the loop and waits for the next write, or
	// for the end of the loop's batch.
	held    bool
	pending backlog
}

// start puts the socket into its loop. What was read together with the handshake is taken first, in the same way.
func (s *socket) start(early []byte) {
	s.mu.Lock()
	s.away = len(early) > 0 || s.veil != nil
	s.interest = s.wanted()
	s.loop.mu.Lock()
	s.loop.sockets[s.fd] = s
	s.loop.mu.Unlock()
	err := unix.EpollCtl(s.loop.fd, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: s.interest, Fd: int32(s.fd)}) //nolint:gosec // descriptors are small
	s.mu.Unlock()
	if err != nil {
		s.shut()
	}
	if len(early) > 0 || s.veil != nil {
		s.conn.digest(early)
		s.back()
	}
}

// wanted is what the loop should watch for. Under s.mu.
func (s *socket) wanted() uint32 {
	want := uint32(0)
	if !s.away {
		want |= unix.EPOLLIN
	}
	if len(s.pending.bytes) > 0 && !s.held {
		want |= unix.EPOLLOUT
	}
	return want
}

// watch tells epoll what is wanted now, if that changed. Under s.mu.
func (s *socket) watch() {
	want := s.wanted()
	if s.fd < 0 || want == s.interest {
		return
	}
	s.interest = want
	// It fails only for a descriptor that is not in the set; start put it there, and shut takes it out for good.
	_ = unix.EpollCtl(s.loop.fd, unix.EPOLL_CTL_MOD, s.fd, &unix.EpollEvent{Events: want, Fd: int32(s.fd)}) //nolint:gosec // descriptors are small
}

// over tells that nothing more is taken. Under s.mu.
func (s *socket) over() bool { return s.finishing || s.aborted || s.fd < 0 }

func (s *socket) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return errClosed
	}
	return s.put(b, false)
}

// hold keeps b for the next write, if the loop is reading: then it sees to it that there is one.
//
// A room of ten so hears a message with ten writes instead of eleven, and nobody waits for the answer to be written.
func (s *socket) hold(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return errClosed
	}
	return s.retain(b)
}

// retain is hold under s.mu.
func (s *socket) retain(b []byte) error {
	if !s.away && len(s.pending.bytes) == 0 && len(b) <= heldSize {
		s.held, s.pending.bytes = true, s.loop.buffer()
	}
	if !s.joins(b) {
		return s.put(b, false)
	}
	s.pending.bytes = append(s.pending.bytes, b...)
	return nil
}

// joins tells whether b goes out in one write with what is held. Under s.mu.
func (s *socket) joins(b []byte) bool {
	return s.held && len(s.pending.bytes)+len(b) <= cap(s.pending.bytes)
}

// writeHeld writes what is held.
func (s *socket) writeHeld() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
}

// release writes what is held, if anything is. Under s.mu.
func (s *socket) release() {
	if !s.held {
		return
	}
	s.held = false
	buf := s.pending.bytes
	s.drain()
	if len(s.pending.bytes) == 0 {
		s.loop.recycle(buf)
	} else if s.pending.since.IsZero() {
		s.pending.since = time.Now()
	}
}

// put writes at once what goes, and keeps the rest for when the socket can take more. Under s.mu.
func (s *socket) put(b []byte, last bool) error {
	if s.joins(b) {
		s.pending.bytes = append(s.pending.bytes, b...)
		b = nil
	}
	if s.release(); s.aborted {
		return errClosed
	}
	if len(b) == 0 {
		return nil
	}
	if len(s.pending.bytes) > 0 {
		return s.pending.add(b, last)
	}
	n, err := send(s.fd, b)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		s.hangUp()
		return errClosed
	}
	if n == len(b) {
		return nil
	}
	err = s.pending.add(b[n:], last)
	s.watch()
	return err
}

// send writes without waiting; n is what was taken, also beside an error.
func send(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Write(fd, b)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}

// hangUp has the loop find the connection broken. Under s.mu.
func (s *socket) hangUp() {
	s.aborted = true
	s.pending.lower(true)
	if s.fd >= 0 {
		_ = unix.Shutdown(s.fd, unix.SHUT_RDWR)
	}
}

func (s *socket) finish(last []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return
	}
	s.finishing = true
	s.pending.lower(true)
	if s.put(last, true) == nil && len(s.pending.bytes) == 0 {
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
	}
}

func (s *socket) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
}

func (s *socket) room(ctx context.Context) {
	s.mu.Lock()
	low := s.pending.lowered(0)
	if s.over() {
		low = nil
	}
	s.mu.Unlock()
	await(ctx, low)
}

func (s *socket) stalledSince() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.since
}

// take gives what was read to the connection. What that must wait for is waited for on another goroutine; until it is
// done, which take then tells, nothing is read.
func (s *socket) take(data []byte) (away bool) {
	later := s.conn.receive(data)
	if later == nil {
		return false
	}
	s.mu.Lock()
	s.away = true
	s.watch()
	s.mu.Unlock()
	go func() {
		later()
		s.conn.digest(nil)
		s.back()
	}()
	return true
}

// back goes on reading after a command was carried out elsewhere, or ends the connection if it broke meanwhile.
func (s *socket) back() {
	if s.veil != nil {
		s.veil.readAhead()
	}
	s.mu.Lock()
	s.away = false
	s.watch()
	over := s.fd < 0
	s.mu.Unlock()
	if over {
		s.conn.gone()
	}
}

// handle acts on what epoll said of the socket, and tells whether it now may hold something; only the loop calls it.
func (s *socket) handle(events uint32, buf []byte) (holds bool) {
	s.mu.Lock()
	if events&unix.EPOLLOUT != 0 {
		s.drain()
	}
	fd, away := s.fd, s.away
	s.mu.Unlock()
	if away {
		// Nothing is read now. But if both directions are dead there is nothing to come back to, and epoll would report it
		// again and again.
		if events&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			s.shut()
		}
		return false
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) == 0 {
		return false
	}
	if s.veil != nil {
		return s.veil.handle(buf)
	}
	n, err := unix.Read(fd, buf)
	switch {
	case n > 0:
		s.take(buf[:n])
		return true
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
	default: // the other side closed (n == 0), or the connection broke
		s.shut()
	}
	return false
}

// drain writes what was kept. Under s.mu.
func (s *socket) drain() {
	if s.fd < 0 {
		return
	}
	n, err := send(s.fd, s.pending.bytes)
	s.pending.took(n)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		s.hangUp()
		return
	}
	if len(s.pending.bytes) == 0 && s.finishing {
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
	}
	s.watch()
}

// shut closes the descriptor and lets the connection know; only the loop calls it, or start before the loop can. While a
// command is carried out elsewhere it is back that lets the connection know: what is read belongs to one goroutine.
func (s *socket) shut() {
	s.mu.Lock()
	fd, away := s.fd, s.away
	if fd < 0 {
		s.mu.Unlock()
		return
	}
	s.loop.mu.Lock()
	delete(s.loop.sockets, fd)
	s.loop.mu.Unlock()
	s.fd = -1
	clear(s.pending.bytes)
	s.pending.lower(true)
	s.pending, s.held = backlog{}, false
	_ = unix.Close(fd)
	s.mu.Unlock()
	if !away {
		s.conn.gone()
	}
}
