package ws

import (
	"net/http"
	"strings"

	"github.com/gobwas/httphead"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/websocket"
	"github.com/earshot-chat/earshot/wire"
)

// acceptTunnel is Accept for a stream of HTTP/2 (RFC 8441). It returns when the connection is over, because the end of the
// handler is the end of the stream.
func (s *Server) acceptTunnel(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	l, t, err := s.openTunnel(w, r)
	if l == nil {
		return err
	}
	defer t.End()
	s.greet(l.conn, user, credential, earshot.AddressOf(r.RemoteAddr))
	l.readLoop(nil)
	return nil
}

// openTunnel answers the handshake and gives a link over the stream; none if that failed, and no error if something was
// written already.
func (s *Server) openTunnel(w http.ResponseWriter, r *http.Request) (*stream, *websocket.Tunnel, error) {
	if err := websocket.CheckTunnel(r); err != nil {
		return nil, nil, err
	}
	if err := checkSubprotocol(r); err != nil {
		return nil, nil, err
	}
	extension, err := negotiate(r.Header)
	if err != nil {
		return nil, nil, err
	}
	fields := map[string]string{"Sec-Websocket-Protocol": wire.Subprotocol}
	if extension != "" {
		fields["Sec-Websocket-Extensions"] = extension
	}
	t, err := websocket.OpenTunnel(w, r, fields)
	if err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		return nil, nil, nil
	}
	c := &conn{srv: s, deflate: extension != ""}
	l := newStream(c, t, s.writeBuffer)
	c.link = l
	return l, t, nil
}

// negotiate gives the extension that is agreed on, as it stands in the answer's header; "" for none.
func negotiate(h http.Header) (agreed string, err error) {
	extension := offer()
	for _, line := range h.Values("Sec-Websocket-Extensions") {
		options, ok := httphead.ParseOptions([]byte(line), nil)
		if !ok {
			return "", earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Extensions cannot be read.")
		}
		for _, option := range options {
			accepted, err := extension.Negotiate(option)
			if err != nil {
				return "", earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Extensions asks for a compression that there is not.")
			}
			if accepted.Size() > 0 {
				var line strings.Builder
				_, _ = httphead.WriteOptions(&line, []httphead.Option{accepted}) // a Builder takes all
				agreed = line.String()
			}
		}
	}
	return agreed, nil
}
