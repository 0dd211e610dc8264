package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

func (c *client) is(status earshot.Status) {
	c.t.Helper()
	if err := c.SetStatus(status); err != nil {
		c.t.Error(err)
	}
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room, attic := h.room(ana, "lobby", earshot.AccessPublic), h.room(ana, "attic", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		b.join(room)
		a.join(room)
		b.lines()
		wantCode(t, a.SetStatus("asleep"), earshot.CodeInvalid)
		a.is(earshot.StatusActive) // nothing new
		b.hears()
		a.is(earshot.StatusAway)
		a.is(earshot.StatusAway)
		b.hears("1 ana is away")
		if j := b.join(room); j.Occupants[0] != (earshot.Occupant{UserRef: ana.Ref(), Status: earshot.StatusAway}) {
			t.Errorf("occupants %+v", j.Occupants)
		}
		// A room that an absent one is in with a second tab, which is active.
		tab := h.connect(ana)
		b.hears() // the tab is nowhere yet
		tab.join(attic)
		b.hears("1 ana is active")
		tab.is(earshot.StatusDoNotDisturb)
		b.hears("1 ana is dnd")
		if j := tab.join(attic); j.Occupants[0].Status != earshot.StatusDoNotDisturb {
			t.Errorf("occupants %+v", j.Occupants)
		}
		// A session that comes back has the status that it had, and nobody is told.
		tab.Drop()
		synctest.Wait()
		back, _, err := tab.resume(h, hub.Seen{Room: attic, Seq: 1})
		if err != nil {
			t.Fatal(err)
		}
		b.hears()
		back.End()
		b.hears("1 ana is away")
		// A tab that is lost does not speak for its user beside one that is there, but for the grace time.
		tab = h.connect(ana)
		tab.join(attic)
		b.hears("1 ana is active")
		tab.Drop()
		time.Sleep(9 * time.Second) // the bubble's clock
		b.hears()
		time.Sleep(2 * time.Second)
		b.hears("1 ana is away")
		a.End()
		b.hears("1#3 departed ana, 1 inside")
		a = h.connect(ana)
		a.join(room)
		a.is(earshot.StatusAway)
		b.hears("1#4 entered ana, 2 inside", "1 ana is away")
		a.End()
		b.hears("1#5 departed ana, 1 inside")
		a = h.connect(ana)
		a.join(room)
		b.hears("1#6 entered ana, 2 inside")
		if j := b.join(room); j.Occupants[0].Status != "" {
			t.Errorf("occupants %+v", j.Occupants)
		}
	})
}

func TestStatusFloodIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, _, b := resumable(t, func(c *hub.Config) { c.JoinsPerSecond, c.JoinsBurst = 1, 20 })
		for i := range 20 {
			err := b.SetStatus([]earshot.Status{earshot.StatusAway, earshot.StatusActive}[i%2])
			if err != nil {
				wantCode(t, err, earshot.CodeRateLimited)
				return
			}
		}
		t.Error("twenty statuses in an instant, in a room each, where twenty joins may be")
	})
}

// TestLargeRoomIsToldOfStatusesTogether has everybody in a large room type and go away at once.
func TestLargeRoomIsToldOfStatusesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		owner := h.user("owner")
		room := h.room(owner, "hall", earshot.AccessPublic)
		var crowd []*client
		for i := range 200 {
			c := h.connect(h.user(fmt.Sprintf("u%03d", i)))
			c.join(room)
			crowd = append(crowd, c)
		}
		time.Sleep(3 * time.Second) // the bubble's clock: what gathered is told
		crowd[0].lines()
		for _, c := range crowd {
			for range 3 {
				if err := c.Typing(t.Context(), room); err != nil {
					t.Error(err)
				}
			}
			c.is(earshot.StatusAway)
		}
		time.Sleep(3 * time.Second)
		got := strings.Join(crowd[0].lines(), "\n")
		if got != "1 u000 u001 u002 and 197 types\n1 u000 u001 u002 and 197 is away" {
			t.Errorf("heard\n%s", got)
		}
	})
}

// BenchmarkEnter is a whole room filling up, with everything that those inside are told of it: the time for each who
// enters is to be the same however many there are.
func BenchmarkEnter(b *testing.B) {
	for _, people := range []int{500, 5000, 20_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			h := newHouse(b, nil)
			room := h.room(h.user("owner"), "hall", earshot.AccessPublic)
			sessions := make([]*hub.Session, people)
			for i := range sessions {
				u := earshot.User{ID: earshot.UserID(i + 1000), Username: fmt.Sprintf("u%05d", i), IsActive: true}
				s, err := h.Connect(u, earshot.SecretHash{1}, func(*hub.Session) hub.Conn { return null{} })
				if err != nil {
					b.Fatal(err)
				}
				sessions[i] = s
			}
			for b.Loop() {
				for _, s := range sessions {
					if err := s.Join(b.Context(), room, func(hub.Joined) {}); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				for _, s := range sessions {
					_ = s.Leave(room)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*people), "ns/person")
		})
	}
}
