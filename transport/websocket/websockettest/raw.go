// Package websockettest has a client for tests that can send what no library would.
package websockettest

import (
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Compile makes a masked frame.
func Compile(op ws.OpCode, fin bool, payload string) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
}

// ReadFrame reads a frame of at most a mebibyte.
func ReadFrame(r io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	if h.Length > 1<<20 {
		return ws.Frame{}, errors.New("a frame of over a mebibyte")
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(r, payload)
	return ws.Frame{Header: h, Payload: payload}, err
}

// Raw is a connection that has shaken hands.
type Raw struct {
	T    *testing.T
	Conn net.Conn
}

// New makes a client that waits no longer than patience, and closes the connection at the end of the test.
func New(t *testing.T, nc net.Conn, patience time.Duration) *Raw {
	t.Helper()
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &Raw{T: t, Conn: nc}
}

// Write sends the bytes in one write.
func (r *Raw) Write(b ...[]byte) {
	r.T.Helper()
	if _, err := r.Conn.Write(slices.Concat(b...)); err != nil {
		r.T.Fatalf("write: %v", err)
	}
}

// Frame reads the next frame.
func (r *Raw) Frame() ws.Frame {
	r.T.Helper()
	f, err := ReadFrame(r.Conn)
	if err != nil {
		r.T.Fatalf("read: %v", err)
	}
	return f
}

// IsText expects the frame to be a whole text of the server's, and gives it.
func (r *Raw) IsText(f ws.Frame) string {
	r.T.Helper()
	if f.Header.OpCode != ws.OpText || !f.Header.Fin || f.Header.Masked {
		r.T.Fatalf("frame %+v %.200q", f.Header, f.Payload)
	}
	return string(f.Payload)
}

// IsClose expects the frame to close the connection with the code, and the end behind it.
func (r *Raw) IsClose(f ws.Frame, code ws.StatusCode) {
	r.T.Helper()
	if f.Header.OpCode != ws.OpClose {
		r.T.Fatalf("frame %+v %.200q, want close", f.Header, f.Payload)
	}
	if got, reason := ws.ParseCloseFrameData(f.Payload); got != code {
		r.T.Fatalf("closed with %d %q, want %d", got, reason, code)
	}
	if _, err := r.Conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		r.T.Fatalf("after the close frame: %v", err)
	}
}
