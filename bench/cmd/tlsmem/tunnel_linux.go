package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/net/http2"
)

// tunnel is a stream of HTTP/2, the only one of its connection.
type tunnel struct {
	net.Conn // what is under it
	in       io.ReadCloser
	out      *io.PipeWriter
}

// openTunnel shakes hands over HTTP/2 (RFC 8441).
func openTunnel(nc net.Conn, addr, token string) (net.Conn, error) {
	var transport http2.Transport              //nolint:staticcheck // deprecated for net/http's, which does not let :protocol through
	client, err := transport.NewClientConn(nc) //nolint:staticcheck // see above
	if err != nil {
		return nil, err
	}
	out, sent := io.Pipe()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodConnect, "https://"+addr+"/ws", out) // it outlives the handshake
	if err != nil {
		return nil, err
	}
	req.Header = http.Header{
		":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"earshot.v1"},
		"Authorization": {"Bearer " + token},
	}
	answer, err := client.RoundTrip(req) //nolint:bodyclose // it is what is read from, to the end
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the handshake was answered with %s", answer.Status)
	}
	return &tunnel{Conn: nc, in: answer.Body, out: sent}, nil
}

func (t *tunnel) Read(b []byte) (int, error)  { return t.in.Read(b) }
func (t *tunnel) Write(b []byte) (int, error) { return t.out.Write(b) }
