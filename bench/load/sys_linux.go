package load

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// read and write try again when a signal came between: Go's scheduler sends them.
func read(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func write(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Write(fd, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// watch tells epoll what to report of the connection.
func (g *Generator) watch(op int, c *conn) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(c.user)}
	if c.deaf {
		ev.Events = 0 // the end of both directions, or a reset, is reported all the same
	}
	if c.writable {
		ev.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(g.epoll, op, c.fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// connsPerSource is how many connections are opened from one address of the loopback network: less than the ports of one.
const connsPerSource = 5000

// dial begins the user's first connection.
func (g *Generator) dial(user int) error {
	c := &conn{fd: -1, user: user, role: g.role(user), state: stateClosed}
	for _, room := range g.roomsOf(user) {
		c.rooms = append(c.rooms, membership{room: uint32(room)})
	}
	g.conns = append(g.conns, c)
	return g.connect(c)
}

// connect begins a connection where there is none.
func (g *Generator) connect(c *conn) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	c.fd, c.state, c.writable = fd, stateConnecting, true
	if err := prepare(fd, g.addr, c.user); err != nil {
		return err
	}
	if c.role.Small {
		if err := shrink(fd); err != nil {
			return err
		}
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(g.addr.Port()), Addr: g.addr.Addr().As4()})
	if err != nil && err != unix.EINPROGRESS {
		return fmt.Errorf("connect: %w", err)
	}
	return g.watch(unix.EPOLL_CTL_ADD, c)
}

// shrink has the connection hold little: 4 KiB of receive buffer, segments of an Ethernet.
func shrink(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10); err != nil {
		return fmt.Errorf("SO_RCVBUF: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1460); err != nil {
		return fmt.Errorf("TCP_MAXSEG: %w", err)
	}
	return nil
}

func prepare(fd int, to netip.AddrPort, user int) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("TCP_NODELAY: %w", err)
	}
	// Closed with a reset: 10,000 ports that wait for a minute would be missed by the next run.
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return fmt.Errorf("SO_LINGER: %w", err)
	}
	if !to.Addr().IsLoopback() {
		return nil
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("IP_BIND_ADDRESS_NO_PORT: %w", err)
	}
	from := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + user/connsPerSource)}}
	if err := unix.Bind(fd, from); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// poll handles what is there. It waits for at most wait milliseconds; 0 looks only.
func (g *Generator) poll(wait int) error {
	n, err := unix.EpollWait(g.epoll, g.events, wait)
	if err == unix.EINTR {
		return nil
	}
	if err != nil {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for i := range n {
		if err := g.onEvent(g.conns[g.events[i].Fd], g.events[i].Events); err != nil {
			return err
		}
	}
	return nil
}
