package foreign

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/e2e/program"
)

// hand is curl with what it needs for one server.
type hand struct {
	*server
	path string
	// args go with every call: the certificate, the version of HTTP, the cookies.
	args []string
}

// call gives the body of the answer, its status and the version of HTTP that it came by.
func (h *hand) call(t *testing.T, path string, more ...string) (body, status, version string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	args := append([]string{"--silent", "--show-error", "--write-out", "\n%{http_code} %{http_version}"}, h.args...)
	out, err := exec.CommandContext(ctx, h.path, append(append(args, more...), h.url+path)...).Output()
	if err != nil {
		t.Fatalf("curl %v %s: %v", more, path, err)
	}
	all := string(out)
	body, last := all[:strings.LastIndexByte(all, '\n')], all[strings.LastIndexByte(all, '\n')+1:]
	status, version, _ = strings.Cut(last, " ")
	return body, status, version
}

// wants calls and gives the body, which must come with this status.
func (h *hand) wants(t *testing.T, status, path string, more ...string) string {
	t.Helper()
	body, got, _ := h.call(t, path, more...)
	if got != status {
		t.Fatalf("curl %v %s: %s %s, want %s", more, path, got, body, status)
	}
	return body
}

// TestCurl logs in, makes a room, opens the socket and logs out, as a person with a shell does.
func TestCurl(t *testing.T) {
	path := curl(t)
	bin, err := program.Binary(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	servers := make(map[string]*server)
	for _, setting := range []string{"", overTLS, withH2C} {
		servers[setting] = serve(t, bin, setting, 0)
	}
	for name, c := range map[string]struct {
		setting, flag, version string
	}{
		"HTTP 1.1":           {"", "--http1.1", "1.1"},
		"HTTP 1.1 over TLS":  {overTLS, "--http1.1", "1.1"},
		"HTTP 2 over TLS":    {overTLS, "--http2", "2"},
		"HTTP 2 without TLS": {withH2C, "--http2-prior-knowledge", "2"},
		"HTTP 1.1 beside it": {withH2C, "--http1.1", "1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := servers[c.setting]
			jar := filepath.Join(t.TempDir(), "cookies")
			h := &hand{server: s, path: path, args: []string{c.flag, "--cookie", jar, "--cookie-jar", jar}}
			if s.ca != "" {
				h.args = append(h.args, "--cacert", s.ca)
			}
			if _, status, version := h.call(t, "/healthz"); status != "200" || version != c.version {
				t.Errorf("%s by HTTP %s", status, version)
			}
			h.session(t)
		})
	}
}

func (h *hand) session(t *testing.T) {
	json := []string{"--header", "Content-Type: application/json", "--data"}
	handshake := []string{
		"--header", "Connection: Upgrade", "--header", "Upgrade: websocket", "--header", "Sec-WebSocket-Version: 13",
		"--header", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--header", "Sec-WebSocket-Protocol: earshot.v1",
	}
	h.wants(t, "401", "/api/v1/me")
	h.wants(t, "401", "/api/v1/login", append(json, `{"username":"`+guest+`","password":"another"}`)...)
	h.wants(t, "200", "/api/v1/login", append(json, `{"username":"`+guest+`","password":"`+password+`"}`)...)
	if me := h.wants(t, "200", "/api/v1/me"); !strings.Contains(me, `"username":"`+guest+`"`) {
		t.Errorf("it is %s", me)
	}
	room := h.wants(t, "201", "/api/v1/rooms", append(json, `{"name":"`+strings.ToLower(roomName(t))+`"}`)...)
	h.wants(t, "200", "/api/v1/rooms/"+idOf(t, room))
	h.wants(t, "204", "/api/v1/rooms/"+idOf(t, room), "--request", "DELETE")
	h.wants(t, "404", "/api/v1/rooms/"+idOf(t, room))
	h.wants(t, "403", "/api/v1/rooms", append(json, `{"name":"x"}`, "--header", "Origin: https://evil.test")...)
	for _, path := range []string{"/ws", "/chat/stream/"} {
		h.wants(t, "403", path, "--http1.1", "--header", "Origin: https://evil.test", "--header", "Upgrade: websocket")
		h.wants(t, "400", path)
	}
	h.opens(t, handshake)
	h.wants(t, "204", "/api/v1/logout", "--request", "POST")
	h.wants(t, "401", "/api/v1/me")
	h.wants(t, "401", "/ws", append(handshake, "--http1.1")...)
}

func roomName(t *testing.T) string {
	_, name, _ := strings.Cut(t.Name(), "/")
	return strings.ReplaceAll(name, "_", "-")
}

func idOf(t *testing.T, room string) string {
	t.Helper()
	var made struct{ ID json.Number }
	if err := json.Unmarshal([]byte(room), &made); err != nil {
		t.Fatal(err)
	}
	return made.ID.String()
}

// opens has curl shake hands for the socket by hand and reads hello, without caring for frames: what a person sees who tries
// whether a proxy lets the socket through.
func (h *hand) opens(t *testing.T, handshake []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	args := append(append([]string{"--silent", "--include", "--no-buffer"}, h.args...), handshake...)
	cmd := exec.CommandContext(ctx, h.path, append(args, "--http1.1", h.url+"/ws")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	first, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "HTTP/1.1 101 ") {
		t.Errorf("answered with %q: %v", first, err)
	}
	rest, err := in.ReadString('}') // somewhere in hello
	for err == nil && !strings.Contains(rest, `"type":"hello"`) {
		var more string
		more, err = in.ReadString('}')
		rest += more
	}
	if err != nil {
		t.Errorf("read %q: %v", rest, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed: the socket has no end of its own
}
