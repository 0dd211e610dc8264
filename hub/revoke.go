package hub

import (
	"time"

	"github.com/earshot-chat/earshot"
)

// revocationMemory is how long an ended credential is remembered. A handshake that was authenticated just before the end
// and connects just after it is refused by this; no handshake takes longer (httpd bounds it to seconds).
const revocationMemory = 5 * time.Minute

// EndLogin cuts every session that the credential opened: when it returns, not one more event goes to them. Sessions that
// try to connect with it within revocationMemory are refused.
func (h *Hub) EndLogin(credential earshot.SecretHash) {
	now := time.Now()
	h.mu.Lock()
	for other, at := range h.revoked {
		if now.Sub(at) > revocationMemory {
			delete(h.revoked, other)
		}
	}
	h.revoked[credential] = now
	h.mu.Unlock()
	h.cut(h.sessions(func(s *Session) bool { return s.credential == credential }))
}

// EndUser cuts every session of the user.
func (h *Hub) EndUser(id earshot.UserID) {
	h.cut(h.sessions(func(s *Session) bool { return s.info.ref.ID == id }))
}

// cut ends the sessions before it closes their connections: whatever the connection still takes, no event is among it.
func (h *Hub) cut(sessions []*Session) {
	for _, s := range sessions {
		s.End()
		s.conn.Close(earshot.CloseRevoked)
	}
}
