package httpd

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// roomReply is "Room" in docs/protocol.md.
type roomReply struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Title     string `json:"title"`
	Topic     string `json:"topic"`
	Access    string `json:"access"`
	Owner     int64  `json:"owner"`
	Occupants int    `json:"occupants"`
	// SlowSeconds and Locked are left out where there is nothing of it.
	SlowSeconds int    `json:"slow_seconds,omitzero"`
	Locked      string `json:"locked,omitzero"`
}

type roomsReply struct {
	Rooms []roomReply `json:"rooms"`
}

type membersReply struct {
	Members []wire.User `json:"members"`
}

func replyOf(l hub.Listing) roomReply {
	return roomReply{
		ID: int64(l.ID), Name: l.Name, Title: l.Title, Topic: l.Topic, Access: string(l.Access), Owner: int64(l.Owner),
		Occupants: l.Occupants, SlowSeconds: l.Slow, Locked: string(l.Lock),
	}
}

func (s *Server) listRooms(w http.ResponseWriter, r *http.Request, by caller) error {
	listings, err := s.opts.Hub.Rooms(r.Context(), by.User)
	if err != nil {
		return err
	}
	answer := roomsReply{Rooms: make([]roomReply, len(listings))}
	for i, l := range listings {
		answer.Rooms[i] = replyOf(l)
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) createRoom(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Name   string          `json:"name"`
		Title  *string         `json:"title"`
		Topic  string          `json:"topic"`
		Access *earshot.Access `json:"access"`
	}](w, r)
	if err != nil {
		return err
	}
	room, err := s.opts.Hub.CreateRoom(r.Context(), by.User,
		earshot.Room{Name: in.Name, Title: orDefault(in.Title, in.Name), Topic: in.Topic, Access: orDefault(in.Access, earshot.AccessPublic)})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/rooms/"+strconv.FormatInt(int64(room.ID), 10))
	return reply(w, http.StatusCreated, replyOf(hub.Listing{Room: room}))
}

func (s *Server) showRoom(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := roomID(r)
	if err != nil {
		return err
	}
	listing, err := s.opts.Hub.Room(r.Context(), by.User, id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOf(listing))
}

func (s *Server) changeRoom(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := roomID(r)
	if err != nil {
		return err
	}
	in, err := readBody[struct {
		Title  *string         `json:"title"`
		Topic  *string         `json:"topic"`
		Access *earshot.Access `json:"access"`
		Slow   *int            `json:"slow_seconds"`
		Lock   *earshot.Lock   `json:"locked"`
		Owner  *string         `json:"owner"`
	}](w, r)
	if err != nil {
		return err
	}
	change := hub.RoomChange{Title: in.Title, Topic: in.Topic, Access: in.Access, Slow: in.Slow, Lock: in.Lock}
	if in.Owner != nil {
		if change.Owner, err = s.newOwner(r, by, id, *in.Owner); err != nil {
			return err
		}
	}
	listing, err := s.opts.Hub.ChangeRoom(r.Context(), by.User, id, change)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOf(listing))
}

// newOwner finds who is to own a room; nobody for an empty name. Whether the caller may say so is asked first: the answer must not
// depend on whether the user exists.
func (s *Server) newOwner(r *http.Request, by caller, id earshot.RoomID, name string) (*earshot.User, error) {
	if _, err := s.opts.Hub.Room(r.Context(), by.User, id); err != nil {
		return nil, err
	}
	if name == "" || !by.User.May(earshot.PermChangeRoom) { // the hub refuses
		return &earshot.User{}, nil
	}
	user, err := s.opts.Accounts.UserByName(r.Context(), name)
	if earshot.CodeOf(err) == earshot.CodeNotFound {
		return nil, earshot.FieldError("owner", "There is no such user.")
	}
	return &user, err
}

func (s *Server) deleteRoom(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := roomID(r)
	if err != nil {
		return err
	}
	if err := s.opts.Hub.DeleteRoom(r.Context(), by.User, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) listMembers(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := roomID(r)
	if err != nil {
		return err
	}
	members, err := s.opts.Hub.Members(r.Context(), by.User, id)
	if err != nil {
		return err
	}
	answer := membersReply{Members: make([]wire.User, len(members))}
	for i, m := range members {
		answer.Members[i] = wire.User{ID: int64(m.ID), Name: m.Name}
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) addMember(w http.ResponseWriter, r *http.Request, by caller) error {
	return s.changeMember(w, r, by, s.opts.Hub.AddMember)
}

func (s *Server) removeMember(w http.ResponseWriter, r *http.Request, by caller) error {
	return s.changeMember(w, r, by, s.opts.Hub.RemoveMember)
}

// changeMember finds the room and the user that the path names and hands them to change. Whether the caller may see the
// room is asked first: the answer for a room that is not one's own must not depend on whether the user exists.
func (s *Server) changeMember(w http.ResponseWriter, r *http.Request, by caller,
	change func(context.Context, earshot.User, earshot.RoomID, earshot.User) error,
) error {
	id, err := roomID(r)
	if err != nil {
		return err
	}
	if _, err := s.opts.Hub.Room(r.Context(), by.User, id); err != nil {
		return err
	}
	user, err := s.opts.Accounts.UserByName(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if err := change(r.Context(), by.User, id, user); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// roomID reads the room's number from the path. What is no number is no room.
func roomID(r *http.Request) (earshot.RoomID, error) {
	text := chi.URLParam(r, "id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text { // +1 and 01 are no other names of 1
		return 0, &earshot.Error{Code: earshot.CodeNotFound, Field: "room", Message: "There is no such room."}
	}
	return earshot.RoomID(id), nil
}

// pathValue reads a part of the path. The router leaves it as it was sent where the client escaped more than it needed
// to, such as %40 for @.
func pathValue(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}
