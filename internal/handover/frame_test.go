package handover

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// frame gives the frame of a state.
func frame(t testing.TB, state []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeFrame(&b, state); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFrame(t *testing.T) {
	for _, state := range [][]byte{{}, {0}, []byte("hello"), bytes.Repeat([]byte("ear"), 100_000)} {
		read, err := readFrame(bytes.NewReader(frame(t, state)), int64(len(state)))
		if err != nil || read == nil || !bytes.Equal(read, state) {
			t.Errorf("a state of %d bytes came back with %d: %v", len(state), len(read), err)
		}
	}
}

func TestFrameBad(t *testing.T) {
	whole := frame(t, []byte("what was said"))
	flip := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		frame []byte
		most  int64
		want  string
	}{
		"nothing":         {nil, 100, "nothing was given"},
		"half a header":   {whole[:frameHeader/2], 100, "after 12 bytes"},
		"half a state":    {whole[:frameHeader+5], 100, "after 5 of 13 bytes"},
		"no state":        {whole[:frameHeader], 100, "after 0 of 13 bytes"},
		"half a checksum": {whole[:len(whole)-2], 100, "the checksum"},
		"no checksum":     {whole[:len(whole)-4], 100, "the checksum"},
		"another version": {flip(len(frameMark) - 2), 100, "another version"},
		"a changed byte":  {flip(frameHeader + 3), 100, "the checksum is another"},
		"a changed sum":   {flip(len(whole) - 1), 100, "the checksum is another"},
		"too long":        {whole, 12, "13 bytes; 12 are the most"},
		"none allowed":    {whole, -1, "-1 are the most"},
		"a huge length":   {flip(len(frameMark)), math.MaxInt32, "72057594037927949 bytes; 2147483647 are the most"},
	} {
		state, err := readFrame(bytes.NewReader(c.frame), c.most)
		if err == nil || !strings.Contains(err.Error(), c.want) || state != nil {
			t.Errorf("%s: %q, %v; want an error with %q", name, state, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "said") {
			t.Errorf("%s: the error tells what is in the state: %v", name, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(frame(f, nil))
	f.Add(frame(f, []byte("hello")))
	f.Fuzz(func(t *testing.T, b []byte) {
		state, err := readFrame(bytes.NewReader(b), 1<<16)
		if err == nil && !bytes.HasPrefix(b, frame(t, state)) {
			t.Errorf("%q gave %q, which is written otherwise", b, state)
		}
	})
}
