package httpd

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// roomBanReply is "RoomBan" in docs/openapi.yaml.
type roomBanReply struct {
	sanctionReply
	Room roomRef `json:"room"`
}

// roomRef names a room.
type roomRef struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type roomBansReply struct {
	Bans []roomBanReply `json:"bans"`
	// Next is where the next page begins; empty for the last.
	Next string `json:"next"`
}

// findRoomBans lists who is banned from rooms, of all of them.
func (s *Server) findRoomBans(w http.ResponseWriter, r *http.Request, by caller) error {
	q := readQuery(r, "search", "after", "limit")
	limit := q.limit()
	query := earshot.SanctionQuery{Kind: earshot.SanctionBan, Search: earshot.NameKey(q.text("search")), Limit: limit + 1}
	switch {
	case q.err != nil:
		return q.err
	case len(query.Search) > hub.MaxSearch: // normalising costs time
		return earshot.FieldError("search", "That is longer than what can be searched for.")
	}
	var err error
	if query.After, err = readMark(q.text("after")); err != nil {
		return err
	}
	found, err := s.opts.Hub.FindSanctions(r.Context(), by.User, query)
	if err != nil {
		return err
	}
	var answer roomBansReply
	var more bool
	answer.Bans, more = cut(found, limit, func(f earshot.FoundSanction) roomBanReply {
		return roomBanReply{sanctionReply: replyOfSanction(f.Sanction), Room: roomRef{ID: int64(f.Room), Name: f.RoomName}}
	})
	if more {
		answer.Next = markText(found[limit-1].Mark())
	}
	return reply(w, http.StatusOK, answer)
}

// markText is a place in the list as the next page is asked for with.
func markText(m earshot.SanctionMark) string {
	return fmt.Sprintf("%d.%d.%d", m.At.UnixMilli(), m.Room, m.User)
}

// readMark reads what markText made; nothing is the beginning.
func readMark(text string) (earshot.SanctionMark, error) {
	var (
		m  earshot.SanctionMark
		at int64
	)
	if text == "" {
		return m, nil
	}
	// Scanf takes more than was made, such as signs: what is read is written again and compared.
	_, err := fmt.Sscanf(strings.ReplaceAll(text, ".", " "), "%d %d %d", &at, &m.Room, &m.User)
	m.At = time.UnixMilli(at)
	if err != nil || markText(m) != text {
		return earshot.SanctionMark{}, earshot.FieldError("after", "This is the \"next\" of another page.")
	}
	return m, nil
}
