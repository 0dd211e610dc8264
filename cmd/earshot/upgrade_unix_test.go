//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/earshot-chat/earshot/wire"
)

// TestUpgrade puts a successor in the place of a server at which people talk: for them it is a connection that was lost,
// and nothing is missing.
func TestUpgrade(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\n", "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, "ana\nben\n", "token", "create", "--from", "-"))
	wants(t, data, "", "room", "create", "lobby")
	cmd, r := process(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, lasting()...)...)
	r.await(t)
	server := cmd.Process
	ana, hello, err := begin(t, r.url, tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	say(t, ana, `{"type":"join","ref":1,"room":1}`)
	hear(t, ana, wire.FrameEntered)
	ben, before, err := begin(t, r.url, tokens[1])
	if err != nil {
		t.Fatal(err)
	}
	say(t, ben, `{"type":"join","ref":1,"room":1}`)
	hear(t, ben, wire.FrameEntered)
	// Ana's connection is gone when ben says something, and ben does not hear the answer.
	_ = ana.CloseNow()
	say(t, ben, `{"type":"post","ref":2,"room":1,"nonce":"n1","text":"hush"}`)
	posted := hear(t, ben, wire.FramePosted)

	for round := range 2 {
		if err := server.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		if got := hear(t, ben, wire.FrameStopping); got["return_ms"] == nil {
			t.Errorf("told %v", got)
		}
		_ = ben.CloseNow()
		server = heir(t, r, round)

		var next wire.Hello
		if ben, next, err = begin(t, r.url, tokens[1]); err != nil {
			t.Fatal(err)
		}
		if next.Epoch != before.Epoch {
			t.Errorf("epoch %v, and before %v", next.Epoch, before.Epoch)
		}
		say(t, ben, `{"type":"resume","ref":1,"token":%q,"seen":[{"room":1,"seq":2}]}`, before.Resume)
		before = next
		hear(t, ben, wire.FrameResumed)
		if got := hear(t, ben, wire.FrameMessage); got["text"] != "hush" {
			t.Errorf("ben heard %v", got)
		}
		say(t, ben, `{"type":"post","ref":2,"room":1,"nonce":"n1","text":"hush"}`)
		if got := hear(t, ben, wire.FramePosted); got["seq"] != posted["seq"] {
			t.Errorf("posted anew: %v, and before %v", got, posted)
		}
	}
	ana = connect(t, r.url, tokens[0])
	say(t, ana, `{"type":"resume","ref":1,"token":%q,"seen":[{"room":1,"seq":1}]}`, hello.Resume)
	if got := hear(t, ana, wire.FrameReturned); got["lost"] != 0.0 || got["count"] != 2.0 {
		t.Errorf("returned: %v", got)
	}
	if got := hear(t, ana, wire.FrameMessage); got["text"] != "hush" {
		t.Errorf("ana heard %v", got)
	}
	lastOf(t, cmd, server)
	if strings.Contains(r.stderr.String(), "hush") || strings.Contains(r.stderr.String(), "level=ERROR") {
		t.Errorf("log: %s", r.stderr)
	}
}

// lasting has sessions, and the places of those who are away, outlive an upgrade however long it takes.
func lasting() []string { return []string{"--resume-window", "10m", "--resume-grace", "10m"} }

// TestUpgradeUnderTLS hands over twice while the certificate is renewed in between: both listening sockets go along, the
// session is resumed over TLS, and the successor shows the new certificate.
func TestUpgradeUnderTLS(t *testing.T) {
	data, id := t.TempDir(), newIdentity(t)
	own := id.renew("127.0.0.1")
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
	wants(t, data, "", "room", "create", "lobby")
	cmd, r := process(t, slices.Concat([]string{"serve", "--listen", "127.0.0.1:0", "--tls-redirect", "127.0.0.1:0", "--data", data}, id.flags(), lasting())...)
	r.await(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	plain := "http://" + r.stderr.waitFor(ctx, t, "msg=\"redirecting to https\" address=")
	ana, before := dialTLS(t, trusting(t, own, "HTTP/1.1"), r.url, token)
	say(t, ana, `{"type":"join","ref":1,"room":1}`)
	hear(t, ana, wire.FrameJoined)
	server := cmd.Process
	for round := range 2 {
		own = id.renew("127.0.0.1")
		if err := server.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		hear(t, ana, wire.FrameStopping)
		_ = ana.CloseNow()
		server = heir(t, r, round)
		client := trusting(t, own, "HTTP/1.1")
		var next map[string]any
		ana, next = dialTLS(t, client, r.url, token)
		say(t, ana, `{"type":"resume","ref":1,"token":%q,"seen":[{"room":1,"seq":0}]}`, before["resume"])
		hear(t, ana, wire.FrameResumed)
		if got := hear(t, ana, wire.FrameReturned); got["lost"] != 0.0 {
			t.Errorf("returned: %v", got)
		}
		before = next
		if answer := fetch(t, client, http.MethodGet, plain, ""); answer.header.Get("Location") != r.url+"/" {
			t.Errorf("redirected to %q", answer.header.Get("Location"))
		}
	}
	_ = ana.CloseNow()
	lastOf(t, cmd, server)
	if strings.Contains(r.stderr.String(), "level=ERROR") {
		t.Errorf("log: %s", r.stderr)
	}
}

// heir waits until the process has handed over and gives the process that took over, which ends with the test.
func heir(t *testing.T, r *running, round int) *os.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.stderr.waitForTimes(ctx, t, `msg="handed over"`, round+1)
	found := regexp.MustCompile(`msg="handing over" pid=(\d+)`).FindAllStringSubmatch(r.stderr.String(), -1)
	pid, err := strconv.Atoi(found[round][1])
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

// lastOf stops the last server, and sees that the first one, which has long handed over, ended well. Its output ends with
// the last one's.
func lastOf(t *testing.T, first *exec.Cmd, last *os.Process) {
	t.Helper()
	if err := last.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Errorf("the first server: %v", err)
	}
}

// TestUpgradeUnderTalk has ten people talk as fast as they are answered while the server is upgraded again and again: every
// connection is taken, every message gets its place, and there is one order without a hole.
func TestUpgradeUnderTalk(t *testing.T) {
	data := t.TempDir()
	var list []string
	for i := range 10 {
		list = append(list, fmt.Sprintf("user%d", i))
	}
	names := strings.Join(list, "\n") + "\n"
	wants(t, data, names, "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, names, "token", "create", "--from", "-"))
	wants(t, data, "", "room", "create", "lobby")
	cmd, r := process(t, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--data", data, "--limits-posts-per-second", "100000", "--limits-posts-burst", "100000",
	}, lasting()...)...)
	r.await(t)
	server := cmd.Process
	ctx, stop := context.WithCancel(t.Context())
	var wg, followed sync.WaitGroup
	followed.Add(len(tokens))
	for i, token := range tokens {
		wg.Go(func() { talk(ctx, t, r.url, token, i, sync.OnceFunc(followed.Done)) })
	}
	for round := range 3 {
		if err := server.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		server = heir(t, r, round)
	}
	// The last server may be there before somebody has come over to it.
	late := time.AfterFunc(patience, stop)
	defer late.Stop()
	followed.Wait()
	stop()
	wg.Wait()
	lastOf(t, cmd, server)
}

// talk posts one message after the other until the context ends, over as many connections as it takes. It calls followed when it
// has come over to the last of four servers, or has ended.
func talk(ctx context.Context, t *testing.T, url, token string, who int, followed func()) {
	t.Helper()
	defer followed()
	p := &talker{t: t, who: who}
	for ctx.Err() == nil {
		conn, hello, err := begin(t, url, token)
		if err != nil {
			continue // one that stopped the moment it was connected to; none may be refused
		}
		p.connections++
		p.begin(conn, hello.Resume)
		for {
			var f heard
			if err := wsjson.Read(ctx, conn, &f); err != nil {
				break
			}
			p.hear(conn, &f)
			if p.connections >= 4 && p.posts >= 4 {
				followed()
			}
		}
		_ = conn.CloseNow()
	}
	if p.connections < 4 || p.posts < 4 {
		t.Errorf("user %d had %d connections and posted %d messages", who, p.connections, p.posts)
	}
}

// talker is one who talks.
type talker struct {
	t   *testing.T
	who int
	// own is the connection's token. tokens are those that may bring the session back, and left those of them that this
	// connection has not tried: where one is lost between resume and resumed, it is the newer or the older (docs/protocol.md).
	own                string
	tokens, left       []string
	inside             bool
	seq                uint64
	posts, connections int
}

// heard is what of a frame matters here.
type heard struct {
	Type  wire.FrameType `json:"type"`
	Seq   uint64         `json:"seq"`
	Lost  uint64         `json:"lost"`
	Code  string         `json:"code"`
	Rooms []int64        `json:"rooms"`
}

// begin goes on with the session, or joins where there has been none in the room.
func (p *talker) begin(conn *websocket.Conn, own string) {
	p.own, p.left = own, p.tokens
	if !p.inside {
		p.tell(conn, `{"type":"join","ref":1,"room":1}`)
		return
	}
	p.resume(conn)
}

// resume tries the next token.
func (p *talker) resume(conn *websocket.Conn) {
	p.tokens = append([]string{p.own}, p.left...)
	p.tell(conn, `{"type":"resume","ref":1,"token":%q,"seen":[{"room":1,"seq":%d}]}`, p.left[0], p.seq)
}

func (p *talker) hear(conn *websocket.Conn, f *heard) {
	switch f.Type {
	case wire.FrameJoined:
		p.inside, p.tokens, p.seq = true, []string{p.own}, f.Seq
		p.post(conn)
	case wire.FrameResumed:
		p.tokens = []string{p.own}
		if len(f.Rooms) != 1 {
			p.t.Errorf("user %d is back in the rooms %v", p.who, f.Rooms)
		}
	case wire.FrameReturned:
		if f.Lost != 0 {
			p.t.Errorf("user %d lost %d", p.who, f.Lost)
		}
		p.post(conn)
	case wire.FramePosted:
		p.posts++
		p.post(conn)
	case wire.FrameError:
		switch {
		case f.Code == "stopping":
		case f.Code == "not_found" && len(p.left) > 1:
			p.left = p.left[1:]
			p.resume(conn)
		default:
			p.t.Errorf("user %d was refused: %+v", p.who, f)
		}
	case wire.FrameMessage, wire.FrameEntered, wire.FrameDeparted:
		if f.Seq != p.seq+1 {
			p.t.Errorf("user %d heard number %d after %d", p.who, f.Seq, p.seq)
		}
		p.seq = f.Seq
	default:
	}
}

// post says the message that was not acknowledged yet, perhaps again.
func (p *talker) post(conn *websocket.Conn) {
	p.tell(conn, `{"type":"post","ref":2,"room":1,"nonce":"%d-%d","text":"x"}`, p.who, p.posts)
}

// tell sends a frame; if that fails, so does the next read.
func (p *talker) tell(conn *websocket.Conn, frame string, args ...any) {
	_ = conn.Write(p.t.Context(), websocket.MessageText, fmt.Appendf(nil, frame, args...))
}
