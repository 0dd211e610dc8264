package httpd

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/proxies"
)

// maxNext is the longest address of a page that is kept while somebody is at a provider, in bytes.
const maxNext = 2048

// providerReply is a provider by which one may log in.
type providerReply struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// wayOutReply is where the browser is to go.
type wayOutReply struct {
	URL string `json:"url"`
}

// identityReply is "Linked account" in docs/protocol.md.
type identityReply struct {
	ID int64 `json:"id"`
	// Provider and Label are those of the provider; empty where the server does not ask it any more.
	Provider string `json:"provider"`
	Label    string `json:"label"`
	Issuer   string `json:"issuer"`
	// Name is what the person is called there; it may be empty.
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

type identitiesReply struct {
	Identities []identityReply `json:"identities"`
}

// describeProviders gives the providers, as a list that may be empty.
func (s *Server) describeProviders() []providerReply {
	all := s.opts.Accounts.Providers()
	list := make([]providerReply, len(all))
	for i := range all {
		list[i] = providerReply{ID: all[i].ID, Label: all[i].Label}
	}
	return list
}

func (s *Server) beginOpenID(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Provider string `json:"provider"`
		Next     string `json:"next"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := s.atHome(r); err != nil {
		return err
	}
	if len(in.Next) > maxNext || !ownPage(in.Next) {
		in.Next = "/"
	}
	secret, to, err := s.opts.Accounts.BeginOpenID(r.Context(), in.Provider, in.Next, clientAddr(r))
	if err != nil {
		return err
	}
	s.openIDCookie(w, r, secret, account.OpenIDAge)
	return reply(w, http.StatusOK, wayOutReply{URL: to})
}

func (s *Server) beginLink(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		proofBody
		Provider string `json:"provider"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := s.atHome(r); err != nil {
		return err
	}
	secret, to, err := s.opts.Accounts.BeginLink(r.Context(), by.Login, in.Provider, in.proof(), clientAddr(r))
	if err != nil {
		return err
	}
	s.openIDCookie(w, r, secret, account.OpenIDAge)
	return reply(w, http.StatusOK, wayOutReply{URL: to})
}

// atHome wants a browser to be at the address to which the provider sends it back: at another it would not have its cookie.
func (s *Server) atHome(r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" && origin != s.opts.BaseURL {
		return &earshot.Error{
			Code: earshot.CodeForbidden, Field: "origin",
			Message: "Open this server at " + s.opts.BaseURL + " to go on: that is the address which the provider knows (public_url).",
		}
	}
	return nil
}

// openIDCookie keeps the secret of a log-in by a provider in the browser that begins it. The browser sends it along when the
// provider sends the browser back (SameSite=Lax: a page that is gone to), and with nothing else that other sites begin. Over
// TLS no other host, and nobody without TLS, can set it (__Host-).
func (s *Server) openIDCookie(w http.ResponseWriter, r *http.Request, secret string, age time.Duration) {
	maxAge := int(age / time.Second)
	if secret == "" {
		maxAge = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure cannot be constant: without TLS the browser would drop it
		Name: s.openIDCookieName(r), Value: secret, MaxAge: maxAge, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(r),
	})
}

func (s *Server) openIDCookieName(r *http.Request) string {
	if s.secure(r) {
		return "__Host-earshot_oidc"
	}
	return "earshot_oidc"
}

// secure tells whether the browser is reached over TLS.
func (s *Server) secure(r *http.Request) bool { return s.opts.Secure || proxies.Secure(r) }

// finishOpenID is where a provider sends people back to. It always sends them on, to a page that says what became of it: behind
// the #, which no server sees, stands "oidc" with the reason or "linked", or "second" with the ticket of the second step.
func (s *Server) finishOpenID(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	in := account.OpenIDReturn{
		Provider: chi.URLParam(r, "provider"), State: query.Get("state"), Code: query.Get("code"), Issuer: query.Get("iss"), Error: query.Get("error"),
	}
	for name, into := range map[string]*string{s.openIDCookieName(r): &in.Secret, s.sessionCookieName(r): &in.Session} {
		if cookie, err := r.Cookie(name); err == nil {
			*into = cookie.Value
		}
	}
	var out account.OpenIDOutcome
	err := s.opts.Accounts.Admit(clientAddr(r))
	if err == nil {
		out, err = s.opts.Accounts.FinishOpenID(r.Context(), in, clientAddr(r))
	}
	if out.Linking || out.Next != "" { // what was begun is over, and not begun by another page
		s.openIDCookie(w, r, "", 0)
	}
	next := out.Next
	if !ownPage(next) {
		next = "/"
	}
	about := url.Values{}
	switch {
	case err != nil:
		about = s.openIDFault(r, err)
	case out.Linking:
		about.Set("oidc", "linked")
	default:
		s.settle(r) // groups may be others
		s.keepLogin(w, r, out.Secret, out.Login)
	}
	to := next
	switch {
	case out.Linking:
		to = "/settings/security#" + about.Encode()
	case len(about) > 0:
		to = "/login?next=" + url.QueryEscape(next) + "#" + about.Encode()
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// openIDFault says what the page needs to know: its own words are in the language that is read.
func (s *Server) openIDFault(r *http.Request, err error) url.Values {
	if second, ok := account.AsSecondFactor(err); ok {
		factors := make([]string, len(second.Factors))
		for i, f := range second.Factors {
			factors[i] = string(f)
		}
		return url.Values{"oidc": {"second"}, "ticket": {second.Ticket}, "factors": {strings.Join(factors, ",")}}
	}
	e := earshot.AsError(err)
	if e.Code == earshot.CodeInternal {
		s.logFault(r, err)
	}
	if e.Field != "" && e.Code != earshot.CodeInternal {
		return url.Values{"oidc": {e.Field}}
	}
	return url.Values{"oidc": {string(e.Code)}}
}

func (s *Server) listIdentities(w http.ResponseWriter, r *http.Request, by caller) error {
	all, err := s.opts.Accounts.Identities(r.Context(), by.User.ID)
	if err != nil {
		return err
	}
	answer := identitiesReply{Identities: make([]identityReply, len(all))}
	for i := range all {
		answer.Identities[i] = identityReply{
			ID: all[i].ID, Provider: all[i].Provider, Label: all[i].Label, Issuer: all[i].Issuer, Name: all[i].Name,
			CreatedAt: all[i].CreatedAt, UsedAt: all[i].UsedAt,
		}
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) unlink(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such linked account.")
	}
	proof, err := readProof(w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.Unlink(r.Context(), by.Login, id, proof, clientAddr(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
