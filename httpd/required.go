package httpd

import (
	"net/http"

	"github.com/earshot-chat/earshot"
)

// requiredReply says of whom a second factor is required.
type requiredReply struct {
	Required earshot.Required `json:"required"`
}

func (s *Server) showRequired(w http.ResponseWriter, r *http.Request) error {
	of, err := s.opts.Accounts.RequiredFactor(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, requiredReply{Required: of})
}

// require sets of whom a second factor is required, and ends at once what is live of those who have none.
func (s *Server) require(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[requiredReply](w, r)
	if err != nil {
		return err
	}
	if err := s.opts.Accounts.RequireFactor(r.Context(), &by.User, in.Required); err != nil {
		return err
	}
	s.settle(r)
	return reply(w, http.StatusOK, in)
}

// mayUse refuses who has to set up a second factor first.
func mayUse(mustEnrol bool) error {
	if mustEnrol {
		return earshot.Errorf(earshot.CodeEnrol, "A second factor is required here. Set one up first, on the page.")
	}
	return nil
}
