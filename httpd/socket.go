package httpd

import (
	"context"
	"net/http"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// socket is the door to Earshot's own protocol, and multichat that for guests.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) { s.enter(s.opts.Socket, w, r) }

func (s *Server) multichat(w http.ResponseWriter, r *http.Request) { s.enter(s.opts.Multichat, w, r) }

// enter lets a handshake through to the transport if it comes from one of the server's own pages, or from no page at all,
// and from somebody who is logged in. Browsers send cookies with a WebSocket from any page of the same site, another
// port of the host included, and ask no leave of the server first (RFC 6455, section 10.2): this check is all there is.
func (s *Server) enter(to Door, w http.ResponseWriter, r *http.Request) {
	login, err := s.mayOpen(r)
	if err == nil {
		err = to.Accept(w, r, login.User, login.Credential)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// mayOpen says who opens the socket. It gives a pointer because the stack of a socket over HTTP/2 stays as it is for its
// life.
func (s *Server) mayOpen(r *http.Request) (*account.Login, error) {
	if !s.ownOrigin(r) {
		return nil, earshot.Errorf(earshot.CodeForbidden, "A page of another origin may not open the socket.")
	}
	if !isHandshake(r) {
		return nil, earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: ask with Upgrade: websocket.")
	}
	login, _, err := s.soonLogin(r)
	return &login, err
}

// soonLogin is login for what lives long: who that is, is found out within seconds, because the hub remembers an ended
// log-in only so long (hub.EndLogin). Whoever comes from an address that is banned is nobody.
func (s *Server) soonLogin(r *http.Request) (account.Login, credential, error) {
	if err := s.opts.Accounts.Admit(clientAddr(r)); err != nil {
		return account.Login{}, credential{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Times.Work)
	defer cancel()
	login, cred, err := s.login(r.WithContext(ctx))
	if err == nil {
		err = mayUse(login.MustEnrol)
	}
	if err == nil {
		err = allow(&login, earshot.ScopeChat)
	}
	return login, cred, err
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
