// Package xconnect has net/http take extended CONNECT (RFC 8441), which carries WebSockets over HTTP/2. It does so only if
// the environment says so when it is initialised, and the directive //go:debug does not know the setting. Whoever serves
// WebSockets imports this package for that effect (docs/adr/0008-sockets-over-http2.md).
//
// It must import nothing but os and what that needs: of the packages whose imports are initialised, Go initialises the first
// one by path, and this one's is before that of net/http.
package xconnect

import (
	"os"
	"strings"
)

// setting is what net/http looks for in GODEBUG.
const setting = "http2xconnect="

func init() { //nolint:gochecknoinits // it has to be before other packages' init
	debug := os.Getenv("GODEBUG")
	if strings.Contains(debug, setting) {
		return // somebody has decided
	}
	if debug != "" {
		debug += ","
	}
	// It fails for names and values that no system takes, and this is none.
	_ = os.Setenv("GODEBUG", debug+setting+"1")
}

// Enabled tells whether the servers of this process take extended CONNECT: unless who started it said http2xconnect=0.
func Enabled() bool { return strings.Contains(os.Getenv("GODEBUG"), setting+"1") }
