package peer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/proc"
)

// earshot is the product, as its users run it: accounts and rooms in its database, tokens for the log-in.
type earshot struct {
	bin, data string
	// users and places are how many users and rooms there are.
	users, places int
	tokens        []string
	rooms         []int64
	// runs is how many generators have spoken.
	runs int
}

// Earshot is the product with so many users and rooms.
func Earshot(users, rooms int) Candidate { return &earshot{users: users, places: rooms} }

func (e *earshot) Name() string { return "Earshot" }

func (e *earshot) Note() string {
	return "Each user has an account in the database and a bearer token of its own; limits on posts are raised, all else is as installed."
}

func (e *earshot) Prepare(ctx context.Context, env Env) error {
	e.bin, e.data = env.Earshot, filepath.Join(env.Tmp, "earshot")
	names := filepath.Join(env.Tmp, "users.txt")
	var list bytes.Buffer
	for user := range e.users {
		fmt.Fprintln(&list, userName(user))
	}
	if err := os.WriteFile(names, list.Bytes(), 0o600); err != nil {
		return err
	}
	if _, err := e.run(ctx, "user", "create", "--from", names, "--data", e.data); err != nil {
		return err
	}
	out, err := e.run(ctx, "token", "create", "--from", names, "--data", e.data)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		e.tokens = append(e.tokens, lines.Text())
	}
	if len(e.tokens) != e.users {
		return fmt.Errorf("%d tokens for %d users", len(e.tokens), e.users)
	}
	return e.makeRooms(ctx)
}

func (e *earshot) run(ctx context.Context, args ...string) ([]byte, error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, e.bin, args...) //nolint:gosec // the product
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("earshot %s: %w: %.500s", args[0], err, said.String())
	}
	return out, nil
}

// makeRooms makes the rooms on the command line, which no limit of a user holds, and asks the API for their ids.
func (e *earshot) makeRooms(ctx context.Context) error {
	for number := range e.places {
		if _, err := e.run(ctx, "room", "create", roomName(number), "--data", e.data); err != nil {
			return err
		}
	}
	addr, err := proc.FreePort(ctx)
	if err != nil {
		return err
	}
	dir, command, err := e.Command(addr)
	if err != nil {
		return err
	}
	server, err := proc.Start(ctx, addr, dir, command)
	if err != nil {
		return err
	}
	defer server.Stop()
	return e.findRooms(ctx, addr)
}

func (e *earshot) findRooms(ctx context.Context, addr netip.AddrPort) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr.String()+"/api/v1/rooms", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+e.tokens[0])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	var list struct {
		Rooms []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"rooms"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		return err
	}
	ids := make(map[string]int64, len(list.Rooms))
	for _, room := range list.Rooms {
		ids[room.Name] = room.ID
	}
	for number := range e.places {
		id, ok := ids[roomName(number)]
		if !ok {
			return fmt.Errorf("%s: the room %s was made and is not there", answer.Status, roomName(number))
		}
		e.rooms = append(e.rooms, id)
	}
	return nil
}

func (e *earshot) Command(addr netip.AddrPort) (string, []string, error) {
	return "", []string{
		e.bin, "serve", "--listen", addr.String(), "--data", e.data,
		"--limits-posts-per-second", "1000000", "--limits-posts-burst", "1000000",
	}, nil
}

func (e *earshot) Protocol() load.Protocol {
	e.runs++
	return &EarshotProtocol{Tokens: e.tokens, Rooms: e.rooms, Run: e.runs}
}

// EarshotProtocol is docs/protocol.md, the socket.
type EarshotProtocol struct {
	// Tokens is each user's bearer token, Rooms each room's id.
	Tokens []string
	Rooms  []int64
	// Run is another for each generator: a post under a nonce that the same user has used is not said again.
	Run int
}

// Opcode is text.
func (p *EarshotProtocol) Opcode() byte { return load.OpText }

// Handshake logs in with the user's token.
func (p *EarshotProtocol) Handshake(dst []byte, user int) []byte {
	return appendHandshake(dst, "/ws",
		"Sec-WebSocket-Protocol: earshot.v1\r\nAuthorization: Bearer "+p.Tokens[user]+"\r\n")
}

// Steps waits for hello and joins the rooms.
func (p *EarshotProtocol) Steps(_ int, rooms []int) []load.Step {
	steps := []load.Step{{Want: []byte(`"type":"hello"`)}}
	for i, room := range rooms {
		steps = append(steps, load.Step{
			Say:  fmt.Appendf(nil, `{"type":"join","ref":%d,"room":%d}`, i+1, p.Rooms[room]),
			Want: []byte(`"type":"joined"`),
		})
	}
	return steps
}

// Post posts under a nonce of its own.
func (p *EarshotProtocol) Post(dst []byte, _, room int, text []byte, n uint64) []byte {
	return fmt.Appendf(dst, `{"type":"post","ref":%d,"room":%d,"text":"%s","nonce":"%d-%d"}`, n, p.Rooms[room], text, p.Run, n)
}

// Answer has nothing to say: the WebSocket's pong is sign of life enough.
func (p *EarshotProtocol) Answer(payload []byte) ([]byte, error) {
	return nil, errIf(payload, `"type":"error"`, `"type":"removed"`)
}
