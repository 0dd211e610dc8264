package sse_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/hub/hubtest"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/transport/sse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// patience bounds every wait for the server, so that a test that fails does so in words and not by hanging.
const patience = hubtest.Patience

// house is a real server: store, hub, transport, HTTP. Who asks is told by the header X-User.
type house struct {
	*hubtest.House
	t     testing.TB
	store *sqlstore.Store
	hub   *hub.Hub
	sse   *sse.Server
	http  *httptest.Server
	users map[string]earshot.User
}

// versions are those of HTTP; every conversation is held over both.
func versions(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	for name, second := range map[string]bool{"HTTP1": false, "HTTP2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newHouse(t, second, sse.Options{}, nil))
		})
	}
}

func newHouse(t testing.TB, second bool, opts sse.Options, change func(*hub.Config)) *house {
	t.Helper()
	return newHouseWithin(t, second, 0, opts, change)
}

// newHouseWithin has a server that allows a request and its answer so long each; 0 is for ever.
func newHouseWithin(t testing.TB, second bool, within time.Duration, opts sse.Options, change func(*hub.Config)) *house {
	t.Helper()
	base := hubtest.New(t, local.New(), func(c *hub.Config) {
		c.ResumeWindow, c.Grace = time.Hour, time.Hour // who is cut comes back in time, however long a test takes
		if change != nil {
			change(c)
		}
	})
	h := &house{House: base, t: t, store: base.Store, hub: base.Hub, users: make(map[string]earshot.User)}
	opts.Hub, opts.Version, opts.FrameBytes = h.hub, "test", 64<<10
	if opts.Ping == 0 {
		opts.Ping = time.Minute
	}
	if opts.WriteBuffer == 0 { // nobody is meant to be slow: everybody is told how it ends
		opts.WriteBuffer = 1 << 20
		opts = sse.LingeringForTest(opts, patience)
	}
	h.sse = sse.New(opts)
	h.http = httptest.NewUnstartedServer(h)
	h.http.Config.ReadTimeout, h.http.Config.WriteTimeout = within, within
	h.http.EnableHTTP2 = second
	if second {
		h.http.StartTLS()
	} else {
		h.http.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for _, err := range []error{h.hub.Close(ctx), h.sse.Close(ctx)} {
			if err != nil {
				t.Error(err)
			}
		}
		h.http.CloseClientConnections()
		h.http.Close()
	})
	return h
}

// ServeHTTP does what httpd does: errors are told by their code, a bad one with status 500.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, ok := h.users[r.Header.Get("X-User")]
	if !ok {
		http.Error(w, "nobody", http.StatusUnauthorized)
		return
	}
	serve := h.sse.Tell
	if r.Method == http.MethodGet {
		serve = h.sse.Listen
	}
	if err := serve(w, r, user, h.credential(r.Header.Get("X-User"), r.Header.Get("X-Login"))); err != nil {
		status := http.StatusBadRequest
		if earshot.CodeOf(err) == earshot.CodeInternal {
			status = http.StatusInternalServerError
		}
		http.Error(w, string(earshot.CodeOf(err)), status)
	}
}

func (h *house) credential(user, login string) earshot.SecretHash {
	hash := earshot.SecretHash{byte(h.users[user].ID)}
	copy(hash[1:], login)
	return hash
}

func (h *house) addUsers(userNames ...string) {
	h.t.Helper()
	for _, name := range userNames {
		h.users[name] = h.User(name)
	}
}

func (h *house) addRoom(owner, name string, access earshot.Access) earshot.RoomID {
	h.t.Helper()
	return h.Room(h.users[owner], name, access)
}

// ask sends a request with further headers in pairs.
func (h *house) ask(ctx context.Context, method, user, query, body string, headers ...string) *http.Response {
	h.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, h.http.URL+"/events"+query, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("X-User", user)
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer, err := h.http.Client().Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	if second := answer.ProtoMajor == 2; second != h.http.EnableHTTP2 {
		h.t.Errorf("HTTP/%d", answer.ProtoMajor)
	}
	return answer
}

// tell posts and gives status and body of the answer.
func (h *house) tell(method, user, query, body string, headers ...string) (int, string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	answer := h.ask(ctx, method, user, query, body, headers...)
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

// frame is any frame, with what tests ask for.
type frame struct {
	Type, Text, Nonce, Resume, Session, Reason string
	// Code is a word in error and a number in end.
	Code         any
	Ref, Room    int64
	Seq, Lost    uint64
	Heard, Count int
	Rooms        []int64
	User         struct{ Name string }
	Users        []struct{ Name string }
}

// listener is a client of a stream.
type listener struct {
	h    *house
	user string
	stop context.CancelFunc
	http *http.Response
	in   *bufio.Reader
	// id and retry are what the stream's lines said last, hello is its first frame.
	id, retry string
	hello     frame
}

// listen opens a stream and reads hello.
func (h *house) listen(user, query string, headers ...string) *listener {
	h.t.Helper()
	l := h.connect(user, query, headers...)
	l.hello = l.reads("hello")
	return l
}

func (h *house) connect(user, query string, headers ...string) *listener {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	timer := time.AfterFunc(patience, stop)
	h.t.Cleanup(func() { timer.Stop(); stop() })
	answer := h.ask(ctx, http.MethodGet, user, query, "", headers...)
	h.t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		h.t.Fatalf("no stream: %d %s", answer.StatusCode, text)
	}
	return &listener{h: h, user: user, stop: stop, http: answer, in: bufio.NewReader(answer.Body)}
}

// read gives the next message that is no ping, as EventSource would read it, or the end.
func (l *listener) read() (frame, error) {
	var data string
	for {
		line, err := l.in.ReadString('\n')
		if err != nil {
			return frame{}, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "data":
			data = value
		case "id":
			l.id = value
		case "retry":
			l.retry = value
		case "":
			var f frame
			if data == "" {
				continue
			}
			if err := json.Unmarshal([]byte(data), &f, json.MatchCaseInsensitiveNames(true)); err != nil {
				return f, fmt.Errorf("%s: %w", data, err)
			}
			if data = ""; f.Type != "ping" {
				return f, nil
			}
		}
	}
}

// reads wants the next frame to be one of the type.
func (l *listener) reads(kind string) frame {
	l.h.t.Helper()
	f, err := l.read()
	if err != nil || f.Type != kind {
		l.h.t.Fatalf("%s read %+v (%v), want %s", l.user, f, err, kind)
	}
	return f
}

// until reads up to a frame of one of the types.
func (l *listener) until(kinds ...string) frame {
	l.h.t.Helper()
	for {
		f, err := l.read()
		if err != nil {
			l.h.t.Fatalf("%s: %v before %s", l.user, err, kinds)
		}
		if slices.Contains(kinds, f.Type) {
			return f
		}
	}
}

// does sends commands of the stream's session, one a line.
func (l *listener) does(format string, args ...any) {
	l.h.t.Helper()
	if status, text := l.sends(fmt.Sprintf(format, args...)); status != http.StatusNoContent {
		l.h.t.Fatalf("%s: %d %s", l.user, status, text)
	}
}

func (l *listener) sends(body string, headers ...string) (int, string) {
	l.h.t.Helper()
	return l.h.tell(http.MethodPost, l.user, "", body, slices.Concat([]string{"Earshot-Session", l.hello.Session}, headers)...)
}

// settles waits until all that the client asked for is done, also the telling of its entrances: while somebody is at that,
// they tell of others, too, and of those who come and go before their turn is, nothing.
func (l *listener) settles() {
	l.h.t.Helper()
	l.does(`{"type":"ping","ref":4711}`)
	l.until("ok")
}

// cut ends the connection without a word.
func (l *listener) cut() { l.stop() }

// ends wants the stream to say the code and to be over.
func (l *listener) ends(code int) {
	l.h.t.Helper()
	for {
		f, err := l.read()
		if err != nil {
			l.h.t.Fatalf("%s: %v before the end", l.user, err)
		}
		if f.Type != "end" {
			continue
		}
		if f.Code != float64(code) {
			l.h.t.Fatalf("ended with %v, want %d", f.Code, code)
		}
		if rest, err := io.ReadAll(l.in); err != nil || strings.Trim(string(rest), ":.\n") != "" {
			l.h.t.Errorf("after the end: %q %v", rest, err)
		}
		return
	}
}
