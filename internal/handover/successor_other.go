//go:build !unix

package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
)

// Notify has the signal by which an operator asks for an upgrade sent to the channel. There is none here.
func Notify(chan<- os.Signal) {}

// fromPredecessor refuses: no process can have been started so.
func fromPredecessor(string) ([]net.Listener, source, error) {
	return nil, nil, fmt.Errorf("%w: %s is set, and this system cannot pass a server on", ErrInherited, variable)
}

// Successor is a process that is ready to take over. There are none here.
type Successor struct{}

// Start is errors.ErrUnsupported: on this system a process cannot pass its listening sockets on.
func (i *Inheritance) Start(context.Context, ...net.Listener) (*Successor, error) {
	return nil, fmt.Errorf("upgrading a running server: %w on this system: stop it and start it anew", errors.ErrUnsupported)
}

// PID is 0.
func (s *Successor) PID() int { return 0 }

// Give is errors.ErrUnsupported.
func (s *Successor) Give(context.Context, []byte) error { return errors.ErrUnsupported }

// Abandon is errors.ErrUnsupported.
func (s *Successor) Abandon() error { return errors.ErrUnsupported }
