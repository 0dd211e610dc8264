package websocket

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
)

// handshakeTimeout bounds writing the answer to the handshake.
const handshakeTimeout = 10 * time.Second

// CheckUpgrade looks at what a client that is not a browser gets wrong (RFC 6455, section 4.2.1), while there is still an
// HTTP answer to say it in. Errors: CodeMalformed.
func CheckUpgrade(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet || !HasToken(r.Header, "Upgrade", "websocket") || !HasToken(r.Header, "Connection", "upgrade"):
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: ask with Upgrade: websocket.")
	case len(r.Header.Get("Sec-Websocket-Key")) != 24:
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Key must be 16 bytes in base64.")
	}
	return nil
}

// CheckVersion looks at what both kinds of handshake say. Errors: CodeMalformed. TakeOver refuses another version, too, but
// in words that only programs read (section 4.4).
func CheckVersion(r *http.Request) error {
	if r.Header.Get("Sec-Websocket-Version") != "13" {
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Version must be 13.")
	}
	return nil
}

// HasToken looks for a token in a header's comma-separated lists, without regard to case (RFC 9110, section 5.6.1).
func HasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// TakeOver answers a handshake that CheckUpgrade has found to be one, and takes the connection over from net/http. What came
// together with the handshake is early. An error means that the connection is closed.
func TakeOver(w http.ResponseWriter, r *http.Request, upgrader ws.HTTPUpgrader) (nc net.Conn, early []byte, err error) {
	upgrader.Timeout = handshakeTimeout
	nc, rw, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		if nc != nil {
			_ = nc.Close()
		}
		return nil, nil, err
	}
	_ = nc.SetDeadline(time.Time{})
	// What came with the handshake stands in a buffer of net/http's, which is used again for another connection: there it
	// is cleared.
	ahead, _ := rw.Peek(rw.Reader.Buffered())
	early = bytes.Clone(ahead)
	clear(ahead)
	return nc, early, nil
}
