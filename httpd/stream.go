package httpd

import (
	"net/http"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// Stream is the door to the live connection where sockets are blocked, as package sse has it. Origin and log-in have been
// checked before a call. An error means that nothing was written.
type Stream interface {
	// Listen answers with the stream until it is over.
	Listen(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error
	// Tell takes what a client sends.
	Tell(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error
}

// protocolHeader is by which a page of ours says which protocol it speaks. A browser lets no page of another origin send it
// without asking first, and is then refused.
const protocolHeader = "Earshot-Protocol"

// stream lets a request through if it comes from one of the server's own pages, or from no page at all, and from somebody
// who is logged in.
//
// That is more to find out than for the socket: a browser says no Origin with a GET that a page of its own makes, and none
// either with one that any other page makes for an image. The latter must not open a stream, which enters rooms, by the
// cookie of whoever looks at that page. So a request with a cookie must show that it comes from an own page, by an Origin,
// by Sec-Fetch-Site, which browsers say over TLS and to localhost, or by a header that only such a page can send.
func (s *Server) stream(
	serve func(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error,
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		foreign := earshot.Errorf(earshot.CodeForbidden, "A page of another origin may not use the event stream.")
		if !s.ownOrigin(r) {
			s.fail(w, r, foreign)
			return
		}
		login, cred, err := s.soonLogin(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		shown := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" ||
			r.Header.Get(protocolHeader) == wire.Subprotocol
		if !cred.bearer && !shown {
			s.fail(w, r, foreign)
			return
		}
		if err := serve(w, r, login.User, login.Credential); err != nil {
			s.fail(w, r, err)
		}
	}
}
