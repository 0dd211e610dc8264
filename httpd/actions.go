package httpd

import (
	"net/http"
	"net/url"
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
	query, err := actionQuery(r.URL.Query())
	if err != nil {
		return err
	}
	found, err := s.opts.Accounts.Actions(r.Context(), &by.User, query)
	if err != nil {
		return err
	}
	list, more := cut(found, query.Limit-1, func(a earshot.Action) actionReply {
		return actionReply{
			ID: a.ID, At: a.At, By: userOrNone(a.Actor), Road: a.Road, Action: a.Verb, Subject: a.Subject, Room: a.Room, Details: a.Details,
		}
	})
	return reply(w, http.StatusOK, map[string]any{"actions": list, "more": more})
}

// actionQuery reads which entries are wanted, one more than a page.
func actionQuery(in url.Values) (earshot.ActionQuery, error) {
	const most = 100
	q := earshot.ActionQuery{
		Actor: in.Get("actor"), Subject: in.Get("subject"), Verb: earshot.Verb(in.Get("action")), Limit: most + 1,
	}
	var err error
	if q.Below, err = number(in, "below"); err != nil {
		return q, err
	}
	for _, f := range []struct {
		name string
		into *time.Time
	}{{"since", &q.Since}, {"before", &q.Before}} {
		text := in.Get(f.name)
		if text == "" {
			continue
		}
		if *f.into, err = time.Parse(time.RFC3339, text); err != nil {
			return q, earshot.FieldError(f.name, "%s must be a time such as 2031-05-07T12:00:00Z (RFC 3339).", f.name)
		}
	}
	return q, nil
}
