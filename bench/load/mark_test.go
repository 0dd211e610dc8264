package load

import (
	"slices"
	"testing"
)

func TestMarksAreFoundWhereverFramesBreak(t *testing.T) {
	want := []mark{{1, 2, 3}, {0xfffff, 77, 1 << 40}, {9, 0, 0}}
	stream := []byte("eb1:not a mark, but it is long enough to be one {\"text\":\"")
	for _, m := range want {
		text := appendText(nil, m)
		if len(text) != TextBytes {
			t.Fatalf("a text of %d bytes", len(text))
		}
		stream = append(append(stream, text...), "\"} eb eb1 e"...)
	}
	for size := 1; size <= len(stream); size++ {
		var got []mark
		var part []byte
		for chunk := range slices.Chunk(stream, size) {
			rest, err := scanMarks(append(part, chunk...), func(m mark) error {
				got = append(got, m)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			part = slices.Clone(rest)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("in pieces of %d: %v, want %v", size, got, want)
		}
	}
}

func TestTallySeesLossAndDoubles(t *testing.T) {
	var c tally
	// In order, out of order, far ahead, and back.
	for _, n := range []uint32{0, 1, 3, 2, 4, 200, 70, 5, 68, 69} {
		if !c.take(n) {
			t.Fatalf("message %d came once and was called a double", n)
		}
	}
	for _, n := range []uint32{0, 3, 5, 68, 70, 200} {
		if c.take(n) {
			t.Errorf("message %d came twice and was not noticed", n)
		}
	}
	if c.had() != 10 {
		t.Errorf("had %d, want 10", c.had())
	}
	for n := uint32(6); n < 200; n++ {
		if first := c.take(n); first != (n < 68 || n > 70) {
			t.Fatalf("message %d: first time is %v", n, first)
		}
	}
	if c.low != 201 || c.window != 0 || len(c.far) != 0 || c.had() != 201 {
		t.Errorf("after all of them: %+v", c)
	}
}
