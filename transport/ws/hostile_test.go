package ws_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	gobwas "github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
)

func TestHandshakesThatAreRefused(t *testing.T) {
	h := newHouse(t, setup{}, nil)
	h.addUsers("ana")
	good := map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "other, earshot.v1",
	}
	tests := map[string]struct {
		header, value string
		status        int
	}{
		"nothing wrong":      {"X-Other", "x", http.StatusSwitchingProtocols},
		"no upgrade":         {"Upgrade", "", http.StatusBadRequest},
		"no connection":      {"Connection", "close", http.StatusBadRequest},
		"old version":        {"Sec-WebSocket-Version", "8", http.StatusBadRequest},
		"short key":          {"Sec-WebSocket-Key", "abc", http.StatusBadRequest},
		"no subprotocol":     {"Sec-WebSocket-Protocol", "", http.StatusBadRequest},
		"other subprotocol":  {"Sec-WebSocket-Protocol", "earshot.v2", http.StatusBadRequest},
		"subprotocol prefix": {"Sec-WebSocket-Protocol", "earshot.v1x", http.StatusBadRequest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.http.URL+"/ws?user=ana", nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range good {
				req.Header.Set(k, v)
			}
			req.Header.Set(tc.header, tc.value)
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != tc.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tc.status)
			}
		})
	}
}

// TestRefusedCommands tries bad commands over the wire: each gets its error and the connection goes on.
func TestRefusedCommands(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	tests := []struct{ send, want string }{
		{`{"type":"post","ref":1,"room":%d,"nonce":"n","text":"before joining"}`, `"ref":1,"code":"not_in_room"`},
		{`{"type":"leave","ref":2,"room":%d}`, `"ref":2,"code":"not_in_room"`},
		{`{"type":"typing","room":%d}`, `"ref":0,"code":"not_in_room"`},
		{`{"type":"occupants","ref":4,"room":%d}`, `"ref":4,"code":"not_in_room"`},
		{`{"type":"join","ref":5,"room":9%d}`, `"ref":5,"code":"not_found"`},
		{`{"type":"join","ref":6,"room":-%d}`, `"ref":6,"code":"not_found"`},
		{`{"type":"join","ref":7,"room":"%d"}`, `"ref":7,"code":"malformed"`},
		{`{"type":"sing","ref":8,"room":%d}`, `"ref":8,"code":"unknown_command"`},
		{`{"type":"join","ref":9,"room":%d,"extra":1}`, `"ref":9,"code":"malformed"`},
		{`{"type":"join","ref":10,"room":%d}`, `"type":"joined"`},
		{`{"type":"post","ref":11,"room":%d,"nonce":"n","text":""}`, `"ref":11,"code":"invalid"`},
		{`{"type":"post","ref":12,"room":%d,"nonce":"n","text":"` + long + `"}`, `"ref":12,"code":"too_large"`},
		{`{"type":"post","ref":13,"room":%d,"nonce":"` + long + `","text":"x"}`, `"ref":13,"code":"invalid"`},
		{strings.Repeat("[", 30_000) + `%d`, `"ref":0,"code":"malformed"`},
		{`{"type":"leave","ref":14,"room":%d}`, `"type":"left"`},
		{`{"type":"post","ref":15,"room":%d,"nonce":"n","text":"after leaving"}`, `"ref":15,"code":"not_in_room"`},
	}
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ben := h.dial("ben")
		ben.reads("hello")
		ben.send(`{"type":"join","ref":1,"room":%d}`, room)
		ben.reads("joined")
		ben.reads("entered")
		ben.settles()
		ana := h.dial("ana")
		ana.reads("hello")
		for _, tc := range tests {
			ana.send(tc.send, room)
			for {
				// Ana's own entrance comes some time after joining.
				if got := ana.read(); strings.Contains(got, tc.want) {
					break
				} else if !strings.Contains(got, `"entered"`) {
					t.Fatalf("sent %.60s\nread %s\nwant %s", tc.send, got, tc.want)
				}
			}
		}
		// Whatever ana tried, ben heard nothing but her coming and going.
		ben.reads(`"entered"`, `"ana"`)
		ben.reads(`"departed"`, `"ana"`)
	})
}

func TestFloodOfNonsenseIsEnded(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		ana := h.dialRaw("ana")
		var flood []byte
		for range 200 {
			flood = append(flood, compile(gobwas.OpText, true, "nonsense")...)
		}
		ana.write(flood)
		for {
			f := ana.frame()
			if f.Header.OpCode == gobwas.OpClose {
				if code, _ := gobwas.ParseCloseFrameData(f.Payload); code != 4501 {
					t.Errorf("closed with %d", code)
				}
				return
			}
		}
	})
}

// TestFloodOfFramesIsEnded has a client send frames of every kind faster than any of good faith: it is cut off, and the
// next connection is not taken at once.
func TestFloodOfFramesIsEnded(t *testing.T) {
	floods := map[string][]byte{
		"pings":        compile(gobwas.OpPing, true, ""),
		"pongs":        compile(gobwas.OpPong, true, ""),
		"fragments":    append(compile(gobwas.OpText, false, ""), bytes.Repeat(compile(gobwas.OpContinuation, false, ""), 999)...),
		"refused ones": compile(gobwas.OpText, true, probe),
		"joins":        compile(gobwas.OpText, true, `{"type":"join","ref":1,"room":4711}`),
		"our own ping": compile(gobwas.OpText, true, `{"type":"ping","ref":1}`),
	}
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, func(c *hub.Config) { c.FramesPerSecond, c.FramesBurst = 1e-6, 200 })
		for name, flood := range floods {
			user := strings.ReplaceAll(name, " ", "-")
			h.addUsers(user)
			t.Run(name, func(t *testing.T) {
				r := h.dialRaw(user)
				r.T = t
				go func() {
					for range 1000 {
						if _, err := r.Conn.Write(flood); err != nil {
							return
						}
					}
				}()
				for {
					f, err := websockettest.ReadFrame(r.Conn)
					if err != nil {
						return // reset: the server had no mind to read the rest
					}
					if f.Header.OpCode == gobwas.OpClose {
						if code, _ := gobwas.ParseCloseFrameData(f.Payload); code != 4501 {
							t.Errorf("closed with %d", code)
						}
						break
					}
				}
				h.dial(user).closes(4100)
			})
		}
	})
}

func TestCloseCodesOfTheServer(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, func(c *hub.Config) { c.SessionsPerUser = 1 })
		h.addUsers("ana", "ben")
		ana := h.dial("ana")
		ana.reads("hello")
		h.dial("ana").closes(4100)
		h.hub.EndLogin(earshot.SecretHash{byte(h.users["ana"].ID)})
		ana.closes(4500)
		h.dial("ana").closes(4500)
		ben := h.dial("ben")
		ben.reads("hello")
		go func() { _ = h.hub.Close(context.Background()) }()
		ben.closes(websocket.StatusGoingAway)
	})
}

// TestSlowReaderHarmsNobody has one of three stop reading: it is closed with its code when its bound is reached, and
// the others hear everything.
func TestSlowReaderHarmsNobody(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		opts.WriteBuffer = 64 << 10
		h := newHouse(t, opts, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst, c.Grace = 1e6, 1e6, 0 })
		h.addUsers("ana", "ben", "slow")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		slow := h.dialRaw("slow")
		slow.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)))
		slow.answers("joined")
		slow.answers("entered") // before that there would be nothing to tell of its going
		ben := h.dial("ben")
		ben.reads("hello")
		ben.send(`{"type":"join","ref":1,"room":%d}`, room)
		ben.reads("joined")
		ana := h.dial("ana")
		ana.reads("hello")
		ana.send(`{"type":"join","ref":1,"room":%d}`, room)
		ana.reads("joined")

		// Each message goes when the last was heard, so whoever is behind is behind by not reading.
		text := strings.Repeat("x", 8000)
		gone := false
		for i := 0; !gone; i++ {
			if i > 5000 {
				t.Fatal("40 MB wait for one that reads nothing")
			}
			ana.send(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":"%s"}`, i+2, room, i, text)
			for heard := false; !heard; {
				got := ben.read()
				heard = strings.Contains(got, fmt.Sprintf(`"nonce":"n%d"`, i))
				gone = gone || strings.Contains(got, `"type":"departed"`)
				if strings.Contains(got, `"type":"message"`) && !heard {
					t.Fatalf("heard %.200s, want n%d", got, i)
				}
			}
			for acknowledged := false; !acknowledged; {
				got := ana.read()
				acknowledged = strings.Contains(got, `"type":"posted"`)
				if strings.Contains(got, `"type":"error"`) {
					t.Fatalf("ana got %.200s", got)
				}
			}
		}
		if n := h.dialed.Load(); opts.http2 && n != 1 {
			t.Errorf("%d connections: the three did not share one", n)
		}
		// What the slow one had not read is still on its way; then comes the reason.
		for {
			f, err := websockettest.ReadFrame(slow.Conn)
			if err != nil {
				return // cut after lingering: it had its time
			}
			if f.Header.OpCode == gobwas.OpClose {
				if code, _ := gobwas.ParseCloseFrameData(f.Payload); code != 4000 {
					t.Errorf("closed with %d, want 4000", code)
				}
				return
			}
		}
	})
}

// TestConnectionsComeAndGo has many connections join, talk and break off at any moment: nothing is left of them.
func TestConnectionsComeAndGo(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, func(c *hub.Config) { c.ResumeWindow, c.Grace = 0, 0 })
		h.addUsers("ana")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		before := runtime.NumGoroutine()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 10 {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					nc, _, err := h.dialNet(ctx, "ana")
					cancel()
					if err != nil {
						t.Errorf("dial: %v", err)
						return
					}
					join := compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room))
					_, _ = nc.Write(slices.Concat(join, join)[:(i*10+j)%(2*len(join))])
					if tcp, ok := tcpOf(nc); ok && j%2 == 0 {
						_ = tcp.SetLinger(0) // a reset, not an end
					}
					_ = nc.Close()
				}
			})
		}
		wg.Wait()
		h.Settled("nothing is left", func() bool {
			return h.hub.Stats() == (hub.Stats{}) && runtime.NumGoroutine() <= before+5
		})
	})
}
