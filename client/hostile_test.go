package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// pipes is a listener for connections that are pipes, so that a server can be on the other side of them within a bubble
// of synctest.
type pipes struct{ conns, closed chan net.Conn }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve runs a server that does what handle says, in a bubble's time, and gives the options to reach it.
func serve(t *testing.T, handle http.HandlerFunc) Options {
	p := &pipes{conns: make(chan net.Conn), closed: make(chan net.Conn)}
	server := &http.Server{Handler: handle, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(p) // ends with Close
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return Options{URL: "ws://earshot.test/", Token: "t", Dial: p.dial}
}

const helloFrame = `{"type":"hello","protocol":"earshot.v1","server":"s","epoch":"e1","user":{"id":1,"name":"ana"},` +
	`"limits":{"text_bytes":100},"ping_ms":3600000,"resume":"t%d","resume_ms":60000}`

// socket serves WebSockets; n counts the connections from 1.
func socket(talk func(ctx context.Context, conn *websocket.Conn, n int)) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		talk(context.Background(), conn, int(n.Add(1)))
	}
}

func say(ctx context.Context, conn *websocket.Conn, format string, args ...any) {
	_ = conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)) // the client may have gone
}

// dialIn connects within a bubble.
func dialIn(t *testing.T, opts Options) *heard {
	t.Helper()
	c, err := Dial(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &heard{Client: c, t: t}
}

// TestHostileServer has the server break the protocol after hello, below the frames and above: each time the client goes,
// says why, and comes back.
func TestHostileServer(t *testing.T) {
	for name, talk := range map[string]func(ctx context.Context, conn *websocket.Conn){
		"garbage": func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, "\xff\x00{{{") },
		"nothing": func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, "") },
		"huge": func(ctx context.Context, conn *websocket.Conn) {
			say(ctx, conn, "%s", strings.Repeat("x", leastRead+100))
		},
		"types": func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, `{"type":"joined","ref":"1"}`) },
		"again": func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, helloFrame, 9) },
		"binary": func(ctx context.Context, conn *websocket.Conn) {
			_ = conn.Write(ctx, websocket.MessageBinary, []byte(`{}`))
		},
		"deep":     func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, "%s", strings.Repeat("[", 500_000)) },
		"no words": func(ctx context.Context, conn *websocket.Conn) { say(ctx, conn, `{"type":""}`) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dialIn(t, serve(t, socket(func(ctx context.Context, conn *websocket.Conn, n int) {
					say(ctx, conn, helloFrame, n)
					if n == 1 {
						talk(ctx, conn)
					}
					for err := error(nil); err == nil; {
						_, _, err = conn.Read(ctx)
					}
				})))
				if got := next[Disconnected](c); !isProtocolError(got.Err) {
					t.Errorf("disconnected by %v", got.Err)
				}
				next[Connected](c)
			})
		})
	}
}

func isProtocolError(err error) bool {
	_, ok := errors.AsType[*ProtocolError](err)
	return ok
}

// TestHugeHello begins with more than any hello has.
func TestHugeHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serve(t, socket(func(ctx context.Context, conn *websocket.Conn, _ int) {
			say(ctx, conn, "%s", strings.Repeat(" ", leastRead+100))
			<-conn.CloseRead(ctx).Done()
		}))
		if c, err := Dial(t.Context(), opts); !isProtocolError(err) || !errors.Is(err, websocket.ErrMessageTooBig) {
			t.Errorf("%v, %v", c, err)
		}
	})
}

// TestFrameGarbage answers the handshake well and then sends what are no frames of RFC 6455.
func TestFrameGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		garbage := socket(func(ctx context.Context, conn *websocket.Conn, _ int) { <-conn.CloseRead(ctx).Done() })
		opts := serve(t, garbage)
		dial := opts.Dial
		opts.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &noise{Conn: conn}, err
		}
		if c, err := Dial(t.Context(), opts); err == nil {
			_ = c.Close()
			t.Error("noise was taken for a hello")
		}
	})
}

// noise is a connection on which nothing but noise is read after the handshake.
type noise struct {
	net.Conn
	reads int
}

func (c *noise) Read(p []byte) (int, error) {
	if c.reads++; c.reads == 1 {
		return c.Conn.Read(p)
	}
	for i := range p {
		p[i] = 0xff
	}
	return len(p), nil
}

// TestRefusedHandshakes has the server, or a proxy before it, refuse.
func TestRefusedHandshakes(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		problem  string
		want     earshot.Code
		terminal bool
	}{
		"no log-in":     {401, `{"code":"unauthenticated","detail":"Log in first."}`, earshot.CodeUnauthenticated, true},
		"forbidden":     {403, ``, earshot.CodeForbidden, true},
		"no Earshot":    {404, `{"code":"not_found","detail":"Nothing here."}`, earshot.CodeNotFound, false},
		"proxy":         {502, `{"code":7}`, earshot.CodeBusy, false},
		"too many":      {429, `nonsense`, earshot.CodeRateLimited, false},
		"no upgrade":    {200, ``, earshot.CodeInternal, false},
		"without a hut": {400, strings.Repeat("x", 1<<20), earshot.CodeMalformed, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				opts := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					tries++
					w.Header().Set("Content-Type", "application/problem+json")
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(c.status)
					_, _ = w.Write([]byte(c.problem))
				})
				_, err := Dial(t.Context(), opts)
				if earshot.CodeOf(err) != c.want || tries != 1 {
					t.Errorf("%v after %d tries", err, tries)
				}
				opts.KeepTrying = true
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err = Dial(ctx, opts)
				if c.terminal == errors.Is(err, context.DeadlineExceeded) || c.terminal != (tries == 2) || tries > 20 {
					t.Errorf("%v after %d tries", err, tries)
				}
			})
		})
	}
}

// TestCloseCodes has the server close with a code right after hello.
func TestCloseCodes(t *testing.T) {
	for code, ends := range map[websocket.StatusCode]bool{
		1000: false, 1001: false, 1002: true, 1009: true, 1011: false, 4000: false, 4001: false, 4002: false, 4100: false, 4500: true, 4501: true,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := dialIn(t, serve(t, socket(func(ctx context.Context, conn *websocket.Conn, n int) {
				say(ctx, conn, helloFrame, n)
				if n == 1 {
					_ = conn.Close(code, "because")
				}
				for err := error(nil); err == nil; {
					_, _, err = conn.Read(ctx)
				}
			})))
			var got error
			if ends {
				<-c.Done()
				got = c.Err()
			} else {
				got = next[Disconnected](c).Err
				next[Connected](c)
			}
			closed, ok := errors.AsType[*CloseError](got)
			if !ok || closed.Code != int(code) || closed.Reason != "because" {
				t.Errorf("%d: %v", code, got)
			}
			if (code == closeLogInEnded) != (earshot.CodeOf(got) == earshot.CodeUnauthenticated) {
				t.Errorf("%d: the code is %s", code, earshot.CodeOf(got))
			}
		})
	}
}

// TestMute has a server that takes the connection, and then nothing: no hello, and no answer to a close.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serve(t, socket(func(ctx context.Context, _ *websocket.Conn, _ int) {
			select {
			case <-time.After(time.Hour):
			case <-ctx.Done():
			}
		}))
		begin := time.Now()
		if _, err := Dial(t.Context(), opts); !errors.Is(err, ErrSilent) || time.Since(begin) != helloWait {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		opts.KeepTrying = true
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin = time.Now()
		if _, err := Dial(ctx, opts); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		time.Sleep(2 * time.Hour) // the server's own
	})
}

// flood is a server that lets one in, and then says so many messages of so many bytes before it answers a post.
func flood(messages, size int) http.HandlerFunc {
	return socket(func(ctx context.Context, conn *websocket.Conn, n int) {
		say(ctx, conn, helloFrame, n)
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				return
			}
			var ref int64
			switch cmd, _ := wire.Decode(data); cmd.Type {
			case wire.CommandJoin:
				say(ctx, conn, `{"type":"joined","ref":%d,"room":3,"seq":0,"occupants":[],"count":1}`, cmd.Ref)
			case wire.CommandPost:
				ref = cmd.Ref
				for seq := range messages {
					say(ctx, conn, `{"type":"message","room":3,"seq":%d,"at":1,"user":{"id":2,"name":"b"},"nonce":"%d","text":"%s"}`,
						seq+1, seq, strings.Repeat("x", size))
				}
				say(ctx, conn, `{"type":"posted","ref":%d,"room":3,"seq":%d,"at":1,"nonce":"%s","heard":1}`, ref, messages+1, cmd.Nonce)
			default:
			}
		}
	})
}

// TestPostsWhileHandlingEvents posts from within the loop over the events, while more of them come than the buffer holds.
func TestPostsWhileHandlingEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serve(t, flood(100, 10))
		opts.Buffer = 10
		c := dialIn(t, opts)
		c.join(3)
		next[Joined](c)
		if p := c.post(3, "x"); p.Seq != 101 {
			t.Errorf("posted %+v", p)
		}
		for seq := range uint64(100) {
			if got := next[Message](c); got.Seq != seq+1 {
				t.Fatalf("number %d, want %d", got.Seq, seq+1)
			}
		}
	})
}

// TestBehind does the same while far more comes: the call is given up, and nothing is lost.
func TestBehind(t *testing.T) {
	for name, c := range map[string]struct{ messages, size int }{"many": {1000, 10}, "large": {50, 50_000}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := serve(t, flood(c.messages, c.size))
				opts.Buffer = 10
				cl := dialIn(t, opts)
				cl.join(3)
				next[Joined](cl)
				begin := time.Now()
				_, err := cl.Post(t.Context(), 3, "x")
				if !errors.Is(err, ErrBehind) || time.Since(begin) != behindAfter {
					t.Errorf("posted after %v: %v", time.Since(begin), err)
				}
				synctest.Wait()
				if cost, _ := cl.queue.state(); cost > (stretch+2)*opts.Buffer {
					t.Errorf("the buffer holds %d", cost)
				}
				for seq := range uint64(c.messages) {
					if got := next[Message](cl); got.Seq != seq+1 {
						t.Fatalf("number %d, want %d", got.Seq, seq+1)
					}
				}
			})
		})
	}
}

// TestCloseOfTheDeaf closes a client that does not read at the moment, on a server that does not answer.
func TestCloseOfTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serve(t, socket(func(ctx context.Context, conn *websocket.Conn, n int) {
			say(ctx, conn, helloFrame, n)
			_, data, _ := conn.Read(ctx)
			cmd, _ := wire.Decode(data)
			say(ctx, conn, `{"type":"joined","ref":%d,"room":3,"seq":0}`, cmd.Ref)
			for seq := range 100 {
				say(ctx, conn, `{"type":"message","room":3,"seq":%d}`, seq+1)
			}
			time.Sleep(time.Hour)
		}))
		opts.Buffer = 10
		c := dialIn(t, opts)
		c.join(3)
		synctest.Wait()
		begin := time.Now()
		_ = c.Close()
		if took := time.Since(begin); took > farewellTime {
			t.Errorf("closing took %v", took)
		}
		time.Sleep(2 * time.Hour) // the server's own
	})
}

// TestCloseWhileEventsWait closes a client whose events nobody takes.
func TestCloseWhileEventsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serve(t, flood(1000, 10))
		opts.Buffer = 10
		c := dialIn(t, opts)
		c.join(3)
		posted := make(chan error)
		go func() {
			_, err := c.Post(context.Background(), 3, "x")
			posted <- err
		}()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-posted; !errors.Is(err, ErrClosed) {
			t.Errorf("posted: %v", err)
		}
		if err := c.Close(); err != nil || !errors.Is(c.Err(), ErrClosed) {
			t.Errorf("closed again: %v, %v", err, c.Err())
		}
		if _, ok := <-c.Events(); ok {
			t.Error("an event came after the end")
		}
	})
}
