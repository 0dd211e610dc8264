package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// foundRoom is a room as those see it who look after all rooms: "FoundRoom" in docs/openapi.yaml.
type foundRoom struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Topic     string    `json:"topic"`
	Access    string    `json:"access"`
	Owner     int64     `json:"owner"`
	OwnerName string    `json:"owner_name"`
	Occupants int       `json:"occupants"`
	CreatedAt time.Time `json:"created_at"`
}

type foundRoomsReply struct {
	Rooms []foundRoom `json:"rooms"`
	// Next is where the next page begins; empty for the last.
	Next string `json:"next"`
}

// findRooms lists all rooms, private ones included.
func (s *Server) findRooms(w http.ResponseWriter, r *http.Request, by caller) error {
	q := readQuery(r, "search", "access", "owner", "after", "limit")
	limit := q.limit()
	query := earshot.RoomQuery{
		Search: earshot.NameKey(q.text("search")), Access: earshot.Access(q.text("access")), After: earshot.NameKey(q.text("after")), Limit: limit + 1,
	}
	switch {
	case q.err != nil:
		return q.err
	case query.Access != "" && !query.Access.Valid():
		return earshot.FieldError("access", "Access is public, staff or private.")
	case len(query.Search) > maxRoomText || len(query.After) > maxRoomText: // normalising costs time
		return earshot.FieldError("search", "That is longer than any name.")
	}
	if owner := q.text("owner"); owner != "" {
		user, err := s.opts.Accounts.UserByName(r.Context(), owner)
		if err != nil && earshot.CodeOf(err) != earshot.CodeNotFound {
			return err
		}
		if query.Owner = user.ID; query.Owner == 0 {
			query.Owner = -1 // nobody's: there are none
		}
	}
	rooms, err := s.opts.Hub.FindRooms(r.Context(), by.User, query)
	if err != nil {
		return err
	}
	rooms, more := cutPage(rooms, limit)
	answer, err := s.withOwners(r, rooms)
	if err != nil {
		return err
	}
	if more {
		answer.Next = rooms[len(rooms)-1].Name
	}
	return reply(w, http.StatusOK, answer)
}

// maxRoomText is longer than any name of a room, in bytes, however it is written.
const maxRoomText = earshot.MaxRoomName * 16

// withOwners looks up whose the rooms are.
func (s *Server) withOwners(r *http.Request, rooms []hub.Listing) (foundRoomsReply, error) {
	answer := foundRoomsReply{Rooms: make([]foundRoom, len(rooms))}
	names := make(map[earshot.UserID]string)
	for i := range rooms {
		l := &rooms[i]
		name, known := names[l.Owner]
		if !known && l.Owner != 0 {
			owner, err := s.opts.Accounts.User(r.Context(), l.Owner)
			if err != nil && earshot.CodeOf(err) != earshot.CodeNotFound { // deleted meanwhile
				return foundRoomsReply{}, err
			}
			name = owner.Username
			names[l.Owner] = name
		}
		answer.Rooms[i] = foundRoom{
			ID: int64(l.ID), Name: l.Name, Title: l.Title, Topic: l.Topic, Access: string(l.Access), Owner: int64(l.Owner), OwnerName: name,
			Occupants: l.Occupants, CreatedAt: l.CreatedAt,
		}
	}
	return answer, nil
}
