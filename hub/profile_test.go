package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestProfileChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben, cy := h.user("ana"), h.user("ben"), h.user("cy")
		room, attic := h.room(ana, "lobby", earshot.AccessPublic), h.room(ana, "attic", earshot.AccessPublic)
		a, tab, b, c := h.connect(ana), h.connect(ana), h.connect(ben), h.connect(cy)
		shows := func(name string) { h.ProfileChanged(earshot.Profile{ID: ana.ID, DisplayName: name, Avatar: "t"}) }
		shows("nowhere yet")
		time.Sleep(6 * time.Second) // the bubble's clock
		for _, one := range []*client{b, a, tab} {
			one.join(room)
		}
		tab.join(attic)
		c.join(attic)
		b.lines()
		c.lines()
		// Each room is told once, however many tabs are in it.
		shows("Ana")
		b.hears(`1 ana is called "Ana" and looks like "t"`)
		c.hears(`2 ana is called "Ana" and looks like "t"`)
		// A flood is told as its end, and that is told: whoever changes it a thousand times costs two events.
		for i := range 1000 {
			shows(fmt.Sprint("Ana ", i))
		}
		b.hears()
		time.Sleep(5 * time.Second)
		b.hears(`1 ana is called "Ana 999" and looks like "t"`)
		time.Sleep(time.Minute)
		b.hears()
		// Somebody else's is told meanwhile, and nobody of one who is gone.
		h.ProfileChanged(earshot.Profile{ID: ben.ID, DisplayName: "Ben"})
		a.lines()
		c.lines()
		shows("Ana at last")
		c.hears(`2 ana is called "Ana at last" and looks like "t"`)
		a.End()
		tab.End()
		b.lines()
		shows("gone")
		time.Sleep(time.Minute)
		b.hears()
		h.ProfileChanged(earshot.Profile{ID: 12345})
	})
}
