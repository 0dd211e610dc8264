//go:build !linux

package ws

import "net"

// pollers stands for the loops of epoll where there is none: every connection gets its goroutines.
type pollers struct{}

func newPollers(func(func())) (*pollers, error) { return &pollers{}, nil }

func (*pollers) close() error { return nil }

func (*pollers) adopt(*conn, net.Conn, int) (link, func(early []byte)) { return nil, nil }
