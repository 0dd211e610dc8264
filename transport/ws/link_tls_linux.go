package ws

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// veiled is the link of a connection under TLS in a loop of epoll: a socket like any other, whose bytes go through
// crypto/tls on their way. At rest it has no goroutine, and no memory but that of the tls.Conn.
//
// crypto/tls is made for connections that block. But it takes a read that runs out of time for what it is, keeps what came
// of a record until then, and can be asked again: so the socket tells it that when there is nothing to read. Writing never
// has to wait, because the socket keeps what does not go.
type veiled struct {
	*socket
	tls *tls.Conn
	// ration is how many bytes may still be taken from the socket before others have their turn; it belongs to whoever reads.
	ration int

	// writes has frames encrypted and written in one order. It is taken before the locks of crypto/tls, and those before the
	// socket's.
	writes sync.Mutex
	// holding and granted tell what to do with what crypto/tls writes: that it may wait, as in hold, and that it is taken
	// however full the backlog is. crypto/tls also writes of its own accord while it reads, when the other side asks for a new
	// key: that is not granted, or at most while something else is. They are atomic because it looks at them then.
	holding, granted atomic.Bool
}

// veil puts TLS, of which the handshake is done, over the socket.
func veil(s *socket, cover *tls.Conn) *veiled {
	v := &veiled{socket: s, tls: cover}
	s.veil = v
	if g, ok := cover.NetConn().(*ground); ok { // it is: uncover has seen it
		g.Conn = bottom{v}
	}
	return v
}

// recordSize and recordOverhead are how much of what is written goes into a record at least, as crypto/tls begins with short
// ones, and how much is put around it at most.
// RFC 5246, section 6.2.3, for block ciphers with SHA-384: 5 of header, 16 of vector, 48 of MAC and 16 of padding.
const (
	recordSize     = 1 << 10
	recordOverhead = 96
)

func (v *veiled) write(b []byte) error { return v.encrypt(b, false) }

// hold holds the record, so that it travels with the next one.
func (v *veiled) hold(b []byte) error { return v.encrypt(b, true) }

func (v *veiled) encrypt(b []byte, hold bool) error {
	v.writes.Lock()
	defer v.writes.Unlock()
	// Before it is encrypted, and for all of it: a record that is not sent would be missing in the row.
	if err := v.fits(len(b) + (len(b)/recordSize+1)*recordOverhead); err != nil {
		return err
	}
	v.holding.Store(hold)
	v.granted.Store(true)
	defer v.granted.Store(false)
	if _, err := v.tls.Write(b); err != nil {
		v.abort()
		return errClosed
	}
	return nil
}

// fits tells whether so many bytes more are taken: within the bound, and in one write however many when nothing waits,
// because most of them go at once then.
func (v *veiled) fits(n int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch waiting := len(v.pending.bytes); {
	case v.over():
		return errClosed
	case waiting == 0 || v.held || waiting+n <= v.pending.max:
		return nil
	}
	return errSlow
}

func (v *veiled) finish(last []byte) {
	v.writes.Lock()
	defer v.writes.Unlock()
	if errors.Is(v.fits(0), errClosed) {
		return
	}
	v.holding.Store(false)
	v.granted.Store(true)
	// What fails here fails because the socket broke, which the loop finds.
	_, _ = v.tls.Write(last)
	_ = v.tls.CloseWrite()
	v.socket.finish(nil)
}

// handle reads what there is, and tells whether the socket now may hold something; only the loop calls it.
func (v *veiled) handle(buf []byte) (holds bool) {
	v.ration = readSize
	for {
		n, err := v.tls.Read(buf)
		if n > 0 {
			holds = true
			if v.take(buf[:n]) {
				return true // an error with it comes again
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return holds
		case err != nil:
			v.shut()
			return false
		}
	}
}

// readAhead works off what crypto/tls has taken from the socket already, of which epoll knows nothing. While it does, the
// loop reads nothing.
func (v *veiled) readAhead() {
	v.ration = 0
	buf := make([]byte, smallRead)
	for {
		n, err := v.tls.Read(buf)
		v.conn.digest(buf[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			v.abort() // the loop finds that, and ends the connection
			return
		}
	}
}

// bottom is the socket as crypto/tls sees it.
type bottom struct{ *veiled }

// Read implements io.Reader. It does not wait, but says that its time is over.
func (b bottom) Read(p []byte) (int, error) {
	if b.ration > 0 && len(p) > 0 {
		b.mu.Lock()
		fd := b.fd // only who reads closes it
		b.mu.Unlock()
		n, err := unix.Read(fd, p[:min(len(p), b.ration)])
		switch {
		case n > 0:
			b.ration -= n
			return n, nil
		case err == nil:
			return 0, io.EOF
		case !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR):
			return 0, err
		}
	}
	// All that came is worked off. What was said before still stands in p, in which crypto/tls decrypts: all of p may be
	// written to (io.Reader), and so it does not stay there.
	clear(p)
	return 0, os.ErrDeadlineExceeded
}

// Write implements io.Writer. It takes all of p or fails.
func (b bottom) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over() {
		return 0, errClosed
	}
	var err error
	if b.holding.Load() {
		err = b.retain(p)
	} else {
		err = b.put(p, b.granted.Load())
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements net.Conn.
func (b bottom) Close() error {
	b.abort()
	return nil
}

// LocalAddr and RemoteAddr implement net.Conn; nobody asks for them any more.
func (b bottom) LocalAddr() net.Addr  { return nil }
func (b bottom) RemoteAddr() net.Addr { return nil }

// SetDeadline and its like implement net.Conn: nothing waits here, and the sweeper looks after the rest.
func (b bottom) SetDeadline(time.Time) error      { return nil }
func (b bottom) SetReadDeadline(time.Time) error  { return nil }
func (b bottom) SetWriteDeadline(time.Time) error { return nil }
