package httpd

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/earshot-chat/earshot"
)

// routes is the table of everything the server answers. Anybody may call what is wrapped by anybody, and only who is
// logged in what is wrapped by loggedIn; what a user may do beyond that is decided in hub and account.
func (s *Server) routes() (http.Handler, error) {
	sameOrigin, err := s.sameOrigin()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(s.recoverPanic, s.opts.Trust.Handler, s.logAccess, s.securityHeaders, middleware.GetHead)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(methodNotAllowed(r))

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

	r.Get("/healthz", s.health)

	r.Get("/", s.pages.index)
	r.Get("/login", s.pages.index)
	r.Get("/signup", s.pages.index)
	r.Get("/setup", s.pages.index)
	r.Get("/privacy", s.pages.index)
	for _, path := range []string{"/rooms", "/settings", "/admin"} {
		r.Get(path, s.pages.index)
		r.Get(path+"/*", s.pages.index)
	}
	for path := range s.pages.files {
		r.Get(path, s.pages.file)
	}

	r.Route("/api/v1", func(r chi.Router) {
		r.Use(noStore, sameOrigin, s.notBarred, s.limitWork)

		r.Get("/server", s.anybody(s.describe))
		r.Post("/setup", s.anybody(s.setUp))
		r.Post("/signup", s.anybody(s.signUp))
		r.Post("/login", s.anybody(s.logIn))
		r.Post("/logout", s.loggedIn(s.logOut))
		r.Get("/me", s.loggedIn(s.me))

		r.Get("/rooms", s.loggedIn(s.listRooms))
		r.Post("/rooms", s.loggedIn(s.createRoom))
		r.Get("/rooms/{id}", s.loggedIn(s.showRoom))
		r.Patch("/rooms/{id}", s.loggedIn(s.changeRoom))
		r.Delete("/rooms/{id}", s.loggedIn(s.deleteRoom))
		r.Get("/rooms/{id}/members", s.loggedIn(s.listMembers))
		r.Put("/rooms/{id}/members/{username}", s.loggedIn(s.addMember))
		r.Delete("/rooms/{id}/members/{username}", s.loggedIn(s.removeMember))

		s.orderRoutes(r)

		r.Post("/invitations", s.loggedIn(s.invite))
	})
	return r, nil
}

// orderRoutes are those of keeping order, and of the log of what was done.
func (s *Server) orderRoutes(r chi.Router) {
	r.Post("/rooms/{id}/kick", s.loggedIn(s.kick))
	for path, kind := range map[string]earshot.SanctionKind{"bans": earshot.SanctionBan, "mutes": earshot.SanctionMute} {
		r.Get("/rooms/{id}/"+path, s.loggedIn(s.listSanctions(kind)))
		r.Put("/rooms/{id}/"+path+"/{username}", s.loggedIn(s.sanction(kind)))
		r.Delete("/rooms/{id}/"+path+"/{username}", s.loggedIn(s.lift(kind)))
	}
	r.Get("/bans", s.loggedIn(s.listBans))
	r.Post("/bans", s.loggedIn(s.ban))
	r.Delete("/bans/{id}", s.loggedIn(s.liftBan))
	r.Get("/log", s.loggedIn(s.listActions))
}
