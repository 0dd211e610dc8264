package httpd

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// routes is the table of everything the server answers. Anybody may call what is wrapped by anybody, and only who is
// logged in what is wrapped by loggedIn; what a user may do beyond that is decided in hub and account.
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
		r.Use(takeRest, noStore, sameOrigin, s.limitWork)

		r.Get("/"+descriptionName, describeAPI)
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

		r.Post("/invitations", s.loggedIn(s.invite))
		s.administration(r)
	})
	return r, nil
}

// administration is the part of the table for those who look after the server.
func (s *Server) administration(r chi.Router) {
	r.Get("/users", s.loggedIn(s.listUsers))
	r.Post("/users", s.loggedIn(s.createUser))
	r.Patch("/users", s.loggedIn(s.changeUsers))
	r.Get("/users/{username}", s.loggedIn(s.showUser))
	r.Patch("/users/{username}", s.loggedIn(s.changeUser))
	r.Delete("/users/{username}", s.loggedIn(s.deleteUser))
	r.Put("/users/{username}/password", s.loggedIn(s.setPassword))
	r.Delete("/users/{username}/password", s.loggedIn(s.removePassword))

	r.Get("/groups", s.loggedIn(s.listGroups))
	r.Post("/groups", s.loggedIn(s.createGroup))
	r.Get("/groups/{group}", s.loggedIn(s.showGroup))
	r.Patch("/groups/{group}", s.loggedIn(s.changeGroup))
	r.Delete("/groups/{group}", s.loggedIn(s.deleteGroup))
	r.Put("/groups/{group}/members/{username}", s.loggedIn(s.addToGroup))
	r.Delete("/groups/{group}/members/{username}", s.loggedIn(s.removeFromGroup))

	r.Get("/rooms/all", s.loggedIn(s.findRooms))
	r.Get("/settings", s.forViewers(s.listSettings))
	r.Get("/figures", s.forViewers(s.figures))
}
