package load

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Cut is a way in which a connection ends from the client's side.
type Cut uint8

const (
	// CutReset is a reset: the network is gone.
	CutReset Cut = iota
	// CutClean is a close frame with code 1000 (RFC 6455, section 7.1.2): the user wanted it.
	CutClean
	// CutHalf is half a frame and then the end of the stream: the program died while it wrote.
	CutHalf
	// Cuts is how many ways there are.
	Cuts
)

var (
	errNotThere = errors.New("the user has no connection")
	errThere    = errors.New("the user has a connection already")
	errNoReturn = errors.New("the protocol has sessions that end with their connections (it is no Minder)")
)

// Ready is how many users are connected and through with their steps.
func (g *Generator) Ready() int { return g.ready }

// Present tells whether the user is connected and through with the steps.
func (g *Generator) Present(user int) bool { return g.conns[user].state == stateReady }

// Gone tells whether the user has no connection, not even one that is being opened or closed.
func (g *Generator) Gone(user int) bool { return g.conns[user].state == stateClosed }

// Closing tells whether the user's connection is being ended by Cut, and the server has not ended it yet.
func (g *Generator) Closing(user int) bool { return g.conns[user].state == stateClosing }

// Cut ends the user's connection in one of the ways. One that is not through with its steps is always reset. Call it where no
// event is being handled, as from Plan.Turn; so with all below.
func (g *Generator) Cut(user int, how Cut) error {
	c := g.conns[user]
	if c.state == stateClosed || c.state == stateClosing {
		return fmt.Errorf("cutting the connection of user %d: %w", user, errNotThere)
	}
	if c.state != stateReady || how == CutReset || len(c.out) > 0 {
		g.drop(c)
		return nil
	}
	var err error
	if how == CutClean {
		err = g.say(c, opClose, []byte{1000 >> 8, 1000 & 0xFF})
	} else {
		// The frame says that it has 200 bytes, and 50 come.
		g.frame = appendFrame(g.frame[:0], g.proto.Opcode(), g.mask, make([]byte, 200))
		if _, err = write(c.fd, g.frame[:len(g.frame)-150]); err == nil {
			err = unix.Shutdown(c.fd, unix.SHUT_WR)
		}
	}
	if err != nil {
		return g.failed(c, err)
	}
	g.ready--
	c.state = stateClosing
	return nil
}

// Return opens a connection for a user who has none, and goes on with the session of the one before.
func (g *Generator) Return(user int) error {
	if g.minder == nil {
		return errNoReturn
	}
	return g.again(user, true)
}

// Renew opens a connection for a user who has none, as if it were the first.
func (g *Generator) Renew(user int) error { return g.again(user, false) }

func (g *Generator) again(user int, back bool) error {
	c := g.conns[user]
	if c.state != stateClosed {
		return fmt.Errorf("returning as user %d: %w", user, errThere)
	}
	c.back, c.deaf = back, false
	c.in, c.part, c.out, c.steps = nil, nil, nil, nil
	return g.connect(c)
}

// Say sends a payload as it is, as the user.
func (g *Generator) Say(user int, payload []byte) error {
	c := g.conns[user]
	if c.state != stateReady {
		return fmt.Errorf("speaking as user %d: %w", user, errNotThere)
	}
	if err := g.say(c, g.proto.Opcode(), payload); err != nil {
		return g.failed(c, err)
	}
	return nil
}

// Pong sends a pong that nobody asked for (RFC 6455, section 5.5.3): the user gives a sign of life.
func (g *Generator) Pong(user int) error {
	c := g.conns[user]
	if c.state != stateReady {
		return fmt.Errorf("a sign of life of user %d: %w", user, errNotThere)
	}
	if err := g.say(c, opPong, nil); err != nil {
		return g.failed(c, err)
	}
	return nil
}

// Deafen has the user stop reading, or read again. One that is deaf learns of the end of its connection only by a reset.
func (g *Generator) Deafen(user int, deaf bool) error {
	c := g.conns[user]
	if c.state == stateClosed {
		return fmt.Errorf("deafening user %d: %w", user, errNotThere)
	}
	c.deaf = deaf
	return g.watch(unix.EPOLL_CTL_MOD, c)
}

// drop closes the connection: with a reset, unless the server has ended it too.
func (g *Generator) drop(c *conn) {
	if c.state == stateReady {
		g.ready--
	}
	c.state = stateClosed
	// Closing takes it out of the epoll.
	_ = unix.Close(c.fd)
	c.fd = -1
}

// failed closes a connection that went wrong, and tells whoever wants to know; one that the generator was ending has gone
// right.
func (g *Generator) failed(c *conn, err error) error {
	closing := c.state == stateClosing
	if g.lost == nil || g.opening {
		return err
	}
	g.drop(c)
	if closing {
		return nil
	}
	return g.lost(c.user, err)
}
