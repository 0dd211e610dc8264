package httpd

import (
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// isHandshake tells whether a request asks for a WebSocket: with the headers that a proxy takes away which does not know of
// them (RFC 6455, section 4.2.1), or over HTTP/2 by its method (RFC 8441, section 4). What else must be right is the
// transport's to say. It is asked before who is logged in, so that one can find out from outside what a proxy lets through.
func isHandshake(r *http.Request) bool {
	if r.ProtoMajor > 1 {
		return r.Method == http.MethodConnect
	}
	return httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade") &&
		strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
