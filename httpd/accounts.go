package httpd

import (
	"log/slog"
	"net/http"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/proxies"
	"github.com/earshot-chat/earshot/wire"
)

// serverReply is "Server" in docs/protocol.md.
type serverReply struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	SignUp      string `json:"sign_up"`
	CreateRooms string `json:"create_rooms"`
	// Mail tells that the server sends mail, and ConfirmEmail that people who sign up have to confirm an address.
	Mail         bool        `json:"mail"`
	ConfirmEmail bool        `json:"confirm_email"`
	SetupNeeded  bool        `json:"setup_needed"`
	ResumeMs     int64       `json:"resume_ms"`
	GraceMs      int64       `json:"grace_ms"`
	Limits       wire.Limits `json:"limits"`
	// PasskeyDomain is the name that passkeys belong to; empty where there are none.
	PasskeyDomain string `json:"passkey_domain"`
	// Providers are those of OpenID Connect by which one may log in.
	Providers []providerReply `json:"providers"`
	// Me is who asks, and nil for whoever is not logged in. A page that is opened asks for it here: a 401 from /me would
	// stand as an error in the console of everybody who comes to log in.
	Me *meReply `json:"me"`
}

// meReply is "Me" in docs/protocol.md.
type meReply struct {
	ID             int64  `json:"id"`
	Username       string `json:"username"`
	DisplayName    string `json:"display_name"`
	Email          string `json:"email"`
	EmailConfirmed bool   `json:"email_confirmed"`
	HasPassword    bool   `json:"has_password"`
	IsStaff        bool   `json:"is_staff"`
	IsSuperuser    bool   `json:"is_superuser"`
	CanCreateRooms bool   `json:"can_create_rooms"`
	// Permissions are those that the user has in whatever way: all, for a superuser.
	Permissions []earshot.Permission `json:"permissions"`
	// MustEnrol tells that a second factor is to be set up before anything else.
	MustEnrol bool `json:"must_enrol"`
}

// describe tells what a page must know before anybody has logged in, and who has.
func (s *Server) describe(w http.ResponseWriter, r *http.Request) error {
	needed, err := s.opts.Accounts.SetupNeeded(r.Context())
	if err != nil {
		return err
	}
	me, err := s.asker(w, r)
	if err != nil {
		return err
	}
	cfg := s.opts.Hub.Config()
	return reply(w, http.StatusOK, serverReply{
		Name: s.opts.Name, Version: s.opts.Version,
		SignUp: string(s.opts.SignUp), CreateRooms: string(s.opts.CreateRooms),
		Mail: s.opts.Accounts.SendsMail(), ConfirmEmail: s.opts.Accounts.ConfirmsSignUp(),
		SetupNeeded: needed, Limits: s.opts.Socket.Limits(),
		PasskeyDomain: s.opts.Accounts.PasskeyDomain(), Providers: s.describeProviders(),
		ResumeMs: cfg.ResumeWindow.Milliseconds(), GraceMs: cfg.Grace.Milliseconds(), Me: me,
	})
}

// asker is who makes a call that needs no log-in: nil without a log-in, or with one that is over.
func (s *Server) asker(w http.ResponseWriter, r *http.Request) (*meReply, error) {
	by, err := s.caller(w, r)
	if earshot.CodeOf(err) == earshot.CodeUnauthenticated {
		return nil, nil //nolint:nilnil // nobody is an answer, too
	}
	if err != nil {
		return nil, err
	}
	me := s.describeLogin(&by.Login)
	return &me, nil
}

func (s *Server) setUp(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Code     string `json:"code"`
		Username string `json:"username"`
		Password string `json:"password"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.SetUp(r.Context(), in.Code, in.Username, in.Password, clientAddr(r))
	if err != nil {
		return err
	}
	return s.welcome(w, r, http.StatusCreated, secret, login)
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Username   string `json:"username"`
		Password   string `json:"password"`
		Email      string `json:"email"`
		Invitation string `json:"invitation"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.SignUp(r.Context(), account.SignUp(in), clientAddr(r))
	if err != nil {
		return err
	}
	if secret == "" { // the address has to be confirmed first
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	return s.welcome(w, r, http.StatusCreated, secret, login)
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) error {
	in, err := readBody[struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}](w, r)
	if err != nil {
		return err
	}
	secret, login, err := s.opts.Accounts.LogIn(r.Context(), in.Username, in.Password, clientAddr(r))
	if err != nil {
		return err
	}
	return s.welcome(w, r, http.StatusOK, secret, login)
}

// welcome answers somebody who has just logged in. The session that the browser had before ends, with its sockets: the
// cookie is overwritten, so nobody could end it any more.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, status int, secret string, login account.Login) error {
	s.keepLogin(w, r, secret, login)
	return reply(w, status, s.describeLogin(&login))
}

// keepLogin gives the browser its new session, and ends the one that it had.
func (s *Server) keepLogin(w http.ResponseWriter, r *http.Request, secret string, login account.Login) {
	if before, err := r.Cookie(s.sessionCookieName(r)); err == nil {
		if _, err := s.opts.Accounts.BySession(r.Context(), before.Value); err == nil {
			if err := s.opts.Accounts.LogOut(r.Context(), before.Value); err != nil {
				s.log.WarnContext(r.Context(), "ending the session before a log-in failed", slog.Any("error", err))
			}
		}
	}
	s.setCookie(w, r, secret, login.ExpiresAt)
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, by caller) error {
	return reply(w, http.StatusOK, s.describeLogin(&by.Login))
}

// describeLogin tells who is logged in, and whether that is all.
func (s *Server) describeLogin(login *account.Login) meReply {
	me := s.describeUser(login.User)
	me.MustEnrol = login.MustEnrol
	return me
}

func (s *Server) describeUser(u earshot.User) meReply {
	permissions := make([]earshot.Permission, 0)
	for _, p := range earshot.Permissions() {
		if u.May(p) {
			permissions = append(permissions, p)
		}
	}
	return meReply{
		ID: int64(u.ID), Username: u.Username, DisplayName: u.DisplayName, Email: u.Email, EmailConfirmed: u.Email != "" && u.EmailConfirmed,
		HasPassword: u.Password.Usable(), IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser,
		CanCreateRooms: s.opts.Hub.MayCreateRooms(u), Permissions: permissions,
	}
}

// baseURL is where people reach the server: by the way that the request came if that is known, unless it was set.
func (s *Server) baseURL(r *http.Request) string {
	if origin := proxies.Origin(r); origin != "" && s.opts.AskedURL {
		return origin
	}
	return s.opts.BaseURL
}

func orDefault[T any](p *T, value T) T {
	if p == nil {
		return value
	}
	return *p
}
