package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
)

// sessionReply is "Log-in" in docs/protocol.md.
type sessionReply struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
	// Way is how it was begun: "link" from another device, else empty.
	Way earshot.Way `json:"way"`
}

type sessionsReply struct {
	Sessions []sessionReply `json:"sessions"`
}

// endedReply says how many log-ins ended.
type endedReply struct {
	Ended int `json:"ended"`
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request, by caller) error {
	sessions, err := s.opts.Accounts.Sessions(r.Context(), by.Login)
	if err != nil {
		return err
	}
	answer := sessionsReply{Sessions: make([]sessionReply, len(sessions))}
	for i, info := range sessions {
		answer.Sessions[i] = sessionReply(info)
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.EndSession(r.Context(), by.User.ID, pathValue(r, "id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, by caller) error {
	n, err := s.opts.Accounts.EndOtherSessions(r.Context(), by.Login)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, endedReply{Ended: n})
}
