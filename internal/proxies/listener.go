package proxies

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"
)

const (
	// headerTime is how long a trusted proxy may take over its header. The specification asks for 3 seconds at least.
	headerTime = 5 * time.Second
	// prefixBytes is the length of what each header of version 2 begins with: signature, version, command, family, length.
	prefixBytes = 16
	// maxHeader is how long the rest may be: addresses and TLVs, which may hold a client's certificate.
	maxHeader = 4096
)

// Listener reads the header of the PROXY protocol, version 2, from each connection that a trusted proxy makes, and gives the
// connection as that of the client. A trusted proxy that sends none, or anything else, is cut off. Everybody else is taken as
// is: a header from there is no request and no handshake, and ends the connection as other junk does.
func (t *Trust) Listener(l net.Listener) net.Listener { return &listener{l, t} }

type listener struct {
	net.Listener
	trust *Trust
}

// Accept implements net.Listener. It waits for no header: that is read when somebody first asks the connection for something.
func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if from, ok := nc.RemoteAddr().(*net.TCPAddr); ok && l.trust.Has(from.AddrPort().Addr()) {
		return &conn{Conn: nc, log: l.trust.log}, nil
	}
	return nc, nil
}

// conn is a connection that begins with a header.
type conn struct {
	net.Conn
	log *slog.Logger

	once sync.Once
	from net.Addr
	err  error
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// RemoteAddr implements net.Conn: it is the client's, and waits for the header.
func (c *conn) RemoteAddr() net.Addr {
	if err := c.begin(); err != nil {
		return c.Conn.RemoteAddr()
	}
	return c.from
}

// Bare gives the connection under this one, which can take its place from now on: exactly the header was read from it.
func (c *conn) Bare() net.Conn {
	if err := c.begin(); err != nil {
		return c
	}
	return c.Conn
}

// begin reads the header, once, and closes the connection if there is none.
func (c *conn) begin() error {
	c.once.Do(func() {
		c.err = c.readHeader()
		if c.err == nil {
			return
		}
		if !errors.Is(c.err, io.EOF) && !errors.Is(c.err, net.ErrClosed) { // who just looks whether the port is open
			c.log.Warn("a trusted proxy was cut off: it must begin with a PROXY protocol header of version 2",
				slog.String("proxy", c.Conn.RemoteAddr().String()), slog.Any("error", c.err))
		}
		_ = c.Close()
	})
	return c.err
}

func (c *conn) readHeader() error {
	if err := c.SetReadDeadline(time.Now().Add(headerTime)); err != nil {
		return err
	}
	from, err := readHeader(c.Conn)
	if err != nil {
		return err
	}
	if c.from = from; from == nil {
		c.from = c.Conn.RemoteAddr()
	}
	return c.SetReadDeadline(time.Time{})
}

// Errors of a header.
var (
	errVersion1 = errors.New("it speaks version 1 of the PROXY protocol, which has no bounds: have it speak version 2")
	errNone     = errors.New("it sent no header of the PROXY protocol")
	errTooLong  = fmt.Errorf("its header has over %d bytes", maxHeader)
)

// readHeader reads exactly a header. The address is nil if the connection is the proxy's own, such as a look at whether the
// server lives (LOCAL), or the proxy cannot say whose it is (UNSPEC, and sockets of Unix).
func readHeader(r io.Reader) (*net.TCPAddr, error) {
	header := make([]byte, prefixBytes)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(header, []byte("PROXY ")):
		return nil, errVersion1
	case !bytes.HasPrefix(header, proxyproto.SIGV2):
		return nil, errNone
	}
	length := binary.BigEndian.Uint16(header[14:])
	if length > maxHeader {
		return nil, errTooLong
	}
	rest := make([]byte, length)
	if _, err := io.ReadFull(r, rest); err != nil {
		return nil, err
	}
	if proxyproto.ProtocolVersionAndCommand(header[12]) == proxyproto.PROXY && header[13] == byte(proxyproto.UNSPEC) {
		return nil, nil //nolint:nilnil // as documented above; the library refuses it
	}
	parsed, err := proxyproto.Read(bufio.NewReader(io.MultiReader(bytes.NewReader(header), bytes.NewReader(rest))))
	if err != nil {
		return nil, err
	}
	from, _, ok := parsed.TCPAddrs()
	if _, _, unix := parsed.UnixAddrs(); parsed.Command == proxyproto.LOCAL || unix {
		return nil, nil //nolint:nilnil // as documented above
	}
	if !ok {
		return nil, errors.New("its header tells of a connection that is not TCP")
	}
	return from, nil
}
