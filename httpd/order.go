package httpd

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// sanctionReply is "Sanction" in docs/protocol.md.
type sanctionReply struct {
	User wire.User `json:"user"`
	// By is left out where whoever it was is gone.
	By *wire.User `json:"by,omitempty"`
	At time.Time  `json:"at"`
	// Until is left out for good.
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason"`
}

// banReply is "Ban" in docs/protocol.md.
type banReply struct {
	ID     int64      `json:"id"`
	User   *wire.User `json:"user,omitempty"`
	Range  string     `json:"range,omitempty"`
	By     *wire.User `json:"by,omitempty"`
	At     time.Time  `json:"at"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason"`
}

// userOrNone is what one sees of a user, nil for nobody.
func userOrNone(u earshot.UserRef) *wire.User {
	if u.ID == 0 {
		return nil
	}
	user := wire.UserOf(u)
	return &user
}

// end is a time, nil for one that never comes.
func end(until time.Time) *time.Time {
	if earshot.IsForever(until) {
		return nil
	}
	return &until
}

func replyOfSanction(p earshot.Sanction) sanctionReply {
	return sanctionReply{User: wire.UserOf(p.User), By: userOrNone(p.By), At: p.At, Until: end(p.Until), Reason: p.Reason}
}

func replyOfBan(b earshot.Ban) banReply {
	return banReply{
		ID: b.ID, User: userOrNone(b.User), Range: b.Range, By: userOrNone(b.By), At: b.At, Until: end(b.Until), Reason: b.Reason,
	}
}

// roomAndUser finds the room and the user that a call names. Whether the caller may see the room is asked first: the
// answer for a room that is not one's own must not depend on whether the user exists.
func (s *Server) roomAndUser(r *http.Request, by *caller, username string) (earshot.RoomID, earshot.User, error) {
	id, err := roomID(r)
	if err != nil {
		return 0, earshot.User{}, err
	}
	if _, err := s.opts.Hub.Room(r.Context(), by.User, id); err != nil {
		return 0, earshot.User{}, err
	}
	user, err := s.opts.Accounts.UserByName(r.Context(), username)
	return id, user, err
}

func (s *Server) kick(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Username string `json:"username"`
		Seconds  *int64 `json:"seconds"`
		Reason   string `json:"reason"`
	}](w, r)
	if err != nil {
		return err
	}
	id, user, err := s.roomAndUser(r, &by, in.Username)
	if err != nil {
		return err
	}
	wait := hub.DefaultKick
	if in.Seconds != nil {
		// More than a kick can last is refused there, and so must not run over here.
		wait = time.Duration(min(max(*in.Seconds, -1), int64(2*hub.MaxKick/time.Second))) * time.Second
	}
	until, err := s.opts.Hub.Kick(r.Context(), by.User, id, user, wait, in.Reason)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, struct {
		User  wire.User `json:"user"`
		Until time.Time `json:"until"`
	}{wire.UserOf(user.Ref()), until})
}

// sanction puts a ban or a mute on the user that the path names.
func (s *Server) sanction(kind earshot.SanctionKind) func(http.ResponseWriter, *http.Request, caller) error {
	return func(w http.ResponseWriter, r *http.Request, by caller) error {
		in, err := readBody[struct {
			Seconds int64  `json:"seconds"`
			Reason  string `json:"reason"`
		}](w, r)
		if err != nil {
			return err
		}
		until, err := earshot.Term(time.Now(), in.Seconds)
		if err != nil {
			return err
		}
		id, user, err := s.roomAndUser(r, &by, pathValue(r, "username"))
		if err != nil {
			return err
		}
		made, err := s.opts.Hub.Sanction(r.Context(), by.User, id, kind, user, until, in.Reason)
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, replyOfSanction(made))
	}
}

func (s *Server) lift(kind earshot.SanctionKind) func(http.ResponseWriter, *http.Request, caller) error {
	return func(w http.ResponseWriter, r *http.Request, by caller) error {
		id, user, err := s.roomAndUser(r, &by, pathValue(r, "username"))
		if err != nil {
			return err
		}
		if err := s.opts.Hub.Lift(r.Context(), by.User, id, kind, user); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// sanctionsPage is how many sanctions a page has.
const sanctionsPage = 100

// listSanctions answers with a page of them, as the list of that name.
func (s *Server) listSanctions(kind earshot.SanctionKind) func(http.ResponseWriter, *http.Request, caller) error {
	return func(w http.ResponseWriter, r *http.Request, by caller) error {
		id, err := roomID(r)
		if err != nil {
			return err
		}
		page, err := s.opts.Hub.Sanctions(r.Context(), by.User, id, kind, r.URL.Query().Get("after"), sanctionsPage+1)
		if err != nil {
			return err
		}
		list, more := cut(page, sanctionsPage, replyOfSanction)
		return reply(w, http.StatusOK, map[string]any{string(kind) + "s": list, "more": more})
	}
}

// cut makes a page of what was found, which is one more than a page if there are others.
func cut[T, R any](found []T, most int, replyOf func(T) R) (page []R, more bool) {
	more = len(found) > most
	page = make([]R, min(len(found), most))
	for i := range page {
		page[i] = replyOf(found[i])
	}
	return page, more
}

func (s *Server) ban(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Username string `json:"username"`
		Range    string `json:"range"`
		Seconds  int64  `json:"seconds"`
		Reason   string `json:"reason"`
	}](w, r)
	if err != nil {
		return err
	}
	made, err := s.opts.Accounts.Ban(r.Context(), &by.User, clientAddr(r), account.NewBan(in))
	if err != nil {
		return err
	}
	if err := s.banChanged(r, &made); err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/bans/"+strconv.FormatInt(made.ID, 10))
	return reply(w, http.StatusCreated, replyOfBan(made))
}

func (s *Server) liftBan(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such ban.")
	}
	lifted, err := s.opts.Accounts.LiftBan(r.Context(), &by.User, id)
	if err != nil {
		return err
	}
	if err := s.banChanged(r, &lifted); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// banChanged has the hub act on a ban of a user at once.
func (s *Server) banChanged(r *http.Request, ban *earshot.Ban) error {
	if ban.User.ID == 0 {
		return nil
	}
	return s.opts.Accounts.Refresh(r.Context(), ban.User.ID, s.opts.Hub.UserChanged)
}

func (s *Server) listBans(w http.ResponseWriter, r *http.Request, by caller) error {
	q := readQuery(r, "kind", "search", "below", "limit")
	limit := q.limit()
	filter := account.BanFilter{
		Kind: earshot.BanKind(q.text("kind")), Search: q.text("search"), Below: q.number("below"), Limit: limit + 1,
	}
	if q.err != nil {
		return q.err
	}
	found, err := s.opts.Accounts.Bans(r.Context(), &by.User, filter)
	if err != nil {
		return err
	}
	list, more := cut(found, limit, replyOfBan)
	return reply(w, http.StatusOK, map[string]any{"bans": list, "more": more})
}

// notBarred refuses who comes from an address that is banned, but for what a page must know to say so.
func (s *Server) notBarred(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/server" {
			if err := s.opts.Accounts.Admit(clientAddr(r)); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
