package ws

import (
	"crypto/tls"
	"net"
)

// TakeoverListener gives a listener to put TLS on (http.Server.ServeTLS, tls.NewListener), over whose connections a Server
// can then take charge of what is under TLS as well. Without it, or where a Server has no better way, connections under TLS
// work the same and cost a goroutine each.
func TakeoverListener(l net.Listener) net.Listener { return takeoverListener{l} }

type takeoverListener struct{ net.Listener }

// Accept implements net.Listener.
func (l takeoverListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &ground{nc}, nil
}

// ground is what a tls.Conn stands on: that keeps the connection which it was made with for life, and so it is the
// connection in here that is exchanged. Whoever does that must be the only one that uses the tls.Conn then.
type ground struct{ net.Conn }

// uncover gives the connection under TLS if it can be exchanged, and the tls.Conn above it; for any other connection that
// one itself, and nil.
func uncover(nc net.Conn) (*tls.Conn, net.Conn) {
	if cover, ok := nc.(*tls.Conn); ok {
		if g, ok := cover.NetConn().(*ground); ok {
			return cover, g.Conn
		}
	}
	return nil, nc
}

// wrapped is a connection that is no more than the one in it, once something was read from its beginning, such as the
// header of a proxy.
type wrapped interface {
	// Bare gives the connection that can take its place from then on.
	Bare() net.Conn
}
