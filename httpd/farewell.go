package httpd

import (
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// maxLogOutBody is the longest body of a provider that says who has logged out, in bytes.
const maxLogOutBody = 32 << 10

// logOut ends the log-in that the request came with: a browser session, or a token, which is gone then. Who came by a provider at
// which they are to log out, too, is told where to go.
func (s *Server) logOut(w http.ResponseWriter, r *http.Request, by caller) error {
	var (
		out account.WayOut
		err error
	)
	if by.credential.bearer {
		err = s.opts.Accounts.RevokeToken(r.Context(), by.credential.secret)
	} else {
		out, err = s.opts.Accounts.LogOutThere(r.Context(), by.credential.secret)
	}
	if err != nil {
		return err
	}
	w.Header().Del("Set-Cookie") // the session may have been extended on the way in
	if !by.credential.bearer {
		s.dropCookie(w, r)
	}
	if out.URL != "" {
		s.openIDCookie(w, r, out.Secret, account.OpenIDAge)
		return reply(w, http.StatusOK, wayOutReply{URL: out.URL})
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// loggedOut is where a provider sends people back to whom it has logged out: to the page that logs in, with "oidc=logged_out"
// behind the # for who was sent there from here. Nothing else comes of it, whoever opens it.
func (s *Server) loggedOut(w http.ResponseWriter, r *http.Request) {
	to := "/login"
	name := s.openIDCookieName(r)
	if cookie, err := r.Cookie(name); err == nil && s.opts.Accounts.CameBack(cookie.Value, r.URL.Query().Get("state")) {
		s.openIDCookie(w, r, "", 0)
		to += "#oidc=logged_out"
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// endedThere is where a provider says which of the log-ins that it began are over (OpenID Connect Back-Channel Logout 1.0). It is
// no call of the API: it comes without a cookie, from a server, as a form, and what it says is signed.
func (s *Server) endedThere(w http.ResponseWriter, r *http.Request) {
	token, err := logOutToken(w, r)
	if err == nil {
		var n int
		n, err = s.opts.Accounts.LogOutFrom(r.Context(), chi.URLParam(r, "provider"), token, clientAddr(r))
		if err == nil {
			s.log.InfoContext(r.Context(), "a provider of OpenID Connect ended log-ins", slog.String("provider", chi.URLParam(r, "provider")), slog.Int("ended", n))
			w.WriteHeader(http.StatusOK) // section 2.8
			return
		}
	}
	e := earshot.AsError(err)
	if e.Code == earshot.CodeInvalid || e.Code == earshot.CodeMalformed {
		_ = reply(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": e.Message})
		return
	}
	s.fail(w, r, err)
}

// logOutToken reads the form that a provider sends (section 2.5). Nothing of the address is read.
func logOutToken(w http.ResponseWriter, r *http.Request) (string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.EqualFold(kind, "application/x-www-form-urlencoded") {
		return "", earshot.Errorf(earshot.CodeMalformed, "A form with a logout_token is wanted.")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogOutBody)
	if err := r.ParseForm(); err != nil || len(r.PostForm["logout_token"]) != 1 {
		return "", earshot.Errorf(earshot.CodeMalformed, "A form with one logout_token is wanted.")
	}
	return r.PostForm.Get("logout_token"), nil
}
