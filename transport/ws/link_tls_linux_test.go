package ws

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// What crypto/tls has decrypted stands in the buffer that it reads into next: it is wiped when all is worked off, and not
// before.
func TestWhatWasSaidIsWiped(t *testing.T) {
	s, peer := heldSocket(t)
	b := bottom{&veiled{socket: s, ration: readSize}}
	if _, err := unix.Write(peer, []byte("new")); err != nil {
		t.Fatal(err)
	}
	buf := bytes.Repeat([]byte("s"), 100)
	if n, err := b.Read(buf); n != 3 || err != nil || string(buf[:4]) != "news" {
		t.Fatalf("%d, %v: %q", n, err, buf)
	}
	if n, err := b.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || len(bytes.Trim(buf, "\x00")) != 0 {
		t.Errorf("%d, %v: %q", n, err, buf)
	}
}

// A go takes no more than its ration from the socket.
func TestRation(t *testing.T) {
	s, peer := heldSocket(t)
	b := bottom{&veiled{socket: s, ration: 2}}
	if _, err := unix.Write(peer, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if n, err := b.Read(buf); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if _, err := unix.Write(peer, []byte("d")); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d, %v", n, err)
	}
	b.ration = readSize
	if n, err := b.Read(buf); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
