package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot/account"
)

// linkReply is a link to be handed to somebody.
type linkReply struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// requestReset answers alike, and as soon, whether anybody has the address.
func (s *Server) requestReset(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Email string `json:"email"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.RequestReset(in.Email, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (s *Server) confirmReset(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.ResetPassword(r.Context(), in.Token, in.Password, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// confirmEmail needs no log-in: the link is often opened in another browser. It begins none either.
func (s *Server) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Token string `json:"token"`
	}](w, r)
	if err != nil {
		return err
	}
	if _, err := s.opts.Accounts.ConfirmEmail(r.Context(), in.Token, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) resetLink(w http.ResponseWriter, r *http.Request, by caller) error {
	token, expires, err := s.opts.Accounts.ResetLink(r.Context(), &by.User, pathValue(r, "username"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, linkReply{URL: account.ResetURL(s.baseURL(r), token), ExpiresAt: expires})
}
