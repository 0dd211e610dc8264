package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// What the cookie is called that holds a browser session's secret. Over TLS no other host, and nobody without TLS, can set it
// (RFC 6265bis, section 4.1.3.2): nobody is logged in with somebody else's account unawares.
const (
	cookieName     = "earshot_session"
	hostCookieName = "__Host-earshot_session"
)

// sessionCookieName is what the cookie is called for the browser that asks.
func (s *Server) sessionCookieName(r *http.Request) string {
	if s.secure(r) {
		return hostCookieName
	}
	return cookieName
}

// credential is what a request shows to say who it comes from.
type credential struct {
	secret string
	// bearer tells a token from a browser session's cookie.
	bearer bool
}

// credentialOf finds the request's credential. A token goes before a cookie: whoever sends one means it. Another scheme
// in Authorization is not for this server: browsers send Basic with everything where a proxy in front asks for it.
func (s *Server) credentialOf(r *http.Request) (credential, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") { // RFC 9110, section 11.1: without regard to case
		return credential{secret: strings.TrimSpace(token), bearer: true}, true
	}
	cookie, err := r.Cookie(s.sessionCookieName(r))
	if err != nil || cookie.Value == "" {
		return credential{}, false
	}
	return credential{secret: cookie.Value}, true
}

// login says who the request comes from. The error has CodeUnauthenticated if nobody is logged in.
func (s *Server) login(r *http.Request) (account.Login, credential, error) {
	cred, ok := s.credentialOf(r)
	if !ok {
		return account.Login{}, cred, earshot.Errorf(earshot.CodeUnauthenticated, "Log in first.")
	}
	find := s.opts.Accounts.BySession
	if cred.bearer {
		find = s.opts.Accounts.ByToken
	}
	login, err := find(withClient(r), cred.secret)
	return login, cred, err
}

// withClient is the request's context, which tells from where it comes.
func withClient(r *http.Request) context.Context {
	return account.WithClient(r.Context(), account.Client{Address: clientAddr(r), UserAgent: r.UserAgent()})
}

// knowClient has every call of the API know from where it comes.
func knowClient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(withClient(r))) })
}

// call answers a request of the API, or fails.
type call func(w http.ResponseWriter, r *http.Request) error

// caller is who makes a call that needs a log-in.
type caller struct {
	account.Login
	credential credential
}

// anybody makes a handler of a call that needs no log-in.
func (s *Server) anybody(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := c(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// personal is a call that needs a log-in.
type personal func(w http.ResponseWriter, r *http.Request, by caller) error

// loggedIn makes a handler of a call that needs a log-in: a browser's session, or a token that may do everything.
func (s *Server) loggedIn(c personal) http.HandlerFunc {
	return s.admit(c, func(login *account.Login) error {
		if login.Scopes == earshot.AllScopes() {
			return nil
		}
		return errScope("every scope")
	})
}

// scoped makes a handler of a call that a token with any one of the scopes may make, too; with none named, any token.
func (s *Server) scoped(c personal, scopes ...earshot.Scope) http.HandlerFunc {
	return s.admit(c, func(login *account.Login) error { return allow(login, scopes...) })
}

// picture makes a handler of a call for pictures, which have a budget of their own.
func (s *Server) picture(c personal) http.HandlerFunc {
	return s.admitFrom(s.pictures, c, func(login *account.Login) error {
		if err := mayUse(login.MustEnrol); err != nil {
			return err
		}
		return allow(login, earshot.ScopeChat)
	})
}

// inBrowser makes a handler of a call that no token may make.
func (s *Server) inBrowser(c personal) http.HandlerFunc { return s.admit(c, noToken) }

// enrolling is inBrowser for a call that is open to who has to set up a second factor, too.
func (s *Server) enrolling(c personal) http.HandlerFunc { return s.admitFrom(s.budgets, c, noToken) }

// always makes a handler of a call that is open to whoever is logged in, by whatever, and whatever is left for them to do.
func (s *Server) always(c personal) http.HandlerFunc {
	return s.admitFrom(s.budgets, c, func(*account.Login) error { return nil })
}

func noToken(login *account.Login) error {
	if login.ByToken {
		return errScope("no token, but a log-in in a browser")
	}
	return nil
}

// allow refuses a token that has none of the scopes, if there are any.
func allow(login *account.Login, scopes ...earshot.Scope) error {
	if len(scopes) == 0 || login.Scopes&earshot.ScopesOf(scopes...) != 0 {
		return nil
	}
	return errScope("the scope " + string(scopes[0]))
}

func errScope(needed string) error {
	return &earshot.Error{Code: earshot.CodeForbidden, Field: "scope", Message: "This token may not do that: it takes " + needed + "."}
}

// admit makes a handler of a call that needs a log-in which may make it, and hands the caller to it.
func (s *Server) admit(c personal, may func(*account.Login) error) http.HandlerFunc {
	return s.admitFrom(s.budgets, c, func(login *account.Login) error {
		if err := mayUse(login.MustEnrol); err != nil {
			return err
		}
		return may(login)
	})
}

// admitFrom is admit with another budget than that of most calls, and for who has to set up a second factor, too.
func (s *Server) admitFrom(budgets *budgets, c personal, may func(*account.Login) error) http.HandlerFunc {
	return s.anybody(func(w http.ResponseWriter, r *http.Request) error {
		by, err := s.callerFrom(budgets, w, r)
		if err != nil {
			return err
		}
		if err := may(&by.Login); err != nil {
			return err
		}
		road := earshot.RoadPage
		if by.credential.bearer {
			road = earshot.RoadToken
		}
		r = r.WithContext(earshot.Doing(r.Context(), earshot.Doer{User: by.User.Ref(), Road: road}))
		return c(w, r, by)
	})
}

// caller says who makes a call, and fails as login does if nobody is logged in. A cookie whose session was extended is
// renewed on the way. Each call is taken from the user's budget.
func (s *Server) caller(w http.ResponseWriter, r *http.Request) (caller, error) {
	return s.callerFrom(s.budgets, w, r)
}

// callerFrom is caller with another budget.
func (s *Server) callerFrom(budgets *budgets, w http.ResponseWriter, r *http.Request) (caller, error) {
	login, cred, err := s.login(r)
	if err != nil {
		return caller{}, err
	}
	if err := budgets.take(login.User.ID, time.Now()); err != nil {
		return caller{}, err
	}
	if login.Extended && !cred.bearer {
		s.setCookie(w, r, cred.secret, login.ExpiresAt)
	}
	return caller{Login: login, credential: cred}, nil
}

// setCookie gives the browser its session's secret.
func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, secret string, expires time.Time) {
	s.cookie(w, r, secret, max(1, int(time.Until(expires)/time.Second))) // 0 would be no Max-Age at all
}

// dropCookie has the browser forget it.
func (s *Server) dropCookie(w http.ResponseWriter, r *http.Request) { s.cookie(w, r, "", -1) }

// cookie sets the cookie. Scripts cannot read it (HttpOnly), pages of other sites do not send it along (SameSite), and it
// stays off connections without TLS where there is TLS.
func (s *Server) cookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure cannot be constant: without TLS the browser would drop it
		Name: s.sessionCookieName(r), Value: value, MaxAge: maxAge, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(r),
	})
}

// clientAddr is where a request comes from, for the limits on tries: the connection's other end, or whom the proxies that
// are trusted name.
func clientAddr(r *http.Request) netip.Addr { return earshot.AddressOf(r.RemoteAddr) }
