package sse

import (
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
)

// FuzzID reads whatever a client may show as the id of its last event. What is read is bounded, and an id that we wrote is
// read as it was meant.
func FuzzID(f *testing.F) {
	for _, id := range []string{"", "token", "token.3:118.5:7", ".", "token.x:y", "token.3", "t.-1:0", "t.1:18446744073709551616"} {
		f.Add(id)
	}
	h := hub.New(hub.Options{Relay: local.New(), Config: hub.DefaultConfig()})
	defer func() { _ = h.Close(f.Context()) }()
	s := &Server{hub: h}
	most := h.Config().MaxRooms
	f.Fuzz(func(t *testing.T, id string) {
		cmd := s.back([]string{id})
		if len(cmd.Seen) > most || len(cmd.Token) > len(id) {
			t.Fatalf("%d rooms", len(cmd.Seen))
		}
		var m marks
		for _, seen := range cmd.Seen {
			m.set(seen.Room, seen.Seq)
		}
		line := string(m.appendLine(nil, cmd.Token))
		if strings.Contains(cmd.Token, "\n") {
			return // net/http lets none through
		}
		again := s.back([]string{strings.TrimSuffix(strings.TrimPrefix(line, "id: "), "\n")})
		if again.Token != cmd.Token || len(again.Seen) != len(m) {
			t.Fatalf("%q became %+v and then %+v", id, cmd, again)
		}
		for i, seen := range again.Seen {
			if m[i] != (mark{seen.Room, seen.Seq}) {
				t.Fatalf("%q became %+v and then %+v", id, cmd, again)
			}
		}
	})
}
