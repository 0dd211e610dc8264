package ws_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/coder/websocket"
	gobwas "github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/klauspost/compress/flate"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// dialDeflate connects a foreign client that offers compression.
func (h *house) dialDeflate(user string, mode websocket.CompressionMode) *client {
	h.t.Helper()
	conn, resp, err := websocket.Dial(h.t.Context(), h.url(user), &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPClient:   h.client(),
		Subprotocols: []string{wire.Subprotocol}, CompressionMode: mode, CompressionThreshold: 1,
	})
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	if got := resp.Header.Get("Sec-Websocket-Extensions"); !strings.Contains(got, "server_no_context_takeover") ||
		!strings.Contains(got, "client_no_context_takeover") {
		h.t.Fatalf("extensions %q", got)
	}
	conn.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: h.t, conn: conn}
}

// TestCompressedConversation has one who compresses and one who does not hear each other, long texts and short.
func TestCompressedConversation(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana", "ben", "cleo")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		everyone := []*client{
			h.dialDeflate("ana", websocket.CompressionNoContextTakeover),
			h.dialDeflate("ben", websocket.CompressionContextTakeover),
			h.dial("cleo"),
		}
		for _, c := range everyone {
			c.reads("hello")
			c.send(`{"type":"join","ref":1,"room":%d}`, room)
			c.until(`"joined"`)
		}
		for i, text := range []string{"short", strings.Repeat("long and ", 800), strings.Repeat("x", 500), "ä" + strings.Repeat("\U0001F600", 1500)} {
			for j, c := range everyone {
				nonce := fmt.Sprintf("n%d-%d", i, j)
				c.send(`{"type":"post","ref":2,"room":%d,"nonce":"%s","text":"%s"}`, room, nonce, text)
				for _, other := range everyone {
					if got := other.until(`"type":"message"`); !strings.Contains(got, nonce) || !strings.Contains(got, text) {
						t.Fatalf("heard %.100s, want %s", got, nonce)
					}
				}
			}
		}
	})
}

// until reads on to a frame with this in it.
func (c *client) until(part string) string {
	c.t.Helper()
	for {
		if got := c.read(); strings.Contains(got, part) {
			return got
		}
	}
}

// dialRawDeflate is dialRaw with compression negotiated.
func (h *house) dialRawDeflate(user string) *raw {
	h.t.Helper()
	return h.dialRaw(user, wsflate.DefaultParameters.Option())
}

// packed compresses as a client does (RFC 7692, section 7.2.1).
func packed(t *testing.T, plain string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

func TestCompressedFrames(t *testing.T) {
	const rsv1 = 0x40
	bomb := packed(t, strings.Repeat(" ", 10<<20))
	if len(bomb) > 11_000 {
		t.Fatalf("a bomb of %d bytes", len(bomb))
	}
	tests := []struct {
		name   string
		send   [][]byte
		answer string
		close  gobwas.StatusCode
	}{
		{"compressed", [][]byte{setBits(compile(gobwas.OpText, true, packed(t, probe)), rsv1)}, probeAnswer, 0},
		{"not compressed, which is allowed", [][]byte{compile(gobwas.OpText, true, probe)}, probeAnswer, 0},
		{"in fragments", [][]byte{
			setBits(compile(gobwas.OpText, false, packed(t, probe)[:5]), rsv1), compile(gobwas.OpPing, true, ""),
			compile(gobwas.OpContinuation, true, packed(t, probe)[5:]),
		}, probeAnswer, 0},
		{"an empty compressed message", [][]byte{setBits(compile(gobwas.OpText, true, "\x00"), rsv1)}, "malformed", 0},
		{"ten megabytes in ten kilobytes", [][]byte{setBits(compile(gobwas.OpText, true, bomb), rsv1)}, "", 1009},
		{"what does not unpack", [][]byte{setBits(compile(gobwas.OpText, true, "\xff\xff\xff"), rsv1)}, "", 1007},
		{"text that is not UTF-8 once unpacked", [][]byte{setBits(compile(gobwas.OpText, true, packed(t, "\xff")), rsv1)}, "", 1007},
		{"the bit on a continuation", [][]byte{
			setBits(compile(gobwas.OpText, false, packed(t, probe)[:5]), rsv1),
			setBits(compile(gobwas.OpContinuation, true, packed(t, probe)[5:]), rsv1),
		}, "", 1002},
		{"the bit on a ping", [][]byte{setBits(compile(gobwas.OpPing, true, ""), rsv1)}, "", 1002},
		{"another reserved bit", [][]byte{setBits(compile(gobwas.OpText, true, probe), 0x20)}, "", 1002},
	}
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		for _, tc := range tests {
			t.Run(tc.name, func(t *testing.T) {
				r := h.dialRawDeflate("ana")
				r.T = t
				for _, b := range tc.send {
					r.write(bytes.Clone(b))
				}
				if tc.answer != "" {
					for {
						if f := r.frame(); f.Header.OpCode == gobwas.OpText {
							if !strings.Contains(string(f.Payload), tc.answer) {
								t.Errorf("answered %s, want %s", f.Payload, tc.answer)
							}
							break
						}
					}
				}
				if tc.close != 0 {
					r.closed(tc.close)
				}
				_ = r.Conn.Close()
			})
		}
	})
}

// TestLongEventsAreCompressedOnce looks at the bytes: long events come compressed, and unpack by another library than
// the one that packed them.
func TestLongEventsAreCompressedOnce(t *testing.T) {
	h := newHouse(t, setup{}, nil)
	h.addUsers("ana")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	r := h.dialRawDeflate("ana")
	r.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)))
	r.answers("joined")
	r.answers("entered")
	text := strings.Repeat("over and over ", 500)
	r.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"post","ref":2,"room":%d,"nonce":"n","text":"%s"}`, room, text)))
	for {
		f := r.frame()
		if string(f.Payload[:min(16, len(f.Payload))]) == `{"type":"posted"` {
			continue
		}
		if !f.Header.Rsv1() || len(f.Payload) > 500 {
			t.Fatalf("a frame of %d bytes, compressed %v", len(f.Payload), f.Header.Rsv1())
		}
		plain, err := wsflate.DefaultHelper.Decompress(f.Payload)
		if err != nil || !strings.Contains(string(plain), text) {
			t.Fatalf("unpacks to %.80s, error %v", plain, err)
		}
		return
	}
}
