package multichat_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// update writes what the server said into the transcripts: go test ./transport/multichat -run Transcripts -update
var update = flag.Bool("update", false, "rewrite the golden transcripts")

// TestTranscripts holds conversations as they are written in testdata. A transcript's lines are
//
//	quiet                     clients are not told who enters and leaves; must be the first line
//	user NAME...              these accounts exist; ana is staff
//	room NAME ACCESS          ana makes the room; rooms are numbered from 1
//	NAME connects
//	NAME> FRAME               NAME sends
//	NAME< FRAME               the next that NAME reads
//	close ROOM | rename ROOM | include NAME ROOM | exclude NAME ROOM     ana does this over the API
//	# …                       a comment
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts := options()
			opts.Notices = !strings.HasPrefix(string(script), "quiet\n")
			p := &play{house: newHouse(t, opts, nil), clients: make(map[string]*client)}
			var out []string
			for line := range strings.Lines(string(script)) {
				line = strings.TrimSuffix(line, "\n")
				if name, _, reads := strings.Cut(line, "< "); reads && p.clients[name] != nil {
					line = name + "< " + p.clients[name].read()
				} else {
					p.act(line)
				}
				out = append(out, line)
			}
			got := strings.Join(out, "\n") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(script) {
				t.Errorf("differs: got\n%s", got)
			}
		})
	}
}

// play is one performance of a transcript.
type play struct {
	*house
	clients map[string]*client
	rooms   map[string]earshot.RoomID
}

func (p *play) act(line string) {
	p.t.Helper()
	ctx, ana, words := p.t.Context(), p.users["ana"], strings.Fields(line)
	var err error
	switch name, frame, sends := strings.Cut(line, "> "); {
	case line == "" || strings.HasPrefix(line, "#") || line == "quiet":
	case sends && p.clients[name] != nil:
		p.clients[name].send("%s", frame)
	case words[0] == "user":
		p.addUsers(words[1:]...)
	case words[0] == "room":
		if p.rooms == nil {
			p.rooms = make(map[string]earshot.RoomID)
		}
		p.rooms[words[1]] = p.addRoom(words[1], earshot.Access(words[2]))
	case len(words) == 2 && words[1] == "connects":
		p.clients[words[0]] = p.dial(words[0])
	case words[0] == "close":
		err = p.hub.DeleteRoom(ctx, ana, p.rooms[words[1]])
	case words[0] == "rename":
		title := "Another title"
		_, err = p.hub.ChangeRoom(ctx, ana, p.rooms[words[1]], hub.RoomChange{Title: &title})
	case words[0] == "include":
		err = p.hub.AddMember(ctx, ana, p.rooms[words[2]], p.users[words[1]])
	case words[0] == "exclude":
		err = p.hub.RemoveMember(ctx, ana, p.rooms[words[2]], p.users[words[1]])
	default:
		p.t.Fatalf("a line that is not understood: %s", line)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", line, err)
	}
}
