package httpd

import (
	"context"
	"net/http"

	"github.com/earshot-chat/earshot"
)

// socket lets a handshake through to the socket if it comes from one of the server's own pages, or from no page at all,
// and from somebody who is logged in. Browsers send cookies with a WebSocket from any page of the same site, another
// port of the host included, and ask no leave of the server first (RFC 6455, section 10.2): this check is all there is.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.ownOrigin(r) {
		s.fail(w, r, earshot.Errorf(earshot.CodeForbidden, "A page of another origin may not open the socket."))
		return
	}
	if !isHandshake(r) {
		s.fail(w, r, earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: ask with Upgrade: websocket."))
		return
	}
	// The log-in is looked up within seconds: the hub remembers an ended one only so long (hub.EndLogin).
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Times.Work)
	login, _, err := s.login(r.WithContext(ctx))
	cancel()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.opts.Socket.Accept(w, r, login.User, login.Credential); err != nil {
		s.fail(w, r, err)
	}
}

// ownOrigin tells whether the request has no Origin, as programs that are no browsers send it, or one of the server's.
// "null", which sandboxed frames and files send, is nobody's.
func (s *Server) ownOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		return true
	case 1:
		return s.origins[origins[0]]
	default:
		return false
	}
}
