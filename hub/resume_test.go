package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// resume comes back to the rooms over a new connection, which gives the frames of each return and whatever follows.
func (c *client) resume(h *house, seen ...hub.Seen) (back *client, rooms []earshot.RoomID, err error) {
	c.t.Helper()
	back = h.connect(c.User())
	rooms, err = back.Resume(c.Token(), seen)
	for _, to := range seen {
		if slices.Contains(rooms, to.Room) {
			back.comeBack(to)
		}
	}
	return back, rooms, err
}

// comeBack returns to one room; the line for it says up to where and how much was lost.
func (c *client) comeBack(to hub.Seen) {
	c.t.Helper()
	var err error
	for again, done := false, false; !done && err == nil; again = true {
		to, done, err = c.Return(c.t.Context(), to, again, func(r hub.Returned) {
			c.Write(fmt.Appendf(nil, "back in %d up to %d, %d lost, %d inside\n", r.Room.ID, r.Seq, r.Lost, r.Count))
		})
	}
	if err != nil {
		c.Write(fmt.Appendf(nil, "not back in %d: %s\n", to.Room, earshot.CodeOf(err)))
	}
}

// resumable is ana, who lost her connection in a room, and ben, who is there. Ana has heard up to number 2.
func resumable(t *testing.T, change func(*hub.Config)) (h *house, room earshot.RoomID, a, b *client) {
	t.Helper()
	h = newHouse(t, change)
	ana, ben := h.user("ana"), h.user("ben")
	room = h.room(ana, "lobby", earshot.AccessPublic)
	b = h.connect(ben)
	b.join(room)
	a = h.connect(ana)
	a.join(room)
	synctest.Wait()
	a.lines()
	b.lines()
	a.Drop()
	return h, room, a, b
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		if got := b.say(room, "one").Heard; got != 1 {
			t.Errorf("heard by %d, want ana, who will be back", got)
		}
		b.say(room, "two")
		time.Sleep(9 * time.Second) // the bubble's clock; less than the grace time
		a.hears()
		back, _, err := a.resume(h, hub.Seen{Room: room, Seq: 2})
		if err != nil {
			t.Fatal(err)
		}
		b.say(room, "three")
		back.hears("back in 1 up to 4, 0 lost, 2 inside", "1#3 ben: one", "1#4 ben: two", "1#5 ben: three")
		b.hears("1#3 ben: one", "1#4 ben: two", "1#5 ben: three") // nobody came or went
		time.Sleep(2 * time.Minute)
		back.say(room, "four")
		b.hears("1#6 ana: four")
		a.hears()
	})
}

// TestResumeIsJoinBounded has a client lie about what it has seen.
func TestResumeIsJoinBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		b := h.connect(ben)
		b.join(room)
		b.say(room, "not for ana")
		a := h.connect(ana)
		joined := a.join(room)
		a.lines()
		a.Drop()
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 0})
		back.hears(fmt.Sprintf("back in 1 up to %d, 0 lost, 2 inside", joined.Seq+1), "1#3 entered ana, 2 inside")
		back.Drop()
		again, _, _ := back.resume(h, hub.Seen{Room: room, Seq: 1 << 60})
		b.say(room, "x")
		again.hears("back in 1 up to 3, 0 lost, 2 inside", "1#4 ben: x")
		// Leaving and entering anew begins anew: nothing from the time between.
		if err := again.Leave(room); err != nil {
			t.Fatal(err)
		}
		b.say(room, "between")
		again.join(room)
		again.lines()
		again.Drop()
		last, _, _ := again.resume(h, hub.Seen{Room: room, Seq: 3})
		for _, line := range last.lines() {
			if strings.Contains(line, "between") || strings.Contains(line, "not for") {
				t.Errorf("heard %q", line)
			}
		}
	})
}

func TestResumeTellsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) {
			c.RoomWindowBytes, c.PostsBurst = 16<<10, 1000
		})
		for i := range 300 {
			b.say(room, fmt.Sprintf("%03d %s", i, strings.Repeat("x", 200)))
		}
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 2})
		got := back.lines()
		var upTo, lost, inside int
		if _, err := fmt.Sscanf(got[0], "back in 1 up to %d, %d lost, %d inside", &upTo, &lost, &inside); err != nil {
			t.Fatal(got[0])
		}
		if upTo != 302 || lost+len(got)-1 != 300 || lost < 200 || lost > 290 {
			t.Errorf("%s, and %d events came, of 300", got[0], len(got)-1)
		}
		if !strings.HasPrefix(got[1], fmt.Sprintf("1#%d ben: ", 2+lost+1)) {
			t.Errorf("after %d lost came %.20s", lost, got[1])
		}
	})
}

// TestLateResume comes back when what was said is older than the window, and when the session is over.
func TestLateResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) { c.ResumeWindow = time.Minute })
		b.say(room, "soon")
		time.Sleep(11 * time.Second)
		b.hears("1#3 ben: soon", "1#4 departed ana, 1 inside")
		time.Sleep(39 * time.Second)
		b.say(room, "later")
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 2})
		back.hears("back in 1 up to 5, 0 lost, 2 inside", "1#3 ben: soon", "1#4 departed ana, 1 inside", "1#5 ben: later",
			"1#6 entered ana, 2 inside")
		back.Drop()
		time.Sleep(61 * time.Second)
		_, rooms, err := back.resume(h, hub.Seen{Room: room, Seq: 6})
		wantCode(t, err, earshot.CodeNotFound)
		if rooms != nil {
			t.Errorf("rooms %v", rooms)
		}
		b.hears("1#5 ben: later", "1#6 entered ana, 2 inside", "1#7 departed ana, 1 inside")
	})
}

func TestResumeWhatMayNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		seen := []hub.Seen{{Room: room, Seq: 2}}
		c := h.connect(h.user("cleo"))
		for _, token := range []string{a.Token(), c.Token(), "", "x", strings.Repeat("A", 22), strings.Repeat("A", 1<<16), "\xff\x00"} {
			_, err := c.Resume(token, seen)
			wantCode(t, err, earshot.CodeNotFound)
		}
		c.join(room)
		_, err := b.Resume(a.Token(), seen)
		wantCode(t, err, earshot.CodeNotFound) // it is another user's
		back, _, err := a.resume(h, seen...)
		wantCode(t, err, "")
		_, _, err = a.resume(h, seen...)
		wantCode(t, err, earshot.CodeNotFound) // once
		back.Drop()
		other := h.connect(a.User())
		other.join(room)
		_, err = other.Resume(back.Token(), seen)
		wantCode(t, err, earshot.CodeConflict) // not after joining
		// Rooms that it is not in, the same one twice, and none.
		third, rooms, err := back.resume(h, hub.Seen{Room: 99}, hub.Seen{}, seen[0], seen[0], hub.Seen{Room: -1, Seq: 1 << 63})
		if err != nil || !slices.Equal(rooms, []earshot.RoomID{room}) {
			t.Errorf("rooms %v, %v", rooms, err)
		}
		third.Drop()
		if _, rooms, err = third.resume(h); err != nil || len(rooms) != 0 {
			t.Errorf("without rooms: %v, %v", rooms, err)
		}
		h.EndLogin(earshot.SecretHash{byte(a.User().ID)})
	})
}

// TestResumeAfterRevocation cuts what is resumable in every way there is: the token is of no use, and nothing is heard.
func TestResumeAfterRevocation(t *testing.T) {
	for name, revoke := range map[string]func(h *house, room earshot.RoomID, owner, ana earshot.User) error{
		"log-out": func(h *house, _ earshot.RoomID, _, ana earshot.User) error {
			h.EndLogin(earshot.SecretHash{byte(ana.ID)})
			return nil
		},
		"deactivated": func(h *house, _ earshot.RoomID, _, ana earshot.User) error { h.EndUser(ana.ID); return nil },
		"member removed": func(h *house, room earshot.RoomID, owner, ana earshot.User) error {
			return h.RemoveMember(h.t.Context(), owner, room, ana)
		},
		"staff only": func(h *house, room earshot.RoomID, owner, _ earshot.User) error {
			access := earshot.AccessStaff
			_, err := h.ChangeRoom(h.t.Context(), owner, room, hub.RoomChange{Access: &access})
			return err
		},
		"deleted": func(h *house, room earshot.RoomID, owner, _ earshot.User) error {
			return h.DeleteRoom(h.t.Context(), owner, room)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, nil)
				owner, ana := h.user("owner", staff), h.user("ana")
				room := h.room(owner, "den", earshot.AccessPrivate)
				if err := h.AddMember(t.Context(), owner, room, ana); err != nil {
					t.Fatal(err)
				}
				o, a := h.connect(owner), h.connect(ana)
				o.join(room)
				a.join(room)
				a.lines()
				a.Drop()
				if err := revoke(h, room, owner, ana); err != nil {
					t.Fatal(err)
				}
				_, _ = o.Post(t.Context(), room, earshot.Draft{Text: []byte("a secret"), Nonce: "s"})
				back, err := h.tryConnect(ana, earshot.SecretHash{99})
				if err != nil {
					t.Fatal(err)
				}
				rooms, err := back.Resume(a.Token(), []hub.Seen{{Room: room, Seq: 2}})
				if len(rooms) != 0 {
					t.Errorf("resumed in %v, %v", rooms, err)
				}
				for _, line := range append(a.lines(), back.lines()...) {
					if !strings.HasPrefix(line, "removed") {
						t.Errorf("heard %q", line)
					}
				}
			})
		})
	}
}

// TestReturnAsksTheRules takes the right away between the resume and the return.
func TestReturnAsksTheRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		owner, ana := h.user("owner", staff), h.user("ana")
		room := h.room(owner, "den", earshot.AccessPublic)
		o, a := h.connect(owner), h.connect(ana)
		o.join(room)
		a.join(room)
		a.lines()
		a.Drop()
		o.say(room, "heard")
		back := h.connect(ana)
		if _, err := back.Resume(a.Token(), []hub.Seen{{Room: room, Seq: 2}}); err != nil {
			t.Fatal(err)
		}
		access := earshot.AccessStaff
		if _, err := h.ChangeRoom(t.Context(), owner, room, hub.RoomChange{Access: &access}); err != nil {
			t.Fatal(err)
		}
		back.comeBack(hub.Seen{Room: room, Seq: 2})
		back.hears("removed from 1: forbidden", "not back in 1: not_in_room")
	})
}

// TestResumeFromALiveConnection takes over from one that the server thinks alive: it hears nothing more.
func TestResumeFromALiveConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana := h.user("ana")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a := h.connect(ana)
		a.join(room)
		a.hears("1#1 entered ana, 1 inside")
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 1})
		if a.reason() != earshot.CloseReplaced {
			t.Errorf("closed with %v", a.reason())
		}
		back.say(room, "here")
		back.hears("back in 1 up to 1, 0 lost, 1 inside", "1#2 ana: here")
		a.hears()
		_, err := a.Post(t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: "x"})
		wantCode(t, err, earshot.CodeNotInRoom)
	})
}

// TestResumeInPortions comes back to more than is written at once, while more is said.
func TestResumeInPortions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst = 1e6, 1e6 })
		text := strings.Repeat("x", 2000)
		for range 100 {
			b.say(room, text)
		}
		back := h.connect(a.User())
		if _, err := back.Resume(a.Token(), []hub.Seen{{Room: room, Seq: 2}}); err != nil {
			t.Fatal(err)
		}
		to, answers, portions := hub.Seen{Room: room, Seq: 2}, 0, 0
		for done := false; !done; portions++ {
			var err error
			if to, done, err = back.Return(t.Context(), to, portions > 0, func(hub.Returned) { answers++ }); err != nil {
				t.Fatal(err)
			}
			if portions < 3 {
				b.say(room, "meanwhile")
			}
		}
		got := back.lines()
		if portions < 4 || answers != 1 || len(got) != 103 {
			t.Errorf("%d portions, %d answers, %d events", portions, answers, len(got))
		}
		for i, line := range got {
			if !strings.HasPrefix(line, fmt.Sprintf("1#%d ", i+3)) {
				t.Fatalf("place %d: %.40s", i, line)
			}
		}
	})
}

func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		// Another session of the same user keeps the occupant inside.
		tab := h.connect(a.User())
		tab.join(room)
		time.Sleep(30 * time.Second)
		b.hears()
		tab.End()
		b.hears("1#3 departed ana, 1 inside")
		// After the grace time the occupant leaves once, and again nothing when the session ends.
		lost := h.connect(a.User())
		lost.join(room)
		lost.Drop()
		time.Sleep(2 * time.Minute)
		b.hears("1#4 entered ana, 2 inside", "1#5 departed ana, 1 inside")
	})
}

// TestNoGrace has neither window nor grace: a lost connection is a departure.
func TestNoGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) { c.ResumeWindow, c.Grace = 0, 0 })
		b.hears("1#3 departed ana, 1 inside")
		if a.Token() != "" {
			t.Error("a token where no session is kept")
		}
		_, _, err := a.resume(h, hub.Seen{Room: room})
		wantCode(t, err, earshot.CodeNotFound)
	})
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) { c.Grace = 0 })
		b.hears("1#3 departed ana, 1 inside")
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 3})
		back.hears("back in 1 up to 3, 0 lost, 2 inside", "1#4 entered ana, 2 inside")
		// Nor does what is lost speak for its user any more.
		tab := h.connect(a.User())
		tab.is(earshot.StatusAway)
		tab.join(room)
		b.lines()
		back.Drop()
		b.hears("1 ana is away")
	})
}

// TestLostSessionsMakeRoom has a client come back again and again without its token: the oldest session gives way.
func TestLostSessionsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *hub.Config) { c.SessionsPerUser = 3 })
		ana := h.user("ana")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		for range 10 {
			a := h.connect(ana)
			a.join(room)
			a.Drop()
			time.Sleep(time.Millisecond)
		}
		if got := h.Stats().Sessions; got != 3 {
			t.Errorf("%d sessions, want 3", got)
		}
		time.Sleep(2 * time.Minute)
		if got := h.Stats(); got != (hub.Stats{}) {
			t.Errorf("left: %+v", got)
		}
	})
}

func TestResumeStormIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, _ := resumable(t, func(c *hub.Config) { c.JoinsPerSecond, c.JoinsBurst = 1, 5 })
		for range 10 {
			back, _, err := a.resume(h, hub.Seen{Room: room, Seq: 2})
			if err != nil {
				wantCode(t, err, earshot.CodeRateLimited)
				if wait := earshot.AsError(err).RetryAfter; wait <= 0 || wait > time.Second {
					t.Errorf("told to wait %v", wait)
				}
				time.Sleep(time.Second)
				// The session is still there for whoever waited.
				if _, err = back.Resume(a.Token(), []hub.Seen{{Room: room, Seq: 2}}); err != nil {
					t.Error(err)
				}
				return
			}
			back.Drop()
			a = back
		}
		t.Error("ten resumes in an instant, where five may be")
	})
}
