package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// actionReply is "Action" in docs/protocol.md.
type actionReply struct {
	ID int64     `json:"id"`
	At time.Time `json:"at"`
	// By is left out for the command line.
	By      *wire.User        `json:"by,omitempty"`
	Road    earshot.Road      `json:"road"`
	Action  earshot.Verb      `json:"action"`
	Subject string            `json:"subject"`
	Room    string            `json:"room,omitempty"`
	Details map[string]string `json:"details,omitempty"`
}

// listActions answers with a page of the log of actions.
func (s *Server) listActions(w http.ResponseWriter, r *http.Request, by caller) error {
	q := readQuery(r, "actor", "action", "subject", "since", "before", "below", "limit")
	limit := q.limit()
	query := earshot.ActionQuery{
		Actor: q.text("actor"), Subject: q.text("subject"), Verb: earshot.Verb(q.text("action")),
		Since: q.time("since"), Before: q.time("before"), Below: q.number("below"), Limit: limit + 1,
	}
	if q.err != nil {
		return q.err
	}
	found, err := s.opts.Accounts.Actions(r.Context(), &by.User, query)
	if err != nil {
		return err
	}
	list, more := cut(found, limit, func(a earshot.Action) actionReply {
		return actionReply{
			ID: a.ID, At: a.At, By: userOrNone(a.Actor), Road: a.Road, Action: a.Verb, Subject: a.Subject, Room: a.Room, Details: a.Details,
		}
	})
	return reply(w, http.StatusOK, map[string]any{"actions": list, "more": more})
}
