package httpd

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// ceremonyReply is what a browser is asked for a passkey.
type ceremonyReply struct {
	Ticket  string         `json:"ticket"`
	Options jsontext.Value `json:"options"`
}

// passkeyReply is "Passkey" in docs/protocol.md.
type passkeyReply struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	// RecoveryCodes are told once, with the first second factor.
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
}

type passkeysReply struct {
	Passkeys []passkeyReply `json:"passkeys"`
}

func replyOfPasskey(p *earshot.Passkey) passkeyReply {
	return passkeyReply{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, UsedAt: p.UsedAt}
}

func replyOfCeremony(w http.ResponseWriter, c account.Ceremony) error {
	return reply(w, http.StatusOK, ceremonyReply{Ticket: c.Ticket, Options: c.Options})
}

func (s *Server) beginPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		LoginTicket string `json:"login_ticket"`
	}](w, r)
	if err != nil {
		return err
	}
	ceremony, err := s.opts.Accounts.BeginPasskeyLogin(r.Context(), in.LoginTicket, clientAddr(r))
	if err != nil {
		return err
	}
	return replyOfCeremony(w, ceremony)
}

func (s *Server) logInByPasskey(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Ticket      string         `json:"ticket"`
		LoginTicket string         `json:"login_ticket"`
		Response    jsontext.Value `json:"response"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.LogInByPasskey(r.Context(), in.Ticket, in.LoginTicket, in.Response, clientAddr(r))
	if err != nil {
		return err
	}
	return s.welcome(w, r, http.StatusOK, secret, login)
}

func (s *Server) listPasskeys(w http.ResponseWriter, r *http.Request, by caller) error {
	keys, err := s.opts.Accounts.Passkeys(r.Context(), by.User.ID)
	if err != nil {
		return err
	}
	answer := passkeysReply{Passkeys: make([]passkeyReply, len(keys))}
	for i := range keys {
		answer.Passkeys[i] = replyOfPasskey(&keys[i])
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) beginPasskey(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	ceremony, err := s.opts.Accounts.BeginPasskey(r.Context(), by.Login, proof, clientAddr(r))
	if err != nil {
		return err
	}
	return replyOfCeremony(w, ceremony)
}

func (s *Server) beginProof(w http.ResponseWriter, r *http.Request, by caller) error {
	ceremony, err := s.opts.Accounts.BeginProof(r.Context(), by.Login)
	if err != nil {
		return err
	}
	return replyOfCeremony(w, ceremony)
}

func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Ticket   string         `json:"ticket"`
		Name     string         `json:"name"`
		Response jsontext.Value `json:"response"`
	}](w, r)
	if err != nil {
		return err
	}
	key, codes, err := s.opts.Accounts.AddPasskey(r.Context(), by.Login, in.Ticket, in.Name, in.Response)
	if err != nil {
		return err
	}
	answer := replyOfPasskey(&key)
	answer.RecoveryCodes = codes
	return reply(w, http.StatusCreated, answer)
}

func (s *Server) renamePasskey(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := passkeyID(r)
	if err != nil {
		return err
	}
	in, err := readBody[struct {
		Name string `json:"name"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.RenamePasskey(r.Context(), by.Login, id, in.Name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) removePasskey(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := passkeyID(r)
	if err != nil {
		return err
	}
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.RemovePasskey(r.Context(), by.Login, id, proof, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// passkeyID reads the passkey's number from the path. What is no number is no passkey.
func passkeyID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		return 0, earshot.Errorf(earshot.CodeNotFound, "There is no such passkey.")
	}
	return id, nil
}
