package httpd

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/proxies"
)

// cookieName is the cookie that holds a browser session's secret.
const cookieName = "earshot_session"

// credential is what a request shows to say who it comes from.
type credential struct {
	secret string
	// bearer tells a token from a browser session's cookie.
	bearer bool
}

// credentialOf finds the request's credential. A token goes before a cookie: whoever sends one means it. Another scheme
// in Authorization is not for this server: browsers send Basic with everything where a proxy in front asks for it.
func credentialOf(r *http.Request) (credential, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") { // RFC 9110, section 11.1: without regard to case
		return credential{secret: strings.TrimSpace(token), bearer: true}, true
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" {
		return credential{}, false
	}
	return credential{secret: cookie.Value}, true
}

// login says who the request comes from. The error has CodeUnauthenticated if nobody is logged in.
func (s *Server) login(r *http.Request) (account.Login, credential, error) {
	cred, ok := credentialOf(r)
	if !ok {
		return account.Login{}, cred, earshot.Errorf(earshot.CodeUnauthenticated, "Log in first.")
	}
	find := s.opts.Accounts.BySession
	if cred.bearer {
		find = s.opts.Accounts.ByToken
	}
	login, err := find(r.Context(), cred.secret)
	return login, cred, err
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

// loggedIn makes a handler of a call that needs a log-in, and hands the caller to it. A cookie whose session was
// extended is renewed on the way. Each call is taken from the user's budget.
func (s *Server) loggedIn(c func(w http.ResponseWriter, r *http.Request, by caller) error) http.HandlerFunc {
	return s.anybody(func(w http.ResponseWriter, r *http.Request) error {
		login, cred, err := s.login(r)
		if err != nil {
			return err
		}
		if err := s.budgets.take(login.User.ID, time.Now()); err != nil {
			return err
		}
		if login.Extended && !cred.bearer {
			s.setCookie(w, r, cred.secret, login.ExpiresAt)
		}
		road := earshot.RoadPage
		if cred.bearer {
			road = earshot.RoadToken
		}
		r = r.WithContext(earshot.Doing(r.Context(), earshot.Doer{User: login.User.Ref(), Road: road}))
		return c(w, r, caller{Login: login, credential: cred})
	})
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
		Name: cookieName, Value: value, MaxAge: maxAge, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.opts.Secure || proxies.Secure(r),
	})
}

// clientAddr is where a request comes from, for the limits on tries: the connection's other end, or whom the proxies that
// are trusted name.
func clientAddr(r *http.Request) netip.Addr { return earshot.AddressOf(r.RemoteAddr) }
