package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
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
	q := readQuery(r, "search", "name", "access", "owner", "after", "limit")
	limit := q.limit()
	query := earshot.RoomQuery{
		Search: earshot.NameKey(q.text("search")), Key: earshot.NameKey(q.text("name")), Access: earshot.Access(q.text("access")), After: earshot.NameKey(q.text("after")), Limit: limit + 1,
	}
	switch {
	case q.err != nil:
		return q.err
	case query.Access != "" && !query.Access.Valid():
		return earshot.FieldError("access", "Access is public, staff or private.")
	case len(query.Search) > maxRoomText || len(query.Key) > maxRoomText || len(query.After) > maxRoomText: // normalising costs time
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
	answer := foundRoomsReply{Rooms: make([]foundRoom, len(rooms))}
	for i := range rooms {
		l := &rooms[i]
		answer.Rooms[i] = foundRoom{
			ID: int64(l.ID), Name: l.Name, Title: l.Title, Topic: l.Topic, Access: string(l.Access), Owner: int64(l.Owner), OwnerName: l.OwnerName,
			Occupants: l.Occupants, CreatedAt: l.CreatedAt,
		}
	}
	if more {
		answer.Next = rooms[len(rooms)-1].Name
	}
	return reply(w, http.StatusOK, answer)
}

// maxRoomText is longer than any name of a room, in bytes, however it is written.
const maxRoomText = earshot.MaxRoomName * 16
