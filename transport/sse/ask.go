package sse

import (
	"context"
	"net/http"
	"strconv"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
	"github.com/earshot-chat/earshot/wire"
)

// asked is what a client wants of a stream.
type asked struct {
	// text has lines for a person instead of frames.
	text bool
	// packed has the stream compressed.
	packed bool
	// rooms are to be entered.
	rooms []earshot.RoomID
	// back is what the client came back with; nil if it came with nothing.
	back *wire.Command
}

// read reads the request, and looks that the rooms are there while there is still an HTTP answer to say it in.
func (s *Server) read(r *http.Request, user *earshot.User) (asked, error) {
	// net/http notices that a client has gone only when it has read all that the client sent.
	if r.Method != http.MethodGet || r.ContentLength != 0 {
		return asked{}, earshot.Errorf(earshot.CodeMalformed, "A stream is asked for with GET and without a body.")
	}
	accept := r.Header.Values("Accept")
	a := asked{
		text:   accepts(accept, "text/plain") && !accepts(accept, "text/event-stream"),
		packed: accepts(r.Header.Values("Accept-Encoding"), "gzip"),
	}
	wanted := r.URL.Query()["room"]
	switch most := s.hub.Config().MaxRooms; {
	case len(wanted) > most:
		return a, earshot.Errorf(earshot.CodeLimit, "You can be in %d rooms at once.", most)
	case a.text && len(wanted) != 1:
		return a, earshot.Errorf(earshot.CodeMalformed, "As text/plain one listens to one room: name it, as in /events?room=lobby.")
	}
	for _, room := range wanted {
		id, err := s.room(r.Context(), user, room)
		if err != nil {
			return a, err
		}
		a.rooms = append(a.rooms, id)
	}
	if ids := r.Header.Values("Last-Event-Id"); len(ids) > 0 && !a.text {
		back := s.back(ids)
		a.back = &back
	}
	return a, nil
}

// room finds the room that a client names: by its id, or by its name if that is not all digits. CodeNotFound also where the
// user may not know of it.
func (s *Server) room(ctx context.Context, user *earshot.User, called string) (earshot.RoomID, error) {
	if id, err := strconv.ParseInt(called, 10, 64); err == nil {
		known, err := s.hub.Room(ctx, *user, earshot.RoomID(id))
		return known.ID, err
	}
	key := names.Key(called)
	listings, err := s.hub.Rooms(ctx, *user)
	if err != nil {
		return 0, err
	}
	for i := range listings {
		if names.Key(listings[i].Name) == key {
			return listings[i].ID, nil
		}
	}
	return 0, &earshot.Error{Code: earshot.CodeNotFound, Field: "room", Message: "There is no such room."}
}

// begin does what the client asked for with the address: it comes back, and enters what it is not in by then.
func (st *stream) begin(a asked) {
	if a.back != nil {
		st.resume(a.back)
	}
	for _, room := range a.rooms {
		if !st.hears(room) {
			st.do(&wire.Command{Type: wire.CommandJoin, Room: int64(room)})
		}
		if a.text && !st.hears(room) {
			st.finish(codeNormal, "there is nothing to be heard", nil)
		}
	}
}

// resume does so for a client that shows its last event's id. If the answer to an earlier try did not reach it, its token is
// that of a session which has passed its rooms on already: they are taken from where they are now.
func (st *stream) resume(back *wire.Command) {
	st.shown = back.Token
	st.srv.mu.Lock()
	back.Token = st.srv.passed.latest(st.shown)
	st.srv.mu.Unlock()
	st.do(back)
	st.shown = ""
}

// passOn notes that this session has the rooms now of the one whose id was shown, if one was. That is before the client
// hears of it: it may be cut at once and show the same id again.
func (st *stream) passOn() {
	if st.shown == "" {
		return
	}
	st.srv.mu.Lock()
	defer st.srv.mu.Unlock()
	st.srv.passed.note(st.shown, st.session.Token(), st.srv.hub.Config().ResumeWindow)
}
