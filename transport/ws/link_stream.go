package ws

import (
	"context"
	"net"
	"sync"
	"time"
)

// stream is the link with goroutines: one reads, one writes. It works with every net.Conn on every system, TLS included,
// at the price of two stacks and a buffer for each connection.
type stream struct {
	net  net.Conn
	conn *conn

	mu        sync.Mutex
	wake      sync.Cond
	pending   backlog
	flying    int // bytes taken from pending that are being written now
	finishing bool
	closed    bool
}

func newStream(c *conn, nc net.Conn, bound int) *stream {
	s := &stream{net: nc, conn: c, pending: backlog{max: bound}}
	s.wake.L = &s.mu
	return s
}

// start begins reading and writing. early is what was read together with the handshake.
func (s *stream) start(early []byte) {
	s.conn.srv.links.Go(s.writeLoop)
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
	s.wake.Signal()
	return err
}

// hold is write, which only gathers what writeLoop then writes.
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
	s.wake.Signal()
}

func (s *stream) abort() {
	s.mu.Lock()
	s.closed = true
	s.pending.lower(true)
	s.wake.Signal()
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

// writeLoop writes what gathers, until the link is finished or aborted.
func (s *stream) writeLoop() {
	var run []byte
	for {
		s.mu.Lock()
		s.flying, s.pending.since = 0, time.Time{}
		s.pending.lower(false)
		for len(s.pending.bytes) == 0 && !s.finishing && !s.closed {
			s.wake.Wait()
		}
		if s.closed || len(s.pending.bytes) == 0 {
			s.mu.Unlock()
			break
		}
		run = s.pending.bytes
		s.pending.bytes, s.pending.since, s.flying = nil, time.Now(), len(run)
		s.mu.Unlock()
		_, err := s.net.Write(run)
		clear(run)
		if err != nil {
			s.abort()
			return
		}
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return
	}
	// All is written. The other side may take a while to read it and to close: readLoop waits for that, so long.
	if half, ok := s.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = s.net.SetReadDeadline(time.Now().Add(lingerTime))
}

// readLoop reads until the connection ends.
func (s *stream) readLoop(early []byte) {
	defer s.conn.gone()
	defer s.abort()
	s.conn.digest(early)
	buf := make([]byte, 4096)
	for {
		n, err := s.net.Read(buf)
		s.conn.digest(buf[:n])
		if err != nil {
			return
		}
	}
}
