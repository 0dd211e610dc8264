// Command floor is the least that a server can do: one thread and one epoll that write ready bytes to each member of a room.
// It knows no users, no rules, no order and no limits, and does as much of RFC 6455 as its one client needs. What it costs is
// what the kernel costs, and so it is what servers are compared with.
//
//	floor 127.0.0.1:8000
//
// A client says "J" and the room in eight hexadecimal digits to join, and is answered "ok"; it says "P", the room and a text to
// post. A member hears "M", the room and the text.
//
// What is posted into a room during one pass of the loop goes to each member in one write. It is written with system calls,
// on one thread, without a garbage collector and without Go's poller, so that only the kernel is in the figure.
package main

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

type conn struct {
	fd   int
	open bool
	// in is the beginning of a frame or of the handshake, out is what the socket did not take.
	in, out []byte
}

type room struct {
	members []*conn
	// pending is what was posted in this pass, as frames.
	pending []byte
}

type server struct {
	epoll, listener int
	conns           map[int32]*conn
	rooms           map[uint64]*room
	dirty           []*room
	// buf is for reading, scratch for answers to handshakes: nothing is collected, so nothing is thrown away.
	buf, scratch []byte
}

func main() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(4 << 30)
	runtime.LockOSThread()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "floor ADDRESS:PORT")
		os.Exit(2) //nolint:forbidigo // main ends the process
	}
	addr, err := netip.ParseAddrPort(os.Args[1])
	if err == nil {
		err = serve(addr)
	}
	fmt.Fprintln(os.Stderr, "floor:", err)
	os.Exit(1) //nolint:forbidigo // main ends the process
}

func serve(addr netip.AddrPort) error {
	s := &server{conns: make(map[int32]*conn), rooms: make(map[uint64]*room), buf: make([]byte, 64<<10)}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.Bind(s.listener, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		return err
	}
	if err := unix.Listen(s.listener, unix.SOMAXCONN); err != nil {
		return err
	}
	if err := s.watch(unix.EPOLL_CTL_ADD, s.listener, unix.EPOLLIN); err != nil {
		return err
	}
	events := make([]unix.EpollEvent, 1024)
	for {
		n, err := unix.EpollWait(s.epoll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, ev := range events[:n] {
			if int(ev.Fd) == s.listener {
				s.accept()
				continue
			}
			if c := s.conns[ev.Fd]; c != nil {
				s.serve(c, ev.Events)
			}
		}
		s.deliver()
	}
}

func (s *server) watch(op, fd int, events uint32) error {
	return unix.EpollCtl(s.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (s *server) accept() {
	for range 64 {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		s.conns[int32(fd)] = &conn{fd: fd}
		_ = s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN)
	}
}

// deliver writes what was posted in this pass: one write for each member.
func (s *server) deliver() {
	for _, r := range s.dirty {
		for _, c := range r.members {
			s.write(c, r.pending)
		}
		r.pending = r.pending[:0]
	}
	s.dirty = s.dirty[:0]
}

func (s *server) write(c *conn, p []byte) {
	if len(c.out) == 0 {
		n, err := unix.Write(c.fd, p)
		if n == len(p) {
			return
		}
		if err != nil && err != unix.EAGAIN && err != unix.EINTR {
			return
		}
		p = p[max(n, 0):]
		_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN|unix.EPOLLOUT)
	}
	c.out = append(c.out, p...)
}

func (s *server) serve(c *conn, events uint32) {
	if events&unix.EPOLLOUT != 0 {
		n, _ := unix.Write(c.fd, c.out)
		c.out = c.out[max(n, 0):]
		if len(c.out) == 0 {
			c.out = nil
			_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
		}
	}
	if events&^unix.EPOLLOUT == 0 {
		return
	}
	kept := copy(s.buf, c.in)
	n, err := unix.Read(c.fd, s.buf[kept:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if err != nil || n == 0 {
		s.close(c)
		return
	}
	data := s.buf[:kept+n]
	used := s.take(c, data)
	c.in = nil
	if used < len(data) {
		c.in = append(c.in, data[used:]...)
	}
}

func (s *server) close(c *conn) {
	for _, r := range s.rooms {
		for i, m := range r.members {
			if m == c {
				r.members = append(r.members[:i], r.members[i+1:]...)
				break
			}
		}
	}
	delete(s.conns, int32(c.fd))
	_ = unix.Close(c.fd)
}

// take handles what came and returns how many bytes it used.
func (s *server) take(c *conn, data []byte) int {
	if !c.open {
		end := bytes.Index(data, []byte("\r\n\r\n"))
		if end < 0 {
			return 0
		}
		_, key, _ := bytes.Cut(data[:end], []byte("Sec-WebSocket-Key: "))
		key, _, _ = bytes.Cut(key, []byte("\r\n"))
		s.scratch = append(append(s.scratch[:0], key...), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...)
		sum := sha1.Sum(s.scratch) //nolint:gosec // RFC 6455, section 4.2.2
		s.scratch = append(s.scratch[:0], "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: "...)
		s.scratch = append(base64.StdEncoding.AppendEncode(s.scratch, sum[:]), "\r\n\r\n"...)
		s.write(c, s.scratch)
		c.open = true
		return end + 4
	}
	used := 0
	for {
		payload, n := frame(data[used:])
		if n == 0 {
			return used
		}
		used += n
		s.command(c, payload)
	}
}

// frame takes a client's frame of less than 64 KiB from data and unmasks it where it is.
func frame(data []byte) (payload []byte, n int) {
	if len(data) < 6 {
		return nil, 0
	}
	head, size := 2, int(data[1]&0x7F)
	if size == 126 {
		head, size = 4, int(binary.BigEndian.Uint16(data[2:]))
	}
	n = head + 4 + size
	if len(data) < n {
		return nil, 0
	}
	mask := data[head : head+4]
	payload = data[head+4 : n]
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
	return payload, n
}

func (s *server) command(c *conn, payload []byte) {
	if len(payload) < 9 {
		return
	}
	number, err := strconv.ParseUint(string(payload[1:9]), 16, 32)
	if err != nil {
		return
	}
	r := s.rooms[number]
	if r == nil {
		r = &room{}
		s.rooms[number] = r
	}
	switch payload[0] {
	case 'J':
		r.members = append(r.members, c)
		s.write(c, []byte("\x81\x02ok"))
	case 'P':
		if len(r.pending) == 0 {
			s.dirty = append(s.dirty, r)
		}
		r.pending = append(r.pending, 0x81)
		if len(payload) < 126 {
			r.pending = append(r.pending, byte(len(payload)))
		} else {
			r.pending = binary.BigEndian.AppendUint16(append(r.pending, 126), uint16(len(payload)))
		}
		r.pending = append(append(r.pending, 'M'), payload[1:]...)
	}
}
