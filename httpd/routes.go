package httpd

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/earshot-chat/earshot"
)

// What a token needs for the routes below. The socket, the event stream and multichat need chat (see soonLogin).
const (
	chat  = earshot.ScopeChat
	rooms = earshot.ScopeRooms
	own   = earshot.ScopeAccount
	admin = earshot.ScopeAdmin
)

// routes is the table of everything the server answers. Anybody may call what is wrapped by anybody, and only who is
// logged in the rest: scoped names the scopes of which a token needs one, loggedIn wants all of them, and inBrowser is for
// no token. Who has to set up a second factor gets no further than to what is enrolling, and always. What a user may do beyond that is decided in hub and account.
func (s *Server) routes() (http.Handler, error) {
	sameOrigin, err := s.sameOrigin()
	if err != nil {
		return nil, err
	}
	describeAPI, err := apiDescription()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(s.recoverPanic, s.opts.Trust.Handler, s.logAccess, s.securityHeaders, middleware.GetHead)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(methodNotAllowed(r))

	s.doors(r)
	r.Get("/healthz", s.health)

	r.Get("/", s.pages.index)
	r.Get("/login", s.logInPage)
	r.Get("/forgot", s.pages.index)
	r.Get("/reset", s.pages.index)
	r.Get("/confirm", s.pages.index)
	r.Get("/device", s.pages.index)
	r.Get("/signup", s.pages.index)
	r.Get("/setup", s.pages.index)
	r.Get("/privacy", s.pages.index)
	for _, path := range []string{"/rooms", "/settings", "/admin"} {
		r.Get(path, s.pages.index)
		r.Get(path+"/*", s.pages.index)
	}
	r.With(noStore, s.limitWork, knowClient).Get("/oidc/{provider}/callback", s.finishOpenID)
	r.With(noStore, s.limitWork, knowClient).Get("/oidc/{provider}/logout", s.loggedOut)
	r.With(s.takeRest, noStore, s.limitWork, knowClient).Post("/oidc/{provider}/logout", s.endedThere)
	for path := range s.pages.files {
		r.Get(path, s.pages.file)
	}

	r.Route("/api/v1", func(r chi.Router) {
		r.Use(s.takeRest, noStore, sameOrigin, s.notBarred, s.limitWork, knowClient)

		r.Get("/"+descriptionName, describeAPI)
		r.Get("/server", s.anybody(s.describe))
		r.Post("/setup", s.anybody(s.setUp))
		r.Post("/signup", s.anybody(s.signUp))
		r.Post("/login", s.anybody(s.logIn))
		r.Post("/logout", s.always(s.logOut))
		r.Post("/password/reset", s.anybody(s.requestReset))
		r.Post("/password/reset/confirm", s.anybody(s.confirmReset))
		r.Post("/email/confirm", s.anybody(s.confirmEmail))
		r.Get("/me", s.always(s.me))
		s.ownRoutes(r)

		r.Get("/rooms", s.scoped(s.listRooms, chat, rooms))
		r.Post("/rooms", s.scoped(s.createRoom, rooms))
		r.Get("/rooms/{id}", s.scoped(s.showRoom, chat, rooms))
		r.Patch("/rooms/{id}", s.scoped(s.changeRoom, rooms))
		r.Delete("/rooms/{id}", s.scoped(s.deleteRoom, rooms))
		r.Get("/rooms/{id}/members", s.scoped(s.listMembers, chat, rooms))
		r.Put("/rooms/{id}/members/{username}", s.scoped(s.addMember, rooms))
		r.Delete("/rooms/{id}/members/{username}", s.scoped(s.removeMember, rooms))

		r.Get("/invitations", s.scoped(s.listInvitations, admin))
		r.Post("/invitations", s.scoped(s.invite, admin))
		r.Delete("/invitations/{id}", s.scoped(s.withdrawInvitation, admin))
		s.order(r)
		s.administration(r)
	})
	return r, nil
}

// ownRoutes are what users do about their own log-ins.
func (s *Server) ownRoutes(r chi.Router) {
	r.Post("/login/second", s.anybody(s.secondStep))
	r.Post("/login/passkey/options", s.anybody(s.beginPasskeyLogin))
	r.Post("/login/passkey", s.anybody(s.logInByPasskey))
	r.Post("/login/oidc", s.anybody(s.beginOpenID))
	r.Post("/login/device/look", s.anybody(s.lookAtDevice))
	r.Post("/login/device", s.anybody(s.askDevice))
	r.Post("/login/device/finish", s.anybody(s.finishDevice))

	r.Patch("/me", s.scoped(s.changeMe, own))
	r.Delete("/me", s.inBrowser(s.deleteMe))
	r.Get("/me/export", s.scoped(s.export, own))
	r.Post("/me/password", s.inBrowser(s.changePassword))
	r.Post("/me/email/confirm", s.scoped(s.askToConfirm, own))
	r.Put("/me/avatar", s.scoped(s.setAvatar, own))
	r.Delete("/me/avatar", s.scoped(s.deleteAvatar, own))
	r.Get("/profiles", s.scoped(s.listProfiles, earshot.ScopeChat))
	r.Get("/users/{username}/avatar", s.picture(s.showAvatar))
	r.Post("/users/{username}/reset-link", s.scoped(s.resetLink, earshot.ScopeAdmin))

	r.Get("/me/sessions", s.scoped(s.listSessions, own))
	r.Delete("/me/sessions", s.loggedIn(s.endOtherSessions))
	r.Delete("/me/sessions/{id}", s.loggedIn(s.endSession))

	r.Get("/me/security", s.enrolling(s.security))
	r.Post("/me/security/totp", s.enrolling(s.beginTOTP))
	r.Post("/me/security/totp/confirm", s.enrolling(s.confirmTOTP))
	r.Post("/me/security/totp/remove", s.inBrowser(s.removeTOTP))
	r.Post("/me/security/recovery-codes", s.inBrowser(s.renewRecoveryCodes))

	r.Get("/me/passkeys", s.enrolling(s.listPasskeys))
	r.Post("/me/passkeys", s.enrolling(s.addPasskey))
	r.Post("/me/passkeys/options", s.enrolling(s.beginPasskey))
	r.Post("/me/passkeys/proof", s.inBrowser(s.beginProof))
	r.Patch("/me/passkeys/{id}", s.inBrowser(s.renamePasskey))
	r.Post("/me/passkeys/{id}/remove", s.inBrowser(s.removePasskey))

	r.Get("/me/identities", s.inBrowser(s.listIdentities))
	r.Post("/me/identities", s.inBrowser(s.beginLink))
	r.Post("/me/identities/{id}/remove", s.inBrowser(s.unlink))

	r.Post("/me/device-link", s.inBrowser(s.offerDevice))
	r.Get("/me/device-link", s.inBrowser(s.offeredDevice))
	r.Delete("/me/device-link", s.inBrowser(s.withdrawDevice))
	r.Post("/me/device-link/answer", s.inBrowser(s.answerDevice))

	r.Get("/me/tokens", s.inBrowser(s.listTokens))
	r.Post("/me/tokens", s.inBrowser(s.createToken))
	r.Delete("/me/tokens/{id}", s.inBrowser(s.endToken))
}

// doors are the ways to what is said.
func (s *Server) doors(r chi.Router) {
	r.Get("/ws", s.socket)
	if s.opts.HTTP2Sockets {
		r.Connect("/ws", s.socket) // RFC 8441
	}
	if s.opts.Multichat != nil {
		r.Get("/chat/stream/", s.multichat) // where the example has it
		if s.opts.HTTP2Sockets {
			r.Connect("/chat/stream/", s.multichat)
		}
	}

	if s.opts.Stream != nil {
		r.Get("/events", s.stream(s.opts.Stream.Listen))
		r.Post("/events", s.stream(s.opts.Stream.Tell))
		r.Delete("/events", s.stream(s.opts.Stream.Tell))
	}
}

// administration is the part of the table for those who look after the server.
func (s *Server) administration(r chi.Router) {
	const admin = earshot.ScopeAdmin
	r.Get("/users", s.scoped(s.listUsers, admin))
	r.Post("/users", s.scoped(s.createUser, admin))
	r.Patch("/users", s.scoped(s.changeUsers, admin))
	r.Get("/users/{username}", s.scoped(s.showUser, admin))
	r.Patch("/users/{username}", s.scoped(s.changeUser, admin))
	r.Delete("/users/{username}", s.scoped(s.deleteUser, admin))
	r.Put("/users/{username}/password", s.scoped(s.setPassword, admin))
	r.Delete("/users/{username}/password", s.scoped(s.removePassword, admin))
	r.Get("/users/{username}/tokens", s.scoped(s.listTokensOf, admin))
	r.Delete("/users/{username}/tokens/{id}", s.scoped(s.endTokenOf, admin))

	r.Get("/groups", s.scoped(s.listGroups, admin))
	r.Post("/groups", s.scoped(s.createGroup, admin))
	r.Get("/groups/{group}", s.scoped(s.showGroup, admin))
	r.Patch("/groups/{group}", s.scoped(s.changeGroup, admin))
	r.Delete("/groups/{group}", s.scoped(s.deleteGroup, admin))
	r.Put("/groups/{group}/members/{username}", s.scoped(s.addToGroup, admin))
	r.Delete("/groups/{group}/members/{username}", s.scoped(s.removeFromGroup, admin))

	r.Get("/rooms/all", s.scoped(s.findRooms, admin))
	r.Get("/rooms/all/bans", s.scoped(s.findRoomBans, admin))
	r.Get("/settings", s.forViewers(s.listSettings))
	r.Get("/figures", s.forViewers(s.figures))
	r.Get("/settings/second-factor", s.forViewers(s.showRequired))
	r.Put("/settings/second-factor", s.scoped(s.require, admin))
}

// order is the part of the table for keeping order, and the log of what was done.
func (s *Server) order(r chi.Router) {
	r.Post("/rooms/{id}/kick", s.scoped(s.kick, rooms))
	for path, kind := range map[string]earshot.SanctionKind{"bans": earshot.SanctionBan, "mutes": earshot.SanctionMute} {
		r.Get("/rooms/{id}/"+path, s.scoped(s.listSanctions(kind), rooms))
		r.Put("/rooms/{id}/"+path+"/{username}", s.scoped(s.sanction(kind), rooms))
		r.Delete("/rooms/{id}/"+path+"/{username}", s.scoped(s.lift(kind), rooms))
	}
	r.Get("/bans", s.scoped(s.listBans, admin))
	r.Post("/bans", s.scoped(s.ban, admin))
	r.Delete("/bans/{id}", s.scoped(s.liftBan, admin))
	r.Get("/log", s.scoped(s.listActions, admin))
}
