package hub

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// announceAfter is how long entrances and departures of a large room are gathered before they are told.
const announceAfter = time.Second

// presence is who is in a room: how it is, and how it was told. The two differ for as long as an entrance or departure
// has not been published yet. Everybody is shown what was told, because that is what the later events change: one who
// was shown somebody whose entrance was never told would not be told of the departure either.
//
// All under room.mu.
type presence struct {
	// sessions counts the sessions of each user that is inside: a user with three tabs is one occupant.
	sessions map[earshot.UserID]int
	// here is how many users are inside.
	here int
	// shown is who is inside by what was told, by name.
	shown []earshot.UserRef
	// stirred are users for whom the two may differ; one may be there twice.
	stirred []earshot.UserRef
	// announcing is true while somebody publishes, or a timer is set that will.
	announcing bool
}

func newPresence() presence {
	return presence{sessions: make(map[earshot.UserID]int)}
}

// arrive counts one more session of the user.
func (p *presence) arrive(u earshot.UserRef) {
	p.sessions[u.ID]++
	if p.sessions[u.ID] == 1 {
		p.here++
		p.stirred = append(p.stirred, u)
	}
}

// departed counts one session less of the user.
func (p *presence) departed(u earshot.UserRef) {
	p.sessions[u.ID]--
	if p.sessions[u.ID] == 0 {
		delete(p.sessions, u.ID)
		p.here--
		p.stirred = append(p.stirred, u)
	}
}

// place finds where the user is or would be in shown.
func (p *presence) place(u earshot.UserRef) (int, bool) {
	return slices.BinarySearchFunc(p.shown, u, compareRefs)
}

// show and hide follow what was told.
func (p *presence) show(users []earshot.UserRef) {
	for _, u := range users {
		if i, there := p.place(u); !there {
			p.shown = slices.Insert(p.shown, i, u)
		}
	}
}

func (p *presence) hide(users []earshot.UserRef) {
	for _, u := range users {
		if i, there := p.place(u); there {
			p.shown = slices.Delete(p.shown, i, i+1)
		}
	}
}

// page gives those shown after a name.
func (p *presence) page(after string) Page {
	from, _ := slices.BinarySearchFunc(p.shown, after, func(u earshot.UserRef, name string) int {
		if u.Name <= name && name != "" {
			return -1
		}
		return 1
	})
	to := min(from+pageSize, len(p.shown))
	return Page{Occupants: slices.Clone(p.shown[from:to]), Count: len(p.shown), More: to < len(p.shown)}
}

// untold gives those who came and went since it was told last, and forgets that they stirred.
func (p *presence) untold() (entered, left []earshot.UserRef) {
	slices.SortFunc(p.stirred, compareRefs)
	for _, u := range slices.Compact(p.stirred) {
		_, shown := p.place(u)
		switch inside := p.sessions[u.ID] > 0; {
		case inside && !shown:
			entered = append(entered, u)
		case !inside && shown:
			left = append(left, u)
		}
	}
	p.stirred = nil
	return entered, left
}

// announce tells the room who came and went: at once in a small room, after announceAfter in a large one, so that a
// thousand people entering are told in a handful of events and not in a thousand. One announcement runs at a time and
// tells what stirred meanwhile, too; so the order of events is the order of what happened.
func (r *room) announce() {
	r.mu.Lock()
	if r.announcing || len(r.stirred) == 0 {
		r.mu.Unlock()
		return
	}
	r.announcing = true
	gather := r.here > largeRoom
	r.mu.Unlock()
	// The announcement holds the room, so that it finds it alive after the last one left.
	r.hub.retain(r)
	if gather {
		time.AfterFunc(announceAfter, r.publishPresence)
		return
	}
	r.publishPresence()
}

// publishPresence tells what stirred until nothing does; in a large room it gathers again between two announcements. It
// lets go of the hold that announce took.
func (r *room) publishPresence() {
	for first := true; ; first = false {
		r.mu.Lock()
		if len(r.stirred) == 0 {
			r.announcing = false
			r.mu.Unlock()
			break
		}
		if r.here > largeRoom && !first {
			r.mu.Unlock()
			time.AfterFunc(announceAfter, r.publishPresence)
			return
		}
		entered, left := r.untold()
		count := len(r.shown)
		r.mu.Unlock()
		r.publish(earshot.KindDeparted, left, count-len(left))
		r.publish(earshot.KindEntered, entered, count-len(left)+len(entered))
	}
	r.hub.release(r)
}

func (r *room) publish(kind earshot.Kind, users []earshot.UserRef, count int) {
	if len(users) == 0 {
		return
	}
	ev := &earshot.Event{Kind: kind, Room: r.id, At: time.Now().Truncate(time.Millisecond), Users: users, Count: count}
	if _, err := r.hub.relay.Publish(context.Background(), ev); err != nil && earshot.CodeOf(err) != earshot.CodeStopping {
		r.hub.log.Warn("an entrance or departure was not told", "room", r.id, "error", err)
	}
}
