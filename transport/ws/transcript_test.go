package ws_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/wire"
)

// update writes what the server said into the transcripts: go test ./transport/ws -run Transcripts -update
var update = flag.Bool("update", false, "rewrite the golden transcripts")

// TestTranscripts holds conversations as they are written in testdata. A transcript's lines are
//
//	user NAME...              these accounts exist; the first is staff
//	room NAME ACCESS          ana makes the room; rooms are numbered from 1
//	NAME connects             and reads hello
//	NAME loses connection     without a word
//	stop                      the server stops
//	NAME> FRAME               NAME sends
//	NAME< FRAME               NAME reads; an acknowledgement and the event it is of come in either order
//	close ROOM | rename ROOM | exclude NAME ROOM       ana does this over the API
//	profile NAME CALLED TAG   what NAME shows, changed over the API
//	slow | mute NAME WHY | unmute NAME | ban NAME WHY  in the first room, and for good
//	# …                       a comment
//
// Times and epochs are written as AT and EPOCH, the token of a hello as TOKEN, and where a client sends the token of the
// hello before as OLD.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	schemas := loadSchemas(t)
	seen := make(map[string]bool)
	for _, file := range files {
		links(t, func(t *testing.T, opts setup) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts.Ping = ws.DefaultPing // hello tells it
			p := &play{house: newHouse(t, opts, func(c *hub.Config) { c.Grace = time.Hour }), clients: make(map[string]*client), tokens: make(map[string][]string), schemas: schemas, seen: seen}
			got := p.run(strings.Split(strings.TrimSuffix(string(script), "\n"), "\n"))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(script) {
				t.Errorf("%s differs: got\n%s", file, got)
			}
		})
	}
	// Pings come when they like, so the transcripts leave them out.
	ping := &play{house: &house{t: t}, schemas: schemas, seen: seen}
	ping.validate(string(wire.Append(nil, &wire.Ping{Type: wire.FramePing})))
	for name := range schemas {
		if !seen[name] {
			t.Errorf("docs/asyncapi.yaml describes %q, which no transcript shows", name)
		}
	}
}

// play is one performance of a transcript.
type play struct {
	*house
	clients map[string]*client
	rooms   []earshot.RoomID
	schemas map[string]*jsonschema.Schema
	seen    map[string]bool
	// tokens are those that the hellos of each client gave.
	tokens map[string][]string
}

var resumeToken = regexp.MustCompile(`"resume":"([\w-]+)"`)

func (p *play) run(lines []string) string {
	var out []string
	for i := 0; i < len(lines); {
		name, _, reads := strings.Cut(lines[i], "<")
		if !reads || strings.HasPrefix(lines[i], "#") || strings.Contains(name, ">") {
			p.act(lines[i])
			out = append(out, lines[i])
			i++
			continue
		}
		// A run of lines that one client reads is compared as a set: two frames may overtake each other only within it.
		var want, got []string
		for ; i < len(lines) && strings.HasPrefix(lines[i], name+"<"); i++ {
			_, frame, _ := strings.Cut(lines[i], "<")
			want = append(want, strings.TrimSpace(frame))
			got = append(got, p.hear(name))
		}
		if !*update {
			if sorted := slices.Sorted(slices.Values(got)); slices.Equal(sorted, slices.Sorted(slices.Values(want))) {
				got = want
			}
		}
		for _, g := range got {
			out = append(out, name+"< "+g)
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// hear reads a frame, holds it to the schema, and makes it the same each time.
func (p *play) hear(name string) string {
	p.t.Helper()
	frame := p.clients[name].read()
	p.validate(frame)
	if token := resumeToken.FindStringSubmatch(frame); token != nil {
		p.tokens[name] = append(p.tokens[name], token[1])
		frame = resumeToken.ReplaceAllString(frame, `"resume":"TOKEN"`)
	}
	frame = regexp.MustCompile(`"at":\d+`).ReplaceAllString(frame, `"at":AT`)
	return regexp.MustCompile(`"epoch":"[A-Z2-7]{26}"`).ReplaceAllString(frame, `"epoch":"EPOCH"`)
}

func (p *play) validate(frame string) {
	p.t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(frame))
	if err != nil {
		p.t.Fatalf("%s: %v", frame, err)
	}
	object, _ := value.(map[string]any)
	name, _ := object["type"].(string)
	schema := p.schemas[name]
	if schema == nil {
		p.t.Fatalf("docs/asyncapi.yaml does not describe %q: %s", name, frame)
	}
	if err := schema.Validate(value); err != nil {
		p.t.Errorf("%s\nis not as docs/asyncapi.yaml says: %v", frame, err)
	}
	p.seen[name] = true
}

func (p *play) act(line string) {
	p.t.Helper()
	ctx := p.t.Context()
	words := strings.Fields(line)
	check := func(err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
	}
	switch name, frame, sends := strings.Cut(line, "> "); {
	case line == "" || strings.HasPrefix(line, "#"):
	case sends && !strings.Contains(name, " "):
		// OLD stands for the token of the hello before the last.
		if tokens := p.tokens[name]; len(tokens) > 1 {
			frame = strings.ReplaceAll(frame, "OLD", tokens[len(tokens)-2])
		}
		if value := []byte(frame); json.Valid(value) {
			p.seenCommand(value)
		}
		p.clients[name].send("%s", frame)
	case words[0] == "user":
		p.addUsers(words[1:]...)
	case words[0] == "room":
		p.rooms = append(p.rooms, p.addRoom("ana", words[1], earshot.Access(words[2])))
	case len(words) == 2 && words[1] == "connects":
		p.clients[words[0]] = p.dial(words[0])
	case len(words) == 3 && words[1] == "loses":
		p.clients[words[0]].cut()
	case words[0] == "stop":
		check(p.hub.Close(ctx))
	case words[0] == "close":
		check(p.hub.DeleteRoom(ctx, p.users["ana"], p.rooms[0]))
	case words[0] == "rename":
		title := "Kitchen"
		_, err := p.hub.ChangeRoom(ctx, p.users["ana"], p.rooms[0], hub.RoomChange{Title: &title})
		check(err)
	case words[0] == "profile":
		p.hub.ProfileChanged(earshot.Profile{ID: p.users[words[1]].ID, DisplayName: words[2], Avatar: words[3]})
	case words[0] == "slow":
		slow, lock := 10, earshot.LockPosts
		_, err := p.hub.ChangeRoom(ctx, p.users["ana"], p.rooms[0], hub.RoomChange{Slow: &slow, Lock: &lock})
		check(err)
	case words[0] == "mute":
		_, err := p.hub.Sanction(ctx, p.users["ana"], p.rooms[0], earshot.SanctionMute, p.users[words[1]], earshot.Forever(), words[2])
		check(err)
	case words[0] == "unmute":
		check(p.hub.Lift(ctx, p.users["ana"], p.rooms[0], earshot.SanctionMute, p.users[words[1]]))
	case words[0] == "ban":
		_, err := p.hub.Sanction(ctx, p.users["ana"], p.rooms[0], earshot.SanctionBan, p.users[words[1]], earshot.Forever(), words[2])
		check(err)
	case words[0] == "include":
		check(p.hub.AddMember(ctx, p.users["ana"], p.rooms[0], p.users[words[1]]))
	case words[0] == "exclude":
		check(p.hub.RemoveMember(ctx, p.users["ana"], p.rooms[0], p.users[words[1]]))
	default:
		p.t.Fatalf("a line that is not understood: %s", line)
	}
}

// seenCommand holds what clients send in the transcripts to the schemas, where it is meant to be right.
func (p *play) seenCommand(frame []byte) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(frame))
	if err != nil {
		return
	}
	object, _ := value.(map[string]any)
	name, _ := object["type"].(string)
	if schema := p.schemas["command "+name]; schema != nil && schema.Validate(value) == nil {
		p.seen["command "+name] = true
	}
}

// loadSchemas gives the payload schemas of docs/asyncapi.yaml by the type of the frame; those of commands as "command X".
func loadSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7) // AsyncAPI 3's schema object is a superset of JSON Schema draft 7
	if err := compiler.AddResource("asyncapi.json", document); err != nil {
		t.Fatal(err)
	}
	var described struct {
		AsyncAPI   string `json:"asyncapi"`
		Components struct {
			Messages map[string]struct {
				Name string `json:"name"`
			} `json:"messages"`
		} `json:"components"`
	}
	if err := json.Unmarshal(asJSON, &described); err != nil || !strings.HasPrefix(described.AsyncAPI, "3.") {
		t.Fatalf("AsyncAPI %q: %v", described.AsyncAPI, err)
	}
	schemas := make(map[string]*jsonschema.Schema)
	for key, message := range described.Components.Messages {
		schema, err := compiler.Compile("asyncapi.json#/components/messages/" + key + "/payload")
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		schemas[message.Name] = schema
	}
	return schemas
}
