package ws

import (
	"context"
	"io"
	"sync"
	"time"
)

// road is what stream needs of a net.Conn. One that has a method CloseWrite, as TCP, TLS and tunnels do, is told the end of
// what is written.
type road interface {
	io.ReadWriteCloser
	SetReadDeadline(at time.Time) error
}

// stream is the link with goroutines: one reads, and a second one writes while there is something to write. It works with
// every net.Conn on every system, and with a stream of HTTP/2, at the price of a stack and a small buffer for each
// connection at rest.
type stream struct {
	net  road
	conn *conn

	mu        sync.Mutex
	pending   backlog
	flying    int  // bytes taken from pending that are being written now
	writing   bool // the goroutine that writes is there
	finishing bool
	closed    bool
}

func newStream(c *conn, nc road, bound int) *stream {
	return &stream{net: nc, conn: c, pending: backlog{max: bound}}
}

// start begins reading. early is what was read together with the handshake.
func (s *stream) start(early []byte) {
	s.conn.srv.links.Go(func() { s.readLoop(early) })
}

func (s *stream) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finishing || s.closed {
		return errClosed
	}
	if s.flying+len(s.pending.bytes)+len(b) > s.pending.max {
		return errSlow
	}
	err := s.pending.add(b, false)
	s.rouse()
	return err
}

// rouse sees to it that what is pending is written. It is called under s.mu, and only until readLoop is at its end: so no
// goroutine begins while the server already waits for the last ones.
func (s *stream) rouse() {
	if !s.writing {
		s.writing = true
		s.conn.srv.links.Go(s.writeOut)
	}
}

// hold is write, which only gathers what writeOut then writes.
func (s *stream) hold(b []byte) error { return s.write(b) }

func (s *stream) finish(last []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finishing || s.closed {
		return
	}
	s.finishing = true
	s.pending.lower(true)
	_ = s.pending.add(last, true)
	s.rouse()
}

func (s *stream) abort() {
	s.mu.Lock()
	s.closed = true
	s.pending.lower(true)
	s.mu.Unlock()
	// Whoever reads or writes now gets an error and ends; the error of a second Close says nothing new.
	_ = s.net.Close()
}

func (s *stream) room(ctx context.Context) {
	s.mu.Lock()
	low := s.pending.lowered(s.flying)
	if s.finishing || s.closed {
		low = nil
	}
	s.mu.Unlock()
	await(ctx, low)
}

func (s *stream) stalledSince() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.since
}

// writeOut writes what gathers, and ends when there is nothing more.
func (s *stream) writeOut() {
	for {
		run, last := s.next()
		if run == nil {
			if last {
				s.farewell()
			}
			return
		}
		_, err := s.net.Write(run)
		clear(run)
		if err != nil {
			s.abort()
			return
		}
	}
}

// next takes what is to be written now, as flying; nil if that is nothing, and then last tells whether nothing ever will
// be, because the link is finished.
func (s *stream) next() (run []byte, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying, s.pending.since = 0, time.Time{}
	s.pending.lower(false)
	if s.closed || len(s.pending.bytes) == 0 {
		s.writing = false
		return nil, s.finishing && !s.closed
	}
	run = s.pending.bytes
	s.pending.bytes, s.pending.since, s.flying = nil, time.Now(), len(run)
	return run, false
}

// farewell tells the other side that all is written. It may take a while to read that and to close: readLoop waits for it,
// so long.
func (s *stream) farewell() {
	if half, ok := s.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = s.net.SetReadDeadline(time.Now().Add(s.conn.srv.linger))
}

const (
	// smallRead is the buffer that a connection waits with: mostly a command or a pong comes.
	smallRead = 512
	// bigRead is the buffer for what does not fit; it is kept for as long as more comes.
	bigRead = 16 << 10
)

// readLoop reads until the connection ends.
func (s *stream) readLoop(early []byte) {
	defer s.conn.gone()
	defer s.abort()
	s.conn.digest(early)
	buf := make([]byte, smallRead)
	for {
		n, err := s.net.Read(buf)
		s.conn.digest(buf[:n])
		if err == nil && n == len(buf) {
			err = s.readMore()
		}
		if err != nil {
			return
		}
	}
}

// readMore reads with a big buffer until less comes than a small one holds.
func (s *stream) readMore() error {
	buf, ok := s.conn.srv.big.Get().(*[bigRead]byte)
	if !ok {
		buf = new([bigRead]byte)
	}
	defer s.conn.srv.big.Put(buf) // digest has cleared it
	for {
		n, err := s.net.Read(buf[:])
		s.conn.digest(buf[:n])
		if err != nil || n < smallRead {
			return err
		}
	}
}
