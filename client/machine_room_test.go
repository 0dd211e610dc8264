package client

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

func TestLeave(t *testing.T) {
	b := seated(t)
	l := b.asks(wire.CommandLeave, 3)
	p := b.posts(3, "n1")
	b.answers(p, "not_in_room")
	b.sends("3 leave 3")
	b.message(3, 11, "still heard")
	b.in(`{"type":"left","ref":3,"room":3}`)
	b.answers(l, "ok")
	b.message(3, 12, "not heard")
	b.tells("3#11 still heard")
	// Without a connection, the room is not asked for when the session goes on.
	b.cut()
	l = b.asks(wire.CommandLeave, 4)
	b.answers(l, "ok")
	b.hello("e1")
	b.sends("4 resume t1")
	b.in(`{"type":"resumed","ref":4,"rooms":[]}`)
	b.sends()
	b.answers(b.asks(wire.CommandLeave, 4), "not_in_room")
}

func TestLeaveInterrupted(t *testing.T) {
	b := seated(t)
	l := b.asks(wire.CommandLeave, 3)
	b.cut()
	b.answers(l, "ok")
	b.hello("e1")
	b.sends("3 leave 3", "4 resume 4#10 t1")
	// While the session comes back, a room that was asked for already is left as soon as that can be said.
	l = b.asks(wire.CommandLeave, 4)
	b.answers(l, "ok")
	b.in(`{"type":"resumed","ref":4,"rooms":[4]}`)
	b.sends()
	b.in(`{"type":"returned","room":4,"seq":12,"lost":0}`)
	b.sends("5 leave 4")
	b.message(4, 11, "not heard")
	b.in(`{"type":"left","ref":5,"room":4}`)
	b.tells("disconnected for 0s", "connected e1")
}

// TestLeaveWhileResuming leaves a room that the server was asked for, and the session does not go on.
func TestLeaveWhileResuming(t *testing.T) {
	b := seated(t)
	b.cut()
	b.hello("e1")
	b.cut()
	b.hello("e1")
	b.sends("3 resume 3#10 4#10 t1", "4 resume 3#10 4#10 t2")
	b.answers(b.asks(wire.CommandLeave, 3), "ok")
	b.in(`{"type":"error","ref":4,"code":"not_found","message":"over"}`)
	b.sends("5 resume 4#10 t1")
	b.answers(b.asks(wire.CommandLeave, 4), "ok")
	b.in(`{"type":"error","ref":5,"code":"not_found","message":"over"}`)
	b.sends()
	if len(b.rooms) > 0 {
		t.Errorf("%d rooms are left", len(b.rooms))
	}
}

func TestLeaveRefused(t *testing.T) {
	b := seated(t)
	l := b.asks(wire.CommandLeave, 3)
	b.in(`{"type":"error","ref":3,"code":"internal","message":"fault"}`)
	b.answers(l, "internal")
	b.message(3, 11, "heard")
	b.tells("3#11 heard")
	l = b.asks(wire.CommandLeave, 3)
	again := b.asks(wire.CommandLeave, 3)
	b.answers(again, "not_in_room")
	b.in(`{"type":"error","ref":4,"code":"not_in_room","message":"outside"}`)
	b.answers(l, "ok")
	if len(b.calls) > 0 || b.rooms[3] != nil {
		t.Error("something is left of the room")
	}
}

func TestJoinBehindLeave(t *testing.T) {
	b := seated(t)
	l := b.asks(wire.CommandLeave, 3)
	j := b.asks(wire.CommandJoin, 3)
	b.sends("3 leave 3", "4 join 3")
	b.message(3, 11, "of the visit before")
	b.in(`{"type":"left","ref":3,"room":3}`)
	b.in(`{"type":"joined","ref":4,"room":3,"seq":12}`)
	b.answers(l, "ok")
	b.answers(j, "ok")
	b.tells("3#12 joined")
}

func TestJoinGivenUp(t *testing.T) {
	b := seated(t)
	j := b.asks(wire.CommandJoin, 5)
	b.sends("3 join 5")
	b.cancel(b.clock, j)
	b.in(`{"type":"joined","ref":3,"room":5,"seq":1}`)
	b.sends("4 leave 5")
	j = b.asks(wire.CommandJoin, 6)
	b.in(`{"type":"error","ref":5,"code":"rate_limited","message":"slowly","retry_ms":3000}`)
	if j.last == nil || j.last.Code != earshot.CodeRateLimited {
		t.Errorf("the refusal is %v", j.last)
	}
	b.cancel(b.clock, j)
	b.sends("5 join 6")
	b.turn(5 * time.Second)
	b.sends()
	b.tells()
	if len(b.rooms) != 2 {
		t.Errorf("%d rooms", len(b.rooms))
	}
	// Another one who still waits keeps it.
	j, other := b.asks(wire.CommandJoin, 7), b.asks(wire.CommandJoin, 7)
	b.cancel(b.clock, j)
	b.in(`{"type":"joined","ref":6,"room":7,"seq":1}`)
	b.answers(other, "ok")
	b.tells("7#1 joined")
}

func TestJoinRefused(t *testing.T) {
	b := seated(t)
	j, p := b.asks(wire.CommandJoin, 5), b.posts(5, "n1")
	b.in(`{"type":"error","ref":3,"code":"not_found","message":"no such room"}`)
	b.answers(j, "not_found")
	b.answers(p, "not_found")
	j = b.asks(wire.CommandJoin, 6)
	b.in(`{"type":"error","ref":4,"code":"busy","message":"wait"}`)
	b.answers(j, "")
	b.turn(time.Second)
	b.sends("3 join 5", "4 join 6", "5 join 6")
	b.in(`{"type":"joined","ref":5,"room":6,"seq":1}`)
	b.answers(j, "ok")
	b.tells("6#1 joined")
}

func TestJoinAgain(t *testing.T) {
	b := seated(t)
	j := b.asks(wire.CommandJoin, 3)
	b.sends("3 join 3")
	b.in(`{"type":"joined","ref":3,"room":3,"seq":12}`)
	b.answers(j, "ok")
	b.message(3, 11, "still to come")
	b.message(3, 12, "and this")
	b.tells("3#11 still to come", "3#12 and this")
	// Whoever gives up asking is still in the room.
	b.cancel(b.clock, b.asks(wire.CommandJoin, 3))
	b.cut()
	b.cancel(b.clock, b.asks(wire.CommandJoin, 3))
	b.hello("e1")
	b.sends("4 join 3", "5 resume 3#12 4#10 t1")
}

func TestPutOut(t *testing.T) {
	b := seated(t)
	p, q := b.posts(3, "n1"), b.posts(4, "n2")
	b.in(`{"type":"closed","room":3,"seq":11,"at":1}`)
	b.in(`{"type":"removed","room":4,"code":"forbidden","message":"out"}`)
	b.in(`{"type":"removed","room":4,"code":"forbidden","message":"out"}`)
	b.answers(p, "not_found")
	b.answers(q, "forbidden")
	b.tells("3#11 closed", "4 removed forbidden")
	b.cut()
	b.hello("e1")
	b.sends("3 post 3 n1", "4 post 4 n2", "5 resume t1")
}

func TestHole(t *testing.T) {
	b := seated(t)
	b.message(3, 12, "a")
	b.message(3, 13, "b")
	b.message(3, 12, "a")
	b.in(`{"type":"typing","room":3,"users":[{"id":2,"name":"ben"}]}`)
	// What this client does not know has its number all the same; what answers a command or has none is no event.
	b.in(`{"type":"something new","room":3,"seq":14}`)
	b.in(`{"type":"something new","ref":9,"room":3,"seq":77}`)
	b.in(`{"type":"something new","room":3}`)
	b.in(`{"type":"something new"}`)
	b.message(8, 1, "of a room that is not ours")
	b.message(3, 15, "c")
	b.tells("3 gap 11-11 1 hole", "3#12 a", "3#13 b", "client.Typing", "3#15 c")
}

// TestNoncesAreBounded joins anew again and again.
func TestNoncesAreBounded(t *testing.T) {
	var n nonces
	at := time.Unix(0, 0)
	for turn := range uint64(5) {
		for i := range uint64(1000) {
			n.again(at, turn<<32|i)
		}
		n.turn(at)
	}
	if len(n.ring) > noncesKept || len(n.before) > 2*noncesKept {
		t.Errorf("%d and %d are kept", len(n.ring), len(n.before))
	}
	if !n.again(at, 4<<32|999) || n.again(at, 4<<32|999) || !n.again(at, 4<<32|744) || !n.again(at, 3<<32|744) || n.again(at, 4<<32|743) {
		t.Error("not the last ones are known again")
	}
}

// TestNotTheProtocol has a server say what it should not: the connection is given up with a typed error.
func TestNotTheProtocol(t *testing.T) {
	for _, frame := range []string{
		``, `x`, `[]`, `null`, `{}`, `{"type":3}`, `{"type":"message","room":"3","seq":11}`, `{"type":"message","room":3,"seq":-1}`,
		`{"type":"message","room":3,"seq":11,"text":7}`, `{"type":"message","room":3}`, `{"type":"message","room":3,"seq":11,"at":1e400}`,
		`{"type":"entered","room":3,"seq":11,"users":{}}`, `{"type":"resumed","rooms":"x"}`, `{"type":"returned","lost":-1}`,
		`{"type":"hello","protocol":"earshot.v1","epoch":"e1"}`, `{"type":"posted","ref":3,"nonce":"another"}`, `{"type":"ok","ref":3}`,
		`{"type":"joined","ref":3,"room":3}`, `{"type":"error","ref":"x"}`, `{"type":"error","code":5}`, "{\"type\":\"ping\"}{}",
		strings.Repeat(`{"type":`, 100_000), `{"type":"stopping","return_ms":"soon"}`, `{"type":"removed","room":3,"code":1}`,
		`{"type":"typing","room":3,"users":1}`, `{"type":"status","room":3,"users":1}`, `{"type":"occupants","ref":3}`,
		`{"type":"left","ref":3}`, `{"type":"changed","room":3,"seq":11,"info":1}`, `{"type":"closed","room":3,"seq":11,"at":""}`,
	} {
		b := seated(t)
		p := b.posts(3, "n1")
		b.in("%s", frame)
		events := b.events
		if len(events) != 1 || b.phase != waiting || b.farewell != 1002 {
			t.Errorf("%.80s: %d events, phase %d", frame, len(events), b.phase)
			continue
		}
		d, _ := events[0].event.(Disconnected)
		if _, ok := errors.AsType[*ProtocolError](d.Err); !ok {
			t.Errorf("%.80s: %v", frame, d.Err)
		}
		b.answers(p, "")
	}
}

// TestWrongAnswers answers calls with what answers others.
func TestWrongAnswers(t *testing.T) {
	for kind, answer := range map[wire.CommandType]string{
		wire.CommandOccupants: "ok", wire.CommandTyping: "occupants", wire.CommandLeave: "ok", wire.CommandJoin: "left", wire.CommandPost: "ok",
	} {
		b := seated(t)
		b.asks(kind, 3)
		b.in(`{"type":"%s","ref":3,"room":3}`, answer)
		if b.phase != waiting || b.farewell != 1002 {
			t.Errorf("%s was answered with %s: phase %d", kind, answer, b.phase)
		}
	}
}

func TestNotOurServer(t *testing.T) {
	for _, frame := range []string{
		`{"type":"hello","protocol":"earshot.v9","epoch":"e1"}`, `{"type":"hello","protocol":"earshot.v1"}`, `{"type":"joined"}`, `?`,
	} {
		b := newBench(t)
		p := b.asks(wire.CommandJoin, 3)
		b.connected(b.clock)
		b.in("%s", frame)
		if _, ok := errors.AsType[*ProtocolError](b.err); !ok || b.phase != ended {
			t.Errorf("%s: %v, phase %d", frame, b.err, b.phase)
		}
		if res := <-p.done; res.err == nil {
			t.Error("the call was answered")
		}
	}
}

// TestLiesAboutTime has the server state times that nobody could wait for.
func TestLiesAboutTime(t *testing.T) {
	b := newBench(t)
	b.connected(b.clock)
	b.in(`{"type":"hello","protocol":"earshot.v1","epoch":"e","ping_ms":-9223372036854775808,"resume_ms":9223372036854775807,` +
		`"limits":{"text_bytes":9223372036854775807}}`)
	if b.machine.hello.Ping != shortestPing || b.machine.hello.Resume != 24*time.Hour {
		t.Errorf("hello %+v", b.machine.hello)
	}
	b.in(`{"type":"stopping","return_ms":9223372036854775807}`)
	if b.returnIn != longestReturn {
		t.Errorf("return in %v", b.returnIn)
	}
	e := errorOf(wire.Error{RetryMs: 1 << 62})
	if e.RetryAfter != longestRetry || e.Code != earshot.CodeInternal {
		t.Errorf("error %+v", e)
	}
}

// FuzzFrames has a hostile server say anything, one frame a line, while there are calls that wait; @ cuts the connection,
// and # lets time pass.
func FuzzFrames(f *testing.F) {
	f.Add("{\"type\":\"joined\",\"ref\":3,\"room\":5,\"seq\":18446744073709551615}\n@\n{\"type\":\"resumed\",\"ref\":6,\"rooms\":[3]}")
	f.Add("@\n{\"type\":\"error\",\"ref\":6,\"code\":\"not_found\"}\n{\"type\":\"removed\",\"room\":4}\n#\n#\n{\"type\":\"closed\",\"room\":3,\"seq\":99}")
	f.Add("{\"type\":\"returned\",\"room\":3,\"seq\":0,\"lost\":1}\n{\"type\":\"stopping\",\"return_ms\":1}\n{\"type\":\"hello\"}")
	f.Add("{\"type\":\"entered\",\"room\":3,\"seq\":11,\"users\":[{}]}\n{\"type\":\"left\",\"ref\":4}\n{\"type\":\"occupants\",\"ref\":5}")
	f.Fuzz(func(t *testing.T, script string) {
		b := seated(t)
		b.asks(wire.CommandJoin, 5)
		b.asks(wire.CommandLeave, 4)
		b.asks(wire.CommandOccupants, 3)
		b.posts(3, "n1")
		for line := range strings.Lines(script) {
			b.events, b.out = nil, nil
			switch strings.TrimSpace(line) {
			case "@":
				b.cut()
			case "#":
				b.turn(2 * time.Second)
			default:
				b.in("%s", line)
			}
			if b.phase == waiting {
				b.turn(max(b.until.Sub(b.clock), 0))
			}
			if b.phase == dialing {
				b.hello("e1")
			}
			if b.phase == ended && len(b.calls) > 0 {
				t.Fatal("calls wait for what does not come")
			}
			if len(b.events) > 8 || len(b.out) > 12 || len(b.rooms) > 4 || len(b.tokens) > mostTokens {
				t.Fatalf("%d events, %d frames, %d rooms, %d tokens", len(b.events), len(b.out), len(b.rooms), len(b.tokens))
			}
		}
		b.end(ErrClosed)
		if len(b.calls) > 0 {
			t.Fatal("calls are left")
		}
	})
}
