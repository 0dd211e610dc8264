package load

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

type connState uint8

const (
	stateConnecting connState = iota
	stateHandshake
	stateSteps
	stateReady
	// stateClosing is a connection that the generator ends: it waits for the server to end it too.
	stateClosing
	stateClosed
)

// membership is one connection's place in one room.
type membership struct {
	room  uint32
	tally tally
}

// conn is one connection.
type conn struct {
	fd    int
	user  int
	state connState
	role  Role
	// back says that this is not the user's first connection, and that the session of the one before goes on.
	back bool
	// since is when it was through with its steps, in nanoseconds of the clock.
	since int64
	// deaf is one that does not read.
	deaf bool
	// writable is whether epoll tells when there is room in the socket.
	writable bool
	// in holds the beginning of a frame, or of the answer to the handshake.
	in []byte
	// part holds the beginning of a mark.
	part []byte
	// out holds what the socket did not take.
	out   []byte
	steps []Step
	rooms []membership
}

// onEvent does what epoll says about the connection.
func (g *Generator) onEvent(c *conn, events uint32) error {
	if c.state == stateClosed {
		return nil
	}
	if c.state == stateConnecting {
		if err := g.onConnected(c); err != nil {
			return g.failed(c, err)
		}
	}
	if events&unix.EPOLLOUT != 0 && len(c.out) > 0 {
		if err := g.flush(c); err != nil {
			return g.failed(c, err)
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLRDHUP) != 0 {
		if err := g.onReadable(c); err != nil {
			return g.failed(c, err)
		}
	}
	return nil
}

func (g *Generator) onConnected(c *conn) error {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		return fmt.Errorf("connection of user %d: %w", c.user, err)
	}
	c.state = stateHandshake
	g.scratch = g.proto.Handshake(g.scratch[:0], c.user)
	c.out = append(c.out, g.scratch...)
	return g.flush(c)
}

// flush writes what waits, and asks epoll to tell when there is room again only where something is left.
func (g *Generator) flush(c *conn) error {
	for len(c.out) > 0 {
		n, err := write(c.fd, c.out)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			return fmt.Errorf("connection of user %d: %w", c.user, err)
		}
		c.out = c.out[n:]
	}
	if len(c.out) == 0 {
		c.out = nil
	}
	if want := len(c.out) > 0; want != c.writable {
		c.writable = want
		return g.watch(unix.EPOLL_CTL_MOD, c)
	}
	return nil
}

// say sends one payload as a frame.
func (g *Generator) say(c *conn, op byte, payload []byte) error {
	g.frame = appendFrame(g.frame[:0], op, g.mask, payload)
	if len(c.out) == 0 {
		n, err := write(c.fd, g.frame)
		if n == len(g.frame) {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			return fmt.Errorf("connection of user %d: %w", c.user, err)
		}
		g.frame = g.frame[max(n, 0):]
	}
	c.out = append(c.out, g.frame...)
	return g.flush(c)
}

func (g *Generator) onReadable(c *conn) error {
	for {
		kept := copy(g.buf, c.in)
		n, err := read(c.fd, g.buf[kept:])
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err == nil && n == 0 {
			err = errors.New("the server closed it")
		}
		if err != nil {
			return fmt.Errorf("connection of user %d: %w", c.user, err)
		}
		g.now = g.clock()
		used, err := g.take(c, g.buf[:kept+n])
		if err != nil {
			return fmt.Errorf("connection of user %d: %w", c.user, err)
		}
		if c.state == stateClosed {
			return nil
		}
		if rest := g.buf[used : kept+n]; len(rest) == 0 {
			c.in = nil
		} else {
			c.in = append(c.in[:0], rest...)
		}
		// A read that did not fill the buffer has emptied the socket, and epoll tells of what comes later.
		if kept+n < len(g.buf) {
			return nil
		}
	}
}

// take handles what came and returns how many bytes it used.
func (g *Generator) take(c *conn, buf []byte) (int, error) {
	used := 0
	if c.state == stateHandshake {
		end := bytes.Index(buf, []byte("\r\n\r\n"))
		if end < 0 {
			if len(buf) > 16<<10 {
				return 0, errors.New("the answer to the handshake has no end")
			}
			return 0, nil
		}
		if !bytes.HasPrefix(buf, []byte("HTTP/1.1 101")) {
			return 0, fmt.Errorf("the handshake was refused: %.200q", buf)
		}
		used = end + 4
		c.state = stateSteps
		if c.back {
			c.steps = g.minder.Return(c.user)
		} else {
			c.steps = g.proto.Steps(c.user, g.roomsOf(c.user))
		}
		if err := g.sayStep(c); err != nil {
			return used, err
		}
	}
	for {
		f, n, err := nextFrame(buf[used:])
		if err != nil || n == 0 {
			return used, err
		}
		used += n
		if err := g.onFrame(c, f); err != nil {
			return used, err
		}
	}
}

func (g *Generator) onFrame(c *conn, f frame) error {
	switch f.op {
	case opPing:
		return g.say(c, opPong, f.payload)
	case opPong:
		return nil
	case opClose:
		return fmt.Errorf("the server closed it: %.100q", f.payload)
	}
	if g.minder != nil {
		if err := g.minder.Mind(c.user, f.payload); err != nil {
			return err
		}
	}
	payload := f.payload
	if len(c.part) > 0 {
		payload = append(c.part, payload...)
		c.part = nil
	}
	before := g.deliveries
	g.hearer = c
	rest, err := scanMarks(payload, g.found)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		c.part = append([]byte(nil), rest...)
	}
	if g.deliveries != before {
		if g.batcher == nil {
			return nil
		}
		return g.reply(c, g.batcher.Beside(payload))
	}
	reply, err := g.proto.Answer(payload)
	if err == nil {
		err = g.reply(c, reply)
	}
	if err != nil {
		return err
	}
	if c.state == stateSteps && bytes.Contains(payload, c.steps[0].Want) {
		c.steps = c.steps[1:]
		return g.sayStep(c)
	}
	return nil
}

// reply says what the protocol wants said in return; nil is nothing.
func (g *Generator) reply(c *conn, reply []byte) error {
	if reply == nil {
		return nil
	}
	return g.say(c, g.proto.Opcode(), reply)
}

// sayStep says the next step, or notes that there is none left.
func (g *Generator) sayStep(c *conn) error {
	for len(c.steps) > 0 {
		if say := c.steps[0].Say; say != nil {
			if err := g.say(c, g.proto.Opcode(), say); err != nil {
				return err
			}
		}
		if c.steps[0].Want != nil {
			return nil
		}
		c.steps = c.steps[1:]
	}
	c.steps = nil
	c.state, c.since = stateReady, g.clock()
	g.ready++
	return nil
}
