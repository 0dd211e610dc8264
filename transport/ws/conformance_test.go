package ws_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"github.com/gobwas/httphead"
	gobwas "github.com/gobwas/ws"

	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
	"github.com/earshot-chat/earshot/transport/ws"
)

// raw is a client that can send what no library would.
type raw struct{ *websockettest.Raw }

// dialRaw shakes hands and reads hello.
func (h *house) dialRaw(user string, extensions ...httphead.Option) *raw {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	nc, rest, err := h.dialNet(ctx, user, extensions...)
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	if rest != nil {
		// What came together with the handshake is read first.
		early, _ := rest.Peek(rest.Buffered())
		nc = &replay{Conn: nc, early: bytes.NewReader(bytes.Clone(early))}
	}
	r := &raw{websockettest.New(h.t, nc, patience)}
	if hello := r.text(); !strings.Contains(hello, `"type":"hello"`) {
		h.t.Fatalf("first came %s", hello)
	}
	return r
}

type replay struct {
	net.Conn
	early *bytes.Reader
}

func (r *replay) Read(b []byte) (int, error) {
	if r.early.Len() > 0 {
		return r.early.Read(b)
	}
	return r.Conn.Read(b)
}

// write sends the bytes.
func (r *raw) write(b []byte) {
	r.T.Helper()
	r.Write(b)
}

// frame reads one frame that is no ping.
func (r *raw) frame() gobwas.Frame {
	r.T.Helper()
	for {
		if f := r.Frame(); f.Header.OpCode != gobwas.OpPing && string(f.Payload) != `{"type":"ping"}` {
			return f
		}
	}
}

func (r *raw) text() string {
	r.T.Helper()
	return r.IsText(r.frame())
}

// closed expects the close frame and then the end of the connection.
func (r *raw) closed(code gobwas.StatusCode) {
	r.T.Helper()
	r.IsClose(r.frame(), code)
}

// compile makes a masked frame.
func compile(op gobwas.OpCode, fin bool, payload string) []byte {
	return websockettest.Compile(op, fin, payload)
}

// probe is a command whose answer shows that the connection works and was understood.
const (
	probe       = `{"type":"leave","ref":77,"room":5}`
	probeAnswer = `"ref":77,"code":"not_in_room"`
)

func (r *raw) answers(want string) {
	r.T.Helper()
	if got := r.text(); !strings.Contains(got, want) {
		r.T.Fatalf("answered %s, want %s", got, want)
	}
}

// frameTest is frames that a client sends and what comes back.
type frameTest struct {
	name string
	send [][]byte
	// answers are parts of the text frames that come back; pong is the payload of a pong that comes before them.
	answers []string
	pong    string
	close   gobwas.StatusCode
}

// lengthsAndPieces are messages as they may come.
func lengthsAndPieces() []frameTest {
	text := func(s string) []byte { return compile(gobwas.OpText, true, s) }
	one := text(probe)
	pad := func(n int) string { return probe[:len(probe)-1] + strings.Repeat(" ", n-len(probe)) + "}" }
	return []frameTest{
		{name: "whole", send: [][]byte{text(probe)}, answers: []string{probeAnswer}},
		{name: "two in one segment", send: [][]byte{append(text(probe), text(probe)...)}, answers: []string{probeAnswer, probeAnswer}},
		{name: "one and a half, then the rest", send: [][]byte{append(text(probe), one[:9]...), one[9:]}, answers: []string{probeAnswer, probeAnswer}},
		{name: "a byte at a time", send: split(text(probe)), answers: []string{probeAnswer}},
		{name: "125 bytes", send: [][]byte{text(pad(125))}, answers: []string{probeAnswer}},
		{name: "126 bytes", send: [][]byte{text(pad(126))}, answers: []string{probeAnswer}},
		{name: "65,535 bytes", send: [][]byte{text(pad(65_535))}, answers: []string{probeAnswer}},
		{name: "65,536 bytes, the limit", send: [][]byte{text(pad(65_536))}, answers: []string{probeAnswer}},
		{name: "65,537 bytes", send: [][]byte{text(pad(65_537))}, close: 1009},
		{name: "a length that is only declared", send: [][]byte{{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}}, close: 1009},
		{name: "a length with the highest bit", send: [][]byte{{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}}, close: 1002},
		{
			name: "fragments", answers: []string{probeAnswer},
			send: [][]byte{compile(gobwas.OpText, false, probe[:5]), compile(gobwas.OpContinuation, false, ""), compile(gobwas.OpContinuation, true, probe[5:])},
		},
		{
			name: "a ping between fragments", answers: []string{probeAnswer}, pong: "pp",
			send: [][]byte{compile(gobwas.OpText, false, probe[:5]), compile(gobwas.OpPing, true, "pp"), compile(gobwas.OpContinuation, true, probe[5:])},
		},
		{
			name: "a character split over fragments", answers: []string{`"code":"unknown_command"`},
			send: [][]byte{compile(gobwas.OpText, false, "{\"type\":\"\xc3"), compile(gobwas.OpContinuation, true, "\xa4\"}")},
		},
		{
			name: "fragments over the limit together", close: 1009,
			send: [][]byte{compile(gobwas.OpText, false, pad(60_000)), compile(gobwas.OpContinuation, true, pad(60_000))},
		},
	}
}

// controlsAndViolations are control frames, and what RFC 6455 forbids.
func controlsAndViolations() []frameTest {
	text := func(s string) []byte { return compile(gobwas.OpText, true, s) }
	return []frameTest{
		{name: "an empty message", send: [][]byte{text("")}, answers: []string{`"code":"malformed"`}},
		{name: "pings", send: [][]byte{compile(gobwas.OpPing, true, strings.Repeat("p", 125)), text(probe)}, pong: strings.Repeat("p", 125), answers: []string{probeAnswer}},
		{name: "a pong nobody asked for", send: [][]byte{compile(gobwas.OpPong, true, "x"), text(probe)}, answers: []string{probeAnswer}},
		{name: "a binary message", send: [][]byte{compile(gobwas.OpBinary, true, probe)}, close: 1003},
		{name: "text that is not UTF-8", send: [][]byte{text("\xff\xfe")}, close: 1007},
		{name: "a surrogate in UTF-8", send: [][]byte{text("\xed\xa0\x80")}, close: 1007},
		{name: "no mask", send: [][]byte{gobwas.MustCompileFrame(gobwas.NewTextFrame([]byte(probe)))}, close: 1002},
		{name: "reserved bit 1 without an extension", send: [][]byte{setBits(text(probe), 0x40)}, close: 1002},
		{name: "reserved bit 2", send: [][]byte{setBits(text(probe), 0x20)}, close: 1002},
		{name: "reserved bit 3", send: [][]byte{setBits(text(probe), 0x10)}, close: 1002},
		{name: "a reserved opcode", send: [][]byte{setBits(text(probe), 0x03)}, close: 1002},
		{name: "a reserved control opcode", send: [][]byte{setBits(compile(gobwas.OpPing, true, ""), 0x0f)}, close: 1002},
		{name: "a ping in fragments", send: [][]byte{compile(gobwas.OpPing, false, "x")}, close: 1002},
		{name: "a ping of 126 bytes", send: [][]byte{compile(gobwas.OpPing, true, strings.Repeat("x", 126))}, close: 1002},
		{name: "a continuation of nothing", send: [][]byte{compile(gobwas.OpContinuation, true, probe)}, close: 1002},
		{name: "a message inside a fragmented one", send: [][]byte{compile(gobwas.OpText, false, probe[:5]), text(probe)}, close: 1002},
		{name: "close", send: [][]byte{gobwas.MustCompileFrame(gobwas.MaskFrame(gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(1000, "bye"))))}, close: 1000},
		{name: "close with a code of the application", send: [][]byte{gobwas.MustCompileFrame(gobwas.MaskFrame(gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(3999, ""))))}, close: 3999},
		{name: "close without a code", send: [][]byte{compile(gobwas.OpClose, true, "")}, close: 1000},
		{name: "close with one byte", send: [][]byte{compile(gobwas.OpClose, true, "x")}, close: 1002},
		{name: "close with a code that may not be sent", send: [][]byte{compile(gobwas.OpClose, true, "\x03\xed")}, close: 1002},
		{name: "close with a reason that is not UTF-8", send: [][]byte{compile(gobwas.OpClose, true, "\x03\xe8\xff")}, close: 1002},
		{name: "what follows close is not read", send: [][]byte{append(compile(gobwas.OpClose, true, "\x03\xe8"), text(probe)...)}, close: 1000},
	}
}

func TestFrames(t *testing.T) {
	tests := append(lengthsAndPieces(), controlsAndViolations()...)
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		for _, tc := range tests {
			t.Run(tc.name, func(t *testing.T) {
				r := h.dialRaw("ana")
				r.T = t
				for _, b := range tc.send {
					r.write(b)
				}
				if tc.pong != "" {
					if f := r.frame(); f.Header.OpCode != gobwas.OpPong || string(f.Payload) != tc.pong {
						t.Fatalf("frame %+v %q, want a pong of %q", f.Header, f.Payload, tc.pong)
					}
				}
				for _, want := range tc.answers {
					r.answers(want)
				}
				if tc.close != 0 {
					r.closed(tc.close)
				}
				_ = r.Conn.Close()
			})
		}
	})
}

// split makes a segment of each byte.
func split(b []byte) [][]byte {
	var parts [][]byte
	for i := range b {
		parts = append(parts, b[i:i+1])
	}
	return parts
}

// setBits sets bits of a frame's first byte, opcode and reserved bits among them.
func setBits(frame []byte, bits byte) []byte {
	frame[0] |= bits
	return frame
}

// FuzzFrames throws bytes at a connection: whatever they are, the server must not fall, and must go on serving others.
func FuzzFrames(f *testing.F) {
	f.Add(compile(gobwas.OpText, true, probe), uint8(3))
	f.Add(compile(gobwas.OpClose, true, "\x03\xe8"), uint8(1))
	f.Add([]byte{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}, uint8(5))
	f.Add(append(compile(gobwas.OpText, false, "{"), compile(gobwas.OpContinuation, true, "}")...), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		ws.FeedForTest(t, data, int(cut)+1)
	})
}
