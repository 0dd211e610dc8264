package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// bench is a machine with a clock that a test turns by hand, and no chance.
type bench struct {
	*machine
	t     *testing.T
	clock time.Time
	conns int
}

func newBench(t *testing.T) *bench {
	m := newMachine(func() float64 { return 0 }, false, 100)
	return &bench{machine: m, t: t, clock: time.Unix(1_000_000, 0)}
}

// hello connects, if it is time, and has the server of an epoch say hello.
func (b *bench) hello(epoch string) {
	b.t.Helper()
	for b.phase == waiting {
		b.turn(max(b.until.Sub(b.clock), 0))
	}
	if b.phase != dialing {
		b.t.Fatalf("the phase is %d, not dialing", b.phase)
	}
	b.conns++
	b.connected(b.clock)
	b.in(`{"type":"ping"}`) // the server's clock may strike before it has said hello
	b.in(`{"type":"hello","protocol":"earshot.v1","server":"s","epoch":"%s","user":{"id":1,"name":"ana"},`+
		`"limits":{"text_bytes":100},"ping_ms":10000,"resume":"t%d","resume_ms":60000}`, epoch, b.conns)
}

func (b *bench) in(format string, args ...any) {
	b.t.Helper()
	b.frame(b.clock, fmt.Appendf(nil, format, args...))
}

// turn turns the clock, and lets happen what is due on the way.
func (b *bench) turn(d time.Duration) {
	end := b.clock.Add(d)
	for times := 0; ; times++ {
		at := b.next()
		if at.IsZero() || at.After(end) {
			break
		}
		if times == 1000 {
			b.t.Fatal("the machine wants to be called again and again")
		}
		b.clock = at
		b.tick(at)
	}
	b.clock = end
}

func (b *bench) cut() { b.lost(b.clock, loss{err: errors.New("cut")}) }

func (b *bench) asks(kind wire.CommandType, room earshot.RoomID) *call {
	c := &call{kind: kind, room: room, done: make(chan result, 1)}
	b.ask(b.clock, c)
	return c
}

func (b *bench) posts(room earshot.RoomID, nonce string) *call {
	c := &call{kind: wire.CommandPost, room: room, text: "said", nonce: nonce, done: make(chan result, 1)}
	b.ask(b.clock, c)
	return c
}

// sends expects these commands to come out, written shortly.
func (b *bench) sends(want ...string) {
	b.t.Helper()
	var got []string
	for _, frame := range b.out {
		var c wire.Command
		if err := json.Unmarshal(frame, &c); err != nil {
			b.t.Fatal(err)
		}
		got = append(got, brief(c))
	}
	b.out = nil
	if !slices.Equal(got, want) {
		b.t.Fatalf("sent %q\nwant %q", got, want)
	}
}

func brief(c wire.Command) string {
	s := fmt.Sprintf("%d %s", c.Ref, c.Type)
	if c.Room != 0 {
		s += fmt.Sprintf(" %d", c.Room)
	}
	for _, seen := range c.Seen {
		s += fmt.Sprintf(" %d#%d", seen.Room, seen.Seq)
	}
	return strings.TrimSpace(s + " " + c.Nonce + c.Token + c.Status)
}

// tells expects these events to come out, written shortly.
func (b *bench) tells(want ...string) {
	b.t.Helper()
	var got []string
	for _, it := range b.events {
		got = append(got, short(it.event))
	}
	b.events = nil
	if !slices.Equal(got, want) {
		b.t.Fatalf("told %q\nwant %q", got, want)
	}
}

func short(ev Event) string {
	switch ev := ev.(type) {
	case Connected:
		return "connected " + ev.Hello.Epoch
	case Disconnected:
		return fmt.Sprintf("disconnected for %v", ev.Retry)
	case Joined:
		return fmt.Sprintf("%d#%d joined", ev.Room, ev.Seq)
	case Returned:
		return fmt.Sprintf("%d#%d returned", ev.Room, ev.Seq)
	case Gap:
		return fmt.Sprintf("%d gap %d-%d %d %s", ev.Room, ev.From, ev.To, ev.Count, ev.Reason)
	case Message:
		return fmt.Sprintf("%d#%d %s", ev.Room, ev.Seq, ev.Nonce)
	case Closed:
		return fmt.Sprintf("%d#%d closed", ev.Room, ev.Seq)
	case Removed:
		return fmt.Sprintf("%d removed %s", ev.Room, ev.Err.Code)
	case Entered:
		return fmt.Sprintf("%d#%d entered", ev.Room, ev.Seq)
	default:
		return fmt.Sprintf("%T", ev)
	}
}

func (b *bench) message(room, seq int, nonce string) {
	b.t.Helper()
	b.in(`{"type":"message","room":%d,"seq":%d,"at":1,"user":{"id":2,"name":"ben"},"nonce":"%s","text":"x"}`, room, seq, nonce)
}

func (b *bench) answers(c *call, want string) {
	b.t.Helper()
	select {
	case res := <-c.done:
		got := "ok"
		if res.err != nil {
			got = res.err.Error()
			if e, ok := errors.AsType[*earshot.Error](res.err); ok {
				got = string(e.Code)
			}
		}
		if got != want {
			b.t.Fatalf("%s was answered with %q, want %q", c.kind, got, want)
		}
	default:
		if want != "" {
			b.t.Fatalf("%s was not answered, want %q", c.kind, want)
		}
	}
}

// seated is a machine that is in rooms 3 and 4, where the last number is 10.
func seated(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.hello("e1")
	b.asks(wire.CommandJoin, 3)
	b.asks(wire.CommandJoin, 4)
	b.sends("1 join 3", "2 join 4")
	b.in(`{"type":"joined","ref":1,"room":3,"seq":10}`)
	b.in(`{"type":"joined","ref":2,"room":4,"seq":10}`)
	b.tells("connected e1", "3#10 joined", "4#10 joined")
	return b
}

func TestJoinBeforeHello(t *testing.T) {
	b := newBench(t)
	j := b.asks(wire.CommandJoin, 3)
	p := b.posts(3, "n1")
	b.sends()
	b.hello("e1")
	b.sends("1 join 3")
	b.message(3, 9, "too early")
	b.in(`{"type":"joined","ref":1,"room":3,"seq":10}`)
	b.answers(j, "ok")
	b.sends("2 post 3 n1")
	b.message(3, 10, "in joined already")
	b.message(3, 11, "n1")
	b.answers(p, "")
	b.in(`{"type":"posted","ref":2,"room":3,"seq":11,"nonce":"n1"}`)
	b.answers(p, "ok")
	b.tells("connected e1", "3#10 joined", "3#11 n1")
}

func TestResume(t *testing.T) {
	b := seated(t)
	b.message(3, 11, "a")
	b.cut()
	b.tells("3#11 a", "disconnected for 0s")
	p := b.posts(3, "n1")
	b.hello("e1")
	b.sends("3 resume 3#11 4#10 t1")
	b.in(`{"type":"resumed","ref":3,"rooms":[3,4,5]}`)
	b.sends()
	b.message(3, 12, "before its time")
	b.in(`{"type":"returned","room":3,"seq":16,"lost":2}`)
	b.sends("4 post 3 n1")
	b.message(3, 14, "b")
	b.message(3, 14, "b")
	b.in(`{"type":"returned","room":3,"seq":16,"lost":1}`) // the server lost one more while it sent them
	b.message(3, 16, "c")
	b.in(`{"type":"returned","room":4,"seq":10,"lost":0}`)
	b.in(`{"type":"returned","room":5,"seq":10,"lost":0}`)
	b.message(4, 12, "d")
	b.tells("connected e1", "3#16 returned", "3 gap 12-13 2 lost", "3#14 b", "3 gap 15-15 1 lost", "3#16 c",
		"4#10 returned", "4 gap 11-11 1 hole", "4#12 d")
	b.answers(p, "")
	// The next connection goes on from here, with the token of this one.
	b.cut()
	b.hello("e1")
	b.sends("5 resume 3#16 4#12 t2")
	b.in(`{"type":"resumed","ref":5,"rooms":[3,4]}`)
	b.in(`{"type":"returned","room":3,"seq":16,"lost":0}`)
	b.sends("6 post 3 n1")
	b.in(`{"type":"posted","ref":6,"room":3,"seq":15,"nonce":"n1"}`)
	b.answers(p, "ok")
}

func TestResumeContradicts(t *testing.T) {
	b := seated(t)
	b.cut()
	b.hello("e1")
	b.in(`{"type":"resumed","ref":3,"rooms":[3,4]}`)
	b.in(`{"type":"returned","room":3,"seq":5,"lost":0}`)
	b.in(`{"type":"returned","room":4,"seq":12,"lost":18446744073709551615}`)
	b.message(3, 6, "a")
	b.message(4, 13, "b")
	b.tells("disconnected for 0s", "connected e1", "3#5 returned", "3 gap 0-0 0 hole", "4#12 returned", "4 gap 0-0 0 hole",
		"3#6 a", "4#13 b")
}

func TestSessionIsOver(t *testing.T) {
	b := seated(t)
	b.ask(b.clock, &call{kind: wire.CommandStatus, status: earshot.StatusAway, done: make(chan result, 1)})
	b.sends("3 status away")
	b.in(`{"type":"ok","ref":3}`)
	b.cut()
	b.hello("e1")
	b.sends("4 resume 3#10 4#10 t1")
	b.in(`{"type":"error","ref":4,"code":"not_found","message":"over"}`)
	b.sends("5 status away", "6 join 3", "7 join 4")
	b.in(`{"type":"ok","ref":5}`)
	b.in(`{"type":"joined","ref":6,"room":3,"seq":15}`)
	b.in(`{"type":"joined","ref":7,"room":4,"seq":10}`)
	b.tells("disconnected for 0s", "connected e1", "3 gap 11-15 5 session", "3#15 joined", "4#10 joined")
}

func TestRoomIsNotResumed(t *testing.T) {
	b := seated(t)
	p := b.posts(4, "n1")
	b.sends("3 post 4 n1")
	b.cut()
	b.hello("e1")
	b.in(`{"type":"resumed","ref":4,"rooms":[3]}`)
	b.sends("4 resume 3#10 4#10 t1", "5 join 4")
	b.in(`{"type":"error","ref":5,"code":"not_found","message":"gone"}`)
	b.answers(p, "not_found")
	b.tells("disconnected for 0s", "connected e1", "4 removed not_found")
}

// TestWhichToken loses connections between resume and its answer: the newer token is tried first, and then the older.
func TestWhichToken(t *testing.T) {
	b := seated(t)
	b.cut()
	b.hello("e1")
	b.sends("3 resume 3#10 4#10 t1")
	b.cut()
	b.hello("e1")
	b.sends("4 resume 3#10 4#10 t2")
	b.cut()
	b.hello("e1")
	b.sends("5 resume 3#10 4#10 t3")
	b.in(`{"type":"error","ref":5,"code":"not_found","message":"over"}`)
	b.sends("6 resume 3#10 4#10 t2")
	b.in(`{"type":"error","ref":6,"code":"not_found","message":"over"}`)
	b.sends("7 resume 3#10 4#10 t1")
	b.in(`{"type":"resumed","ref":7,"rooms":[3,4]}`)
	b.cut()
	b.hello("e1")
	b.sends("8 resume 3#10 4#10 t4")
	for range 3 * mostTokens {
		b.cut()
		b.hello("e1")
	}
	if len(b.tokens) > mostTokens {
		t.Errorf("%d tokens", len(b.tokens))
	}
}

func TestResumeHasToWait(t *testing.T) {
	for _, code := range []string{"rate_limited", "busy"} {
		b := seated(t)
		b.cut()
		b.hello("e1")
		b.sends("3 resume 3#10 4#10 t1")
		b.in(`{"type":"error","ref":3,"code":"%s","message":"wait","retry_ms":2000}`, code)
		b.asks(wire.CommandJoin, 9)
		b.turn(1999 * time.Millisecond)
		b.sends()
		b.turn(time.Millisecond)
		b.sends("4 resume 3#10 4#10 t1")
		// A connection that is lost while waiting was not asked to resume: its token stands for nothing.
		b.in(`{"type":"error","ref":4,"code":"%s","message":"wait","retry_ms":2000}`, code)
		b.cut()
		b.hello("e1")
		b.sends("5 resume 3#10 4#10 t1")
	}
}

func TestResumeIsNotAnswered(t *testing.T) {
	b := seated(t)
	b.cut()
	b.hello("e1")
	for range 10 {
		b.turn(resumeWait / 10)
		b.in(`{"type":"ping"}`)
	}
	b.tells("disconnected for 0s", "connected e1", "disconnected for 1s")
}

func TestAnotherEpoch(t *testing.T) {
	b := seated(t)
	b.message(3, 11, "heard")
	b.message(3, 12, "heard too")
	b.cut()
	b.hello("e2")
	b.sends("3 join 3", "4 join 4")
	b.cut() // before they were answered
	b.hello("e2")
	b.in(`{"type":"error","ref":5,"code":"not_found","message":"over"}`)
	b.sends("5 resume t2", "6 join 3", "7 join 4")
	b.in(`{"type":"joined","ref":6,"room":3,"seq":2}`)
	b.message(3, 3, "heard")
	b.message(3, 4, "new")
	b.message(3, 5, "heard")
	b.in(`{"type":"joined","ref":7,"room":4,"seq":50}`)
	b.tells("3#11 heard", "3#12 heard too", "disconnected for 0s", "connected e2", "disconnected for 1s", "connected e2",
		"3 gap 0-0 0 restart", "3#2 joined", "3#4 new", "3#5 heard",
		"4 gap 0-0 0 restart", "4#50 joined")
	b.clock = b.clock.Add(noncesFor)
	b.message(3, 6, "heard too")
	b.tells("3#6 heard too")
}

func TestTakenOver(t *testing.T) {
	b := seated(t)
	b.lost(b.clock, loss{err: &CloseError{Code: 4002}})
	b.hello("e1")
	b.sends("3 join 3", "4 join 4")
}

// TestOnePostAtATime: a post that is refused for a while is not overtaken in its room, and holds no other room up.
func TestOnePostAtATime(t *testing.T) {
	b := seated(t)
	first, second, other := b.posts(3, "n1"), b.posts(3, "n2"), b.posts(4, "n3")
	b.sends("3 post 3 n1", "4 post 4 n3")
	b.in(`{"type":"error","ref":3,"code":"rate_limited","message":"slowly","retry_ms":1000}`)
	b.in(`{"type":"posted","ref":4,"room":4,"seq":11,"nonce":"n3"}`)
	b.answers(other, "ok")
	b.sends()
	b.turn(time.Second)
	b.sends("5 post 3 n1")
	b.in(`{"type":"posted","ref":5,"room":3,"seq":11,"nonce":"n1"}`)
	b.answers(first, "ok")
	b.sends("6 post 3 n2")
	b.in(`{"type":"error","ref":6,"code":"too_large","message":"long"}`)
	b.answers(second, "too_large")
	// One that nobody waits for any more keeps its place until it is answered, and is not sent again.
	third, fourth := b.posts(3, "n4"), b.posts(3, "n5")
	b.sends("7 post 3 n4")
	b.cancel(b.clock, third)
	b.sends()
	b.in(`{"type":"error","ref":7,"code":"busy","message":"wait"}`)
	b.sends("8 post 3 n5")
	fifth := b.posts(3, "n6")
	b.cancel(b.clock, fifth)
	b.in(`{"type":"posted","ref":8,"room":3,"seq":12,"nonce":"n5"}`)
	b.answers(fourth, "ok")
	b.sends()
	if len(b.calls) > 0 {
		t.Errorf("%d calls are left", len(b.calls))
	}
}

func TestSilence(t *testing.T) {
	b := seated(t)
	b.turn(15*time.Second - 1)
	b.sends()
	b.turn(1)
	b.sends("3 ping")
	b.turn(4 * time.Second)
	b.in(`{"type":"ok","ref":3}`)
	b.turn(15 * time.Second)
	b.sends("4 ping")
	b.turn(5*time.Second - 1)
	b.tells()
	b.turn(1)
	b.tells("disconnected for 0s")
	b.hello("e1")
	b.in(`{"type":"resumed","ref":5,"rooms":[3,4]}`)
	b.pause(b.clock, true)
	b.turn(time.Hour)
	b.pause(b.clock, false)
	b.turn(14 * time.Second)
	b.tells("connected e1")
}

func TestStopping(t *testing.T) {
	b := seated(t)
	b.random = func() float64 { return 0.5 }
	b.in(`{"type":"stopping","return_ms":8000}`)
	b.lost(b.clock, loss{err: &CloseError{Code: 1001}})
	b.tells("disconnected for 4s")
}

func TestWaitsGrowAndShrink(t *testing.T) {
	b := seated(t)
	b.cut()
	b.hello("e1")
	b.cut()
	b.hello("e1")
	b.cut()
	b.tells("disconnected for 0s", "connected e1", "disconnected for 1s", "connected e1", "disconnected for 2s")
	b.hello("e1")
	b.in(`{"type":"error","ref":%d,"code":"not_found","message":"over"}`, b.ref)
	b.in(`{"type":"error","ref":%d,"code":"not_found","message":"over"}`, b.ref)
	b.in(`{"type":"error","ref":%d,"code":"not_found","message":"over"}`, b.ref)
	b.turn(heldLong)
	b.cut()
	b.tells("connected e1", "disconnected for 0s")
}

// BenchmarkMessage takes one message of a room in.
func BenchmarkMessage(b *testing.B) {
	m := newMachine(func() float64 { return 0 }, false, 100)
	at := time.Unix(1_000_000, 0)
	m.connected(at)
	m.frame(at, []byte(`{"type":"hello","protocol":"earshot.v1","epoch":"e","ping_ms":10000}`))
	m.ask(at, &call{kind: wire.CommandJoin, room: 3, done: make(chan result, 1)})
	m.frame(at, []byte(`{"type":"joined","ref":1,"room":3,"seq":0}`))
	m.take()
	b.ReportAllocs()
	seq := 0
	for b.Loop() {
		seq++
		m.frame(at, fmt.Appendf(nil, `{"type":"message","room":3,"seq":%d,"at":1700000000000,"user":{"id":7,"name":"ana"},`+
			`"nonce":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","text":"Something that somebody might say in a room."}`, seq))
		if _, events := m.take(); len(events) != 1 {
			b.Fatal("it did not come through")
		}
	}
}
