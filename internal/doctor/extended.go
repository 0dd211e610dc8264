package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// errNotOffered: HTTP/2 is spoken, without WebSockets.
var errNotOffered = errors.New("not offered")

// extendedConnect looks whether a WebSocket over HTTP/2 (RFC 8441) gets to the server, if it is offered: browsers then use it.
// net/http has no client for it, so the few frames are written here.
func (p *patient) extendedConnect(ctx context.Context) Finding {
	if !p.secure {
		return skipped("browsers speak HTTP/2 over TLS only")
	}
	cfg := p.tls.Clone()
	cfg.NextProtos = []string{http2.NextProtoTLS}
	nc, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", net.JoinHostPort(p.host, p.port))
	if err != nil {
		return skipped("HTTP/2 is not spoken")
	}
	defer func() { _ = nc.Close() }()
	if nc.(*tls.Conn).ConnectionState().NegotiatedProtocol != http2.NextProtoTLS { //nolint:forcetypeassert // what tls.Dialer is documented to give
		return skipped("HTTP/2 is not spoken")
	}
	if deadline, has := ctx.Deadline(); has {
		_ = nc.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Now()) })
	defer stop()
	a, err := p.connectStream(nc)
	const advice = "Browsers use it because it is offered. Have the proxy pass it on, or not offer it, or switch HTTP/2 off there."
	switch {
	case errors.Is(err, errNotOffered):
		return skipped("it is not offered: browsers open the socket over HTTP/1.1, which works as well")
	case err != nil:
		return failed(advice, "a WebSocket over HTTP/2 is offered, but not answered: %v", cause(ctx, err))
	}
	switch code := a.problem(); {
	case code == earshot.CodeUnauthenticated, code == earshot.CodeForbidden: // of the origin, its own check tells
		return ok("a WebSocket over HTTP/2 reaches the server")
	case code != "":
		return failed(advice, "a WebSocket over HTTP/2 is offered, but refused: %s", code)
	}
	return failed(advice, "a WebSocket over HTTP/2 is offered, but answered with %s", a.foreign())
}

// connectStream asks for the socket on the connection's first stream.
func (p *patient) connectStream(nc net.Conn) (*answer, error) {
	if _, err := nc.Write([]byte(http2.ClientPreface)); err != nil {
		return nil, err
	}
	framer := http2.NewFramer(nc, nc)
	framer.SetMaxReadFrameSize(16 << 10) // RFC 9113, section 6.5.2: no more is sent unless one allows it
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.MaxHeaderListSize = maxAnswer
	if err := framer.WriteSettings(); err != nil {
		return nil, err
	}
	if err := awaitOffer(framer); err != nil {
		return nil, err
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range [][2]string{
		{":method", http.MethodConnect},
		{":protocol", "websocket"},
		{":scheme", "https"},
		{":path", "/ws"},
		{":authority", p.origin[len("https://"):]},
		{"origin", p.origin},
		{"sec-websocket-version", "13"},
		{"sec-websocket-protocol", wire.Subprotocol},
		{"user-agent", "earshot-doctor"},
	} {
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return nil, err
		}
	}
	err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
	if err != nil {
		return nil, err
	}
	return readStream(framer)
}

// awaitOffer reads the server's settings, and tells whether extended CONNECT is among them.
func awaitOffer(framer *http2.Framer) error {
	frame, err := framer.ReadFrame()
	if err != nil {
		return err
	}
	settings, is := frame.(*http2.SettingsFrame) // RFC 9113, section 3.4: it is the first frame
	if !is || settings.IsAck() {
		return errors.New("the settings do not come first")
	}
	if value, has := settings.Value(http2.SettingEnableConnectProtocol); !has || value != 1 {
		return errNotOffered
	}
	return framer.WriteSettingsAck()
}

// maxFrames is how many frames may come before the answer is there.
const maxFrames = 100

// readStream reads the answer on the first stream.
func readStream(framer *http2.Framer) (*answer, error) {
	a := &answer{}
	for range maxFrames {
		frame, err := framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		ended := false
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			a.header = make(http.Header)
			for _, field := range f.RegularFields() {
				a.header.Add(field.Name, field.Value)
			}
			if a.status, err = strconv.Atoi(f.PseudoValue("status")); err != nil {
				return nil, errors.New("the answer has no status")
			}
			ended = f.StreamEnded() || a.status == http.StatusOK // as which the stream stays open
		case *http2.DataFrame:
			if a.body = append(a.body, f.Data()...); len(a.body) > maxAnswer {
				return a, nil
			}
			ended = f.StreamEnded()
		case *http2.PingFrame:
			if !f.IsAck() {
				err = framer.WritePing(true, f.Data)
			}
		case *http2.RSTStreamFrame:
			return nil, fmt.Errorf("the stream is reset with %v", f.ErrCode)
		case *http2.GoAwayFrame:
			return nil, fmt.Errorf("the connection is ended with %v", f.ErrCode)
		}
		if err != nil || ended {
			return a, err
		}
	}
	return nil, errors.New("the answer does not end")
}
