package foreign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
	"github.com/earshot-chat/earshot/e2e/program"
)

// The roads that each client takes.
const (
	plain     = "plain"
	deflate   = "deflate"
	multichat = "multichat"
)

// TestClients has each client take each road, with and without TLS.
func TestClients(t *testing.T) {
	clients := map[string]func(t *testing.T, s *server, road string, room earshot.RoomID) (extensions string){
		"node": func(t *testing.T, s *server, road string, room earshot.RoomID) string {
			return s.script(t, node(t), "client.js", road, room)
		},
		"python": func(t *testing.T, s *server, road string, room earshot.RoomID) string {
			return s.script(t, python(t), "client.py", road, room)
		},
		"go": inGo,
	}
	roads := map[string]string{plain: "", deflate: "permessage-deflate", multichat: ""}
	bin, err := program.Binary(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, setting := range map[string]string{"TCP": "", "TLS": overTLS} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, bin, setting, len(clients)*len(roads))
			t.Run("all", func(t *testing.T) { // returns when those below are done
				rooms := earshot.RoomID(0)
				for who, run := range clients {
					for road, wanted := range roads {
						rooms++
						room := rooms // of one client alone
						t.Run(who+" "+road, func(t *testing.T) {
							t.Parallel()
							s.partner(t, room)
							if got := run(t, s, road, room); got != wanted {
								t.Errorf("negotiated %q, want %q", got, wanted)
							}
						})
					}
				}
			})
		})
	}
}

// script runs one of the programs beside this file.
func (s *server) script(t *testing.T, interpreter, file, road string, room earshot.RoomID) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, interpreter, file, s.url, road, guest, password, fmt.Sprint(room))
	if s.ca != "" {
		cmd.Env = append(os.Environ(), "CA="+s.ca)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, complaint.String())
	}
	extensions, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "ok")
	if !ok {
		t.Fatalf("it says %q", out)
	}
	return strings.TrimSpace(extensions)
}

// foreigner is a connection of Go's coder/websocket.
type foreigner struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // of one test
	conn *websocket.Conn
}

// inGo does what the scripts do.
func inGo(t *testing.T, s *server, road string, room earshot.RoomID) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	cookie, err := client.LogIn(ctx, client.Options{URL: s.url, HTTPClient: s.web}, guest, password)
	if err != nil {
		t.Fatal(err)
	}
	path, protocols, mode := "/ws", []string{"earshot.v1"}, websocket.CompressionDisabled
	switch road {
	case deflate:
		mode = websocket.CompressionNoContextTakeover
	case multichat:
		path, protocols, mode = "/chat/stream/", nil, websocket.CompressionNoContextTakeover
	}
	called := "earshot_session"
	if strings.HasPrefix(s.url, "https:") {
		called = "__Host-" + called
	}
	pongs := make(chan string, 1)
	conn, answer, err := websocket.Dial(ctx, s.url+path, &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPClient: s.web, HTTPHeader: http.Header{"Cookie": {called + "=" + cookie}}, Subprotocols: protocols, CompressionMode: mode,
		OnPongReceived: func(_ context.Context, payload []byte) { pongs <- string(payload) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	f := &foreigner{t, ctx, conn}
	if road == multichat {
		f.multichat(room)
	} else {
		f.earshot(room)
	}
	f.pingAndClose(pongs)
	extension, _, _ := strings.Cut(answer.Header.Get("Sec-Websocket-Extensions"), ";")
	return extension
}

func (f *foreigner) earshot(room earshot.RoomID) {
	text := "hello from go, " + strings.Repeat("as long as compression asks for. ", 60)
	f.until(map[string]any{"type": "hello"})
	f.send(map[string]any{"type": "join", "ref": 1, "room": room})
	f.until(map[string]any{"type": "joined", "ref": 1.0})
	f.send(map[string]any{"type": "post", "ref": 2, "room": room, "nonce": "n1", "text": text})
	got := make(map[any]map[string]any)
	for len(got) < 3 { // the acknowledgement comes before or behind one's own message, and behind the answer to that, too
		switch m := f.until(nil); {
		case m["nonce"] == "n1":
			got[m["type"]] = m
		case m["text"] == "heard hello from go":
			got["answer"] = m
		case m["type"] == "error":
			f.t.Fatalf("refused: %v", m)
		}
	}
	if got["posted"]["heard"] != 1.0 || got["message"]["text"] != text {
		f.t.Errorf("got %v", got)
	}
	f.send(map[string]any{"type": "ping", "ref": 3})
	f.until(map[string]any{"type": "ok", "ref": 3.0})
}

func (f *foreigner) multichat(room earshot.RoomID) {
	text, id := "hello from go, and so on", fmt.Sprint(room)
	f.send(map[string]any{"command": "join", "room": room})
	f.until(map[string]any{"join": id})
	f.send(map[string]any{"command": "send", "room": room, "message": text})
	f.until(map[string]any{"msg_type": 0.0, "room": float64(room), "username": guest, "message": text})
	f.until(map[string]any{"msg_type": 0.0, "room": float64(room), "username": "ana", "message": "heard hello from go"})
	f.send(map[string]any{"command": "leave", "room": room})
	f.until(map[string]any{"leave": id})
}

func (f *foreigner) send(command map[string]any) {
	f.t.Helper()
	if err := wsjson.Write(f.ctx, f.conn, command); err != nil {
		f.t.Fatal(err)
	}
}

// until skips to a message with these fields, and gives it.
func (f *foreigner) until(fields map[string]any) map[string]any {
	f.t.Helper()
	for {
		kind, frame, err := f.conn.Read(f.ctx)
		if err != nil || kind != websocket.MessageText {
			f.t.Fatalf("waiting for %v: %v %v", fields, kind, err)
		}
		var message map[string]any
		if err := json.Unmarshal(frame, &message); err != nil {
			f.t.Fatal(err)
		}
		missing := false
		for key, value := range fields {
			missing = missing || message[key] != value
		}
		if !missing {
			return message
		}
		if message["type"] == "error" || message["error"] != nil {
			f.t.Fatalf("refused: %s", frame)
		}
	}
}

func (f *foreigner) pingAndClose(pongs <-chan string) {
	f.t.Helper()
	read := make(chan error, 1)
	go func() { // pongs come while somebody reads
		for {
			if _, _, err := f.conn.Read(f.ctx); err != nil {
				read <- err
				return
			}
		}
	}()
	if err := f.conn.Ping(f.ctx); err != nil {
		f.t.Error(err)
	}
	select {
	case <-pongs:
	case <-time.After(program.Patience):
		f.t.Error("no pong")
	}
	if err := f.conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		f.t.Errorf("closing: %v", err)
	}
	if err := <-read; websocket.CloseStatus(err) != websocket.StatusNormalClosure && !errors.Is(err, context.Canceled) {
		f.t.Errorf("reading ended with %v", err)
	}
}
