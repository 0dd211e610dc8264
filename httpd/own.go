package httpd

import (
	"log/slog"
	"net/http"

	"github.com/earshot-chat/earshot/account"
)

// changePassword gives the caller another password, or a first one. The page goes on: its live sessions hang on the new secret from here.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		proofBody
		NewPassword string `json:"new_password"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.ChangePassword(r.Context(), by.Login, in.proof(), in.NewPassword, clientAddr(r))
	if err != nil {
		return err
	}
	if secret != "" {
		s.opts.Hub.MoveLogin(by.Credential, login.Credential)
		w.Header().Del("Set-Cookie") // the session may have been extended on the way in
		s.setCookie(w, r, secret, login.ExpiresAt)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changeMe changes what people say of themselves. Any other field is refused by readBody: nobody makes themselves staff.
func (s *Server) changeMe(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		proofBody
		DisplayName *string `json:"display_name"`
		Email       *string `json:"email"`
	}](w, r)
	if err != nil {
		return err
	}
	changed, err := s.opts.Accounts.ChangeProfile(r.Context(), by.Login, account.ProfileEdit{DisplayName: in.DisplayName, Email: in.Email, Proof: in.proof()}, clientAddr(r))
	if err != nil {
		return err
	}
	if in.DisplayName != nil {
		s.tellProfile(r, by.User.ID)
	}
	return reply(w, http.StatusOK, s.describeUser(changed))
}

func (s *Server) askToConfirm(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.AskToConfirm(r.Context(), by.Login); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// deleteMe deletes the caller's account, and ends all that is live of it at once.
func (s *Server) deleteMe(w http.ResponseWriter, r *http.Request, by caller) error {
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.DeleteSelf(r.Context(), by.Login, proof, clientAddr(r)); err != nil {
		return err
	}
	if err := s.opts.Accounts.Refresh(r.Context(), by.User.ID, s.opts.Hub.UserChanged); err != nil {
		// It is noted in the database: the sessions end within a second.
		s.log.WarnContext(r.Context(), "ending the sessions of a deleted account failed", slog.Any("error", err))
	}
	w.Header().Del("Set-Cookie")
	if !by.credential.bearer {
		s.dropCookie(w, r)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// export gives all that is stored about the caller, as a file to keep.
func (s *Server) export(w http.ResponseWriter, r *http.Request, by caller) error {
	data, err := s.opts.Accounts.PersonalData(r.Context(), by.Login)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="earshot-account.json"`)
	return reply(w, http.StatusOK, data)
}
