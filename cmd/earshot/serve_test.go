package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/earshot-chat/earshot/wire"
)

// patience bounds every wait, so that a test that fails does so in words and not by hanging.
const patience = 2 * time.Minute

// running is a server that a test started.
type running struct {
	url            string
	stdout, stderr *output
	stop           context.CancelFunc
	code           chan int
}

// serve starts a server on a free port, in this process.
func serve(t *testing.T, data string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stdout: newOutput(), stderr: newOutput(), stop: stop, code: make(chan int, 1)}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, args...)
	go func() {
		r.code <- run(alone(ctx, strings.NewReader(""), r.stdout, r.stderr), args, func(string) (string, bool) { return "", false })
	}()
	t.Cleanup(func() { r.end(t) })
	r.await(t)
	return r
}

func (r *running) await(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.url = r.stderr.waitFor(ctx, t, "msg=listening address=")
	r.url = r.stderr.waitFor(ctx, t, " url=")
}

// end stops the server as a signal does, and wants exit code 0.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		if code != exitOK {
			t.Errorf("exit code %d: %s", code, r.stderr)
		}
		r.code <- code
	case <-time.After(patience):
		t.Errorf("the server does not stop: %s", r.stderr)
	}
}

func request(t *testing.T, method, url, body string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

func connect(t *testing.T, url, token string) *websocket.Conn {
	t.Helper()
	conn, _, err := begin(t, url, token)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// begin connects and reads the hello.
func begin(t *testing.T, url, token string) (*websocket.Conn, wire.Hello, error) {
	t.Helper()
	var hello wire.Hello
	conn, answer, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/ws", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol},
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}},
		HTTPClient:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		return nil, hello, err
	}
	if answer.Body != nil {
		_ = answer.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	err = wsjson.Read(t.Context(), conn, &hello)
	if err == nil && hello.Server != version {
		t.Errorf("hello is %+v", hello)
	}
	return conn, hello, err
}

// hear reads frames until one of the type, and gives it.
func hear(t *testing.T, conn *websocket.Conn, want wire.FrameType) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		var frame map[string]any
		if err := wsjson.Read(ctx, conn, &frame); err != nil {
			t.Fatalf("waiting for %s: %v", want, err)
		}
		if frame["type"] == string(want) {
			return frame
		}
		if frame["type"] == string(wire.FrameError) {
			t.Fatalf("waiting for %s: %v", want, frame)
		}
	}
}

// TestServe is the whole house in one process: two people talk, and the server stops under them.
func TestServe(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nbob\n", "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, "", "token", "create", "ana", "bob"))
	wants(t, data, "", "room", "create", "hall")
	r := serve(t, data)
	if status, text, _ := request(t, http.MethodGet, r.url+"/healthz", ""); status != http.StatusOK || text != "ok\n" {
		t.Errorf("health: %d %s", status, text)
	}
	ana, bob := connect(t, r.url, tokens[0]), connect(t, r.url, tokens[1])
	for _, conn := range []*websocket.Conn{ana, bob} {
		if err := wsjson.Write(t.Context(), conn, wire.Command{Type: wire.CommandJoin, Ref: 1, Room: 1}); err != nil {
			t.Fatal(err)
		}
		hear(t, conn, wire.FrameJoined)
	}
	post := wire.Append(nil, &wire.Command{Type: wire.CommandPost, Ref: 2, Room: 1, Text: wire.Text("hush-hush"), Nonce: "n1"})
	if err := ana.Write(t.Context(), websocket.MessageText, post); err != nil {
		t.Fatal(err)
	}
	if message := hear(t, bob, wire.FrameMessage); message["text"] != "hush-hush" {
		t.Errorf("bob heard %v", message)
	}
	if r.stdout.String() != "" {
		t.Errorf("where there are users, nothing is to be said on standard output: %s", r.stdout)
	}
	r.stop()
	for {
		if _, _, err := bob.Read(t.Context()); err != nil {
			if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
				t.Errorf("bob's socket ended with %v", err)
			}
			break
		}
	}
	_ = ana.CloseNow()
	r.end(t)
	if !strings.Contains(r.stderr.String(), "msg=stopped") || strings.Contains(r.stderr.String(), "hush") || strings.Contains(r.stderr.String(), tokens[0]) {
		t.Errorf("log: %s", r.stderr)
	}
	assertNotOnDisk(t, data, "hush-hush")
}

// assertNotOnDisk looks for what was said in every file of the data directory.
func assertNotOnDisk(t *testing.T, data, said string) {
	t.Helper()
	files := os.DirFS(data)
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if strings.Contains(string(text), said) {
			t.Errorf("%s holds what was said", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestServeEmpty(t *testing.T) {
	data := t.TempDir()
	r := serve(t, data, "--log-level", "debug")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.stdout.waitFor(ctx, t, "Or, without a browser: ")
	greeting := r.stdout.String()
	_, after, _ := strings.Cut(greeting, "enter this code:")
	code := strings.Fields(after)[0]
	if !strings.Contains(greeting, r.url+"/setup") || !strings.Contains(greeting, "--data "+data) || len(code) < 8 {
		t.Errorf("greeting: %s", greeting)
	}
	body := fmt.Sprintf(`{"code":%q,"username":"ana","password":%q}`, code, aPassword)
	if status, text, header := request(t, http.MethodPost, r.url+"/api/v1/setup", body); status != http.StatusCreated || header.Get("Set-Cookie") == "" {
		t.Errorf("set-up: %d %s", status, text)
	}
	if strings.Contains(r.stderr.String(), code) || strings.Contains(r.stderr.String(), aPassword) {
		t.Errorf("the log holds a secret: %s", r.stderr)
	}
	r.end(t)
	again := serve(t, data)
	if again.stdout.String() != "" {
		t.Errorf("it greets again: %s", again.stdout)
	}
	login := fmt.Sprintf(`{"username":"ana","password":%q}`, aPassword)
	if status, text, _ := request(t, http.MethodPost, again.url+"/api/v1/login", login); status != http.StatusOK {
		t.Errorf("log-in after a restart: %d %s", status, text)
	}
}

func TestServePortInUse(t *testing.T) {
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	data := filepath.Join(t.TempDir(), "data")
	complaint := refused(t, exitFailure, "", "serve", "--listen", ln.Addr().String(), "--data", data)
	if runtime.GOOS != "windows" && !strings.Contains(complaint, "is in use: another program") {
		t.Errorf("complaint: %s", complaint)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the data was touched")
	}
}

// TestServeTwice sees that only one server works on the same data, with the command line beside it, until it has ended,
// in whatever way.
func TestServeTwice(t *testing.T) {
	data := t.TempDir()
	r := serve(t, data)
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	for _, at := range [][]string{{"--data", data}, {"--db", filepath.Join(data, "earshot.db")}} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		complaint := newOutput()
		code := run(alone(ctx, strings.NewReader(""), io.Discard, complaint), append([]string{"serve", "--listen", "127.0.0.1:0"}, at...),
			func(string) (string, bool) { return "", false })
		cancel()
		if code != exitFailure || !strings.Contains(complaint.String(), "earshot: another Earshot server uses this data: stop it first") {
			t.Errorf("%v: exit code %d: %s", at, code, complaint)
		}
	}
	r.end(t)
	cmd, killed := process(t, "serve", "--listen", "127.0.0.1:0", "--data", data)
	killed.await(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	serve(t, data)
}

// process starts earshot in a process of its own.
func process(t *testing.T, args ...string) (*exec.Cmd, *running) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("signals are for Unix")
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // the test binary itself
	cmd.Env = append(os.Environ(), asEarshot+"=1")
	r := &running{stdout: newOutput(), stderr: newOutput()}
	cmd.Stdout, cmd.Stderr = r.stdout, r.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, r
}

func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		data := t.TempDir()
		wants(t, data, "ana\n", "user", "create", "--from", "-")
		token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
		cmd, r := process(t, "serve", "--listen", "127.0.0.1:0", "--data", data)
		r.await(t)
		conn := connect(t, r.url, token)
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		hear(t, conn, wire.FrameStopping)
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("%v: the socket ended with %v", signal, err)
		}
		_ = conn.CloseNow()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v: %s", signal, err, r.stderr)
		}
	}
}

// TestSecondSignal has a client hold the stop up, and sees that a second signal does not wait for it.
func TestSecondSignal(t *testing.T) {
	cmd, r := process(t, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	r.await(t)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The server answers 100 Continue when it waits for the body: then the request is under way.
	if _, err := io.WriteString(conn, "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100"))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.stderr.waitFor(ctx, t, "msg=stopping")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// One that had waited would have ended by itself, with an exit code.
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != -1 {
		t.Errorf("it ended with %v, not by the signal", err)
	}
}
