package trial

import (
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/peer"
)

// protocol has rooms 0 and 1 with the ids 30 and 31.
func protocol() *peer.EarshotProtocol {
	return &peer.EarshotProtocol{Tokens: []string{"a", "b"}, Rooms: []int64{30, 31}}
}

func heard(t *testing.T, s *Sessions, user int, frames ...string) {
	t.Helper()
	for _, f := range frames {
		if err := s.Mind(user, []byte(f)); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
}

const (
	hello   = `{"type":"hello","protocol":"earshot.v1","resume":"tok-1","resume_ms":60000}`
	joined  = `{"type":"joined","ref":1,"room":30,"info":{"id":30,"name":"r"},"seq":7,"occupants":[],"count":1}`
	entered = `{"type":"entered","room":30,"seq":8,"at":1,"users":[{"id":1,"name":"a"}],"count":1}`
)

func message(seq string) string {
	return `{"type":"message","room":30,"seq":` + seq + `,"at":1,"user":{"id":1,"name":"a"},"nonce":"n","text":"x"}`
}

func TestNumbersInOrderAreNoFault(t *testing.T) {
	s := NewSessions(protocol(), 2)
	s.Steps(0, []int{0})
	heard(t, s, 0, hello, joined, entered, message("9"), `{"type":"typing","room":30,"users":[]}`, `{"type":"ping"}`, message("10"))
	if s.faults.Sum() != 0 || s.Behind() != 0 || !s.In(0, 0) || s.In(0, 1) || !s.Settled(0) {
		t.Errorf("%+v, %d behind, in room: %v, settled: %v", s.faults, s.Behind(), s.In(0, 0), s.Settled(0))
	}
}

func TestHolesDoublesAndStraysAreFaults(t *testing.T) {
	for name, c := range map[string]struct {
		frames []string
		want   Faults
	}{
		"hole":   {[]string{entered, message("11")}, Faults{Holes: 2}},
		"double": {[]string{entered, message("9"), message("9")}, Faults{Doubled: 1}},
		"before": {[]string{message("7")}, Faults{Doubled: 1}},
		"stray":  {[]string{strings.Replace(entered, `"room":30`, `"room":31`, 1)}, Faults{Strays: 1}},
		"after":  {[]string{`{"type":"left","ref":2,"room":30}`, entered}, Faults{Strays: 1}},
		"lost":   {[]string{`{"type":"returned","room":30,"info":{},"seq":9,"lost":2,"occupants":[]}`}, Faults{Lost: 2}},
		"kept":   {[]string{`{"type":"resumed","ref":1,"rooms":[]}`}, Faults{Unreturned: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSessions(protocol(), 1)
			s.Steps(0, []int{0})
			heard(t, s, 0, hello, joined)
			heard(t, s, 0, c.frames...)
			if len(s.faults.Told) != 1 {
				t.Errorf("told: %q", s.faults.Told)
			}
			s.faults.Told = nil
			if s.faults.Sum() != c.want.Sum() || s.faults.Holes != c.want.Holes || s.faults.Doubled != c.want.Doubled ||
				s.faults.Strays != c.want.Strays || s.faults.Lost != c.want.Lost || s.faults.Unreturned != c.want.Unreturned {
				t.Errorf("%+v, not %+v", s.faults, c.want)
			}
		})
	}
}

func TestWhoLacksTheLastEventIsBehind(t *testing.T) {
	s := NewSessions(protocol(), 2)
	for user := range 2 {
		s.Steps(user, []int{0})
		heard(t, s, user, hello, joined, entered)
	}
	heard(t, s, 0, message("9"))
	if n := s.Behind(); n != 1 {
		t.Errorf("%d are behind, not the one who has not heard the message", n)
	}
	heard(t, s, 1, message("9"))
	// What was acknowledged has to come, also where nobody has heard it yet.
	heard(t, s, 0, `{"type":"posted","ref":3,"room":30,"seq":10,"at":1,"nonce":"n","heard":1}`)
	if n := s.Behind(); n != 2 {
		t.Errorf("%d are behind, not both", n)
	}
}

func TestReturnGivesTheTokenBeforeAndWhatWasSeen(t *testing.T) {
	s := NewSessions(protocol(), 1)
	s.Steps(0, []int{0})
	heard(t, s, 0, hello, joined, entered)
	steps := s.Return(0)
	// The new connection's hello must not change what is said on it.
	heard(t, s, 0, strings.Replace(hello, "tok-1", "tok-2", 1))
	const want = `{"type":"resume","ref":1,"token":"tok-1","seen":[{"room":30,"seq":8}]}`
	if len(steps) != 3 || string(steps[1].Say) != want {
		t.Errorf("%d steps, %s", len(steps), steps[1].Say)
	}
	heard(t, s, 0, `{"type":"resumed","ref":1,"rooms":[30]}`,
		`{"type":"returned","room":30,"info":{"id":30},"seq":10,"lost":0,"occupants":[],"count":1}`)
	if s.Behind() != 1 {
		t.Error("what returned announced did not come, and nobody is behind")
	}
	heard(t, s, 0, message("9"), message("10"), message("11"))
	if s.faults.Sum() != 0 || s.Behind() != 0 || s.Returns() != 1 {
		t.Errorf("%+v, %d behind, %d returns", s.faults, s.Behind(), s.Returns())
	}
	if again := s.Return(0); !strings.Contains(string(again[1].Say), "tok-2") {
		t.Errorf("the next return gives %s", again[1].Say)
	}
}

func TestSettledOnceAllAnswersCame(t *testing.T) {
	s := NewSessions(protocol(), 1)
	s.Steps(0, nil)
	heard(t, s, 0, hello)
	if say := string(s.Join(0, 0)); s.Settled(0) || !strings.HasPrefix(say, `{"type":"join","ref":1,"room":30`) {
		t.Errorf("%s, settled: %v", say, s.Settled(0))
	}
	heard(t, s, 0, joined)
	s.Post(nil, 0, 0, []byte("text"), 1)
	if s.Settled(0) {
		t.Error("a post is not answered yet")
	}
	heard(t, s, 0, `{"type":"posted","ref":1,"room":30,"seq":8,"at":1,"nonce":"n1","heard":0}`)
	if !s.Settled(0) {
		t.Error("all was answered")
	}
}

func TestAHelloWithoutATokenEndsTheConnection(t *testing.T) {
	s := NewSessions(protocol(), 1)
	if err := s.Mind(0, []byte(`{"type":"hello","resume":"","resume_ms":0}`)); err == nil {
		t.Error("nobody can resume without a token")
	}
}

func TestBrokenFramesDoNotPanic(t *testing.T) {
	s := NewSessions(protocol(), 1)
	for _, f := range []string{"", "{", `{"type":"`, `{"type":"message"`, `{"type":"returned","room":`, `{"type":"resumed","rooms":[`, "null"} {
		if err := s.Mind(0, []byte(f)); err != nil {
			t.Errorf("%q: %v", f, err)
		}
	}
}

var _ load.Minder = (*Sessions)(nil)
