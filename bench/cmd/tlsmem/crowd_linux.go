package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// crowd is users that are connected, in rooms of ten.
type crowd struct {
	addr      string
	plain     bool
	http2     bool
	tokens    []string
	firstRoom int
	members   []*member
}

// atOnce is how many arrive at the same time.
const atOnce = 50

// patience bounds every wait for the server.
const patience = time.Minute

// arrive connects everybody and has them join.
func (c *crowd) arrive(ctx context.Context) error {
	c.members = make([]*member, len(c.tokens))
	errs := make([]error, len(c.tokens))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, token := range c.tokens {
		slots <- struct{}{}
		wg.Go(func() {
			c.members[i], errs[i] = c.enter(ctx, token, c.firstRoom+i/roomSize)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// talk has everybody say something, and waits until all of it has been heard by all.
func (c *crowd) talk() error {
	for n := range posts {
		for _, m := range c.members {
			if err := m.say(fmt.Sprintf(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":%q}`, n+2, m.room, n, strings.Repeat("x", 100))); err != nil {
				return err
			}
		}
	}
	late := time.After(patience)
	for _, m := range c.members {
		for range roomSize * posts {
			select {
			case <-m.heard:
			case <-m.over:
				return fmt.Errorf("a connection ended: %w", m.err)
			case <-late:
				return errors.New("not everything was heard after a minute")
			}
		}
	}
	return nil
}

// leave ends all connections.
func (c *crowd) leave() {
	for _, m := range c.members {
		_ = m.nc.Close()
		<-m.over
	}
}

// member is one connection.
type member struct {
	nc   net.Conn
	room int

	mu    sync.Mutex
	heard chan struct{}
	over  chan struct{}
	err   error // once over
}

func (c *crowd) enter(ctx context.Context, token string, room int) (*member, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	if !c.plain {
		protocol := "http/1.1"
		if c.http2 {
			protocol = "h2"
		}
		cover := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}) //nolint:gosec // the server's own certificate, on this machine
		if err := cover.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		nc = cover
	}
	var r *bufio.Reader
	if c.http2 {
		nc, err = openTunnel(nc, c.addr, token)
		r = bufio.NewReaderSize(nc, 1024)
	} else {
		r, err = upgrade(nc, c.addr, token)
	}
	if err != nil {
		return nil, err
	}
	return join(ctx, nc, r, room)
}

// upgrade shakes hands over HTTP/1.1.
func upgrade(nc net.Conn, addr, token string) (*bufio.Reader, error) {
	if _, err := fmt.Fprintf(nc, "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: earshot.v1\r\nAuthorization: Bearer %s\r\n\r\n", addr, token); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(nc, 1024)
	status, err := r.ReadString('\n')
	if err != nil || !strings.Contains(status, " 101 ") {
		return nil, fmt.Errorf("the handshake was answered with %q: %w", status, err)
	}
	for line := status; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// join has the connection's user join the room.
func join(ctx context.Context, nc net.Conn, r *bufio.Reader, room int) (*member, error) {
	m := &member{nc: nc, room: room, heard: make(chan struct{}, roomSize*posts), over: make(chan struct{})}
	if err := m.say(fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)); err != nil {
		return nil, err
	}
	joined := make(chan struct{})
	go m.listen(r, joined)
	select {
	case <-joined:
		return m, nil
	case <-m.over:
		return nil, fmt.Errorf("joining: %w", m.err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// say writes one text frame.
func (m *member) say(text string) error { return m.frame(0x81, []byte(text)) }

// frame writes a frame, masked with zeros.
func (m *member) frame(first byte, payload []byte) error {
	out := []byte{first}
	if n := len(payload); n < 126 {
		out = append(out, 0x80|byte(n))
	} else {
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.nc.Write(append(append(out, 0, 0, 0, 0), payload...))
	return err
}

// listen reads until the connection ends.
func (m *member) listen(r *bufio.Reader, joined chan<- struct{}) {
	defer close(m.over)
	for {
		op, payload, err := next(r)
		if err != nil {
			m.err = err
			return
		}
		switch {
		case op == 0x9:
			if m.err = m.frame(0x8a, payload); m.err != nil {
				return
			}
		case op == 0x8:
			m.err = fmt.Errorf("the server closed: %q", payload)
			return
		case bytes.HasPrefix(payload, []byte(`{"type":"joined"`)):
			close(joined)
		case bytes.HasPrefix(payload, []byte(`{"type":"message"`)):
			m.heard <- struct{}{}
		case bytes.HasPrefix(payload, []byte(`{"type":"error"`)):
			m.err = fmt.Errorf("refused: %s", payload)
			return
		}
	}
}

// next reads one frame of the server (RFC 6455, section 5.2).
func next(r *bufio.Reader) (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := int(head[1])
	if size == 126 {
		var long [2]byte
		if _, err := io.ReadFull(r, long[:]); err != nil {
			return 0, nil, err
		}
		size = int(binary.BigEndian.Uint16(long[:]))
	} else if size > 126 {
		return 0, nil, errors.New("a frame of over 64 KiB")
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(r, payload)
	return head[0] & 0x0f, payload, err
}
