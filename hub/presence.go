package hub

import (
	"cmp"
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
	// statuses are those of users inside who are not active, and told is what of it was told.
	statuses, told map[earshot.UserID]earshot.Status
	// stirred are users for whom how it is and how it was told may differ; one may be there twice.
	stirred []earshot.UserRef
	// typing are those who type in a large room and were not told yet.
	typing []earshot.UserRef
	// seen is who has seen what, nil until somebody of a small room tells it.
	seen *sightings
	// announcing is true while somebody publishes, or a timer is set that will.
	announcing bool
}

func newPresence() presence {
	return presence{sessions: make(map[earshot.UserID]int)}
}

// arrive counts one more session of the user, whose status is this.
func (p *presence) arrive(u earshot.UserRef, status earshot.Status) {
	p.sessions[u.ID]++
	if p.sessions[u.ID] == 1 {
		p.here++
		p.stirred = append(p.stirred, u)
		p.statuses = setStatus(p.statuses, u.ID, status)
	}
}

// departed counts one session less of the user.
func (p *presence) departed(u earshot.UserRef) {
	p.sessions[u.ID]--
	if p.sessions[u.ID] == 0 {
		delete(p.sessions, u.ID)
		delete(p.statuses, u.ID)
		p.seen.forgetUntold(u.ID)
		p.here--
		p.stirred = append(p.stirred, u)
	}
}

// place finds where the user is or would be in shown.
func (p *presence) place(u earshot.UserRef) (int, bool) {
	return slices.BinarySearchFunc(p.shown, u, compareRefs)
}

// show and hide follow what was told. Users are sorted, and merged in one pass: entering one by one into a list of
// thousands would cost its square.
func (p *presence) show(users []earshot.UserRef) {
	if len(users) == 1 {
		if i, there := p.place(users[0]); !there {
			p.shown = slices.Insert(p.shown, i, users[0])
		}
		return
	}
	p.shown = append(p.shown, users...)
	slices.SortFunc(p.shown, compareRefs)
	p.shown = slices.Compact(p.shown)
}

func (p *presence) hide(users []earshot.UserRef) {
	gone := make(map[earshot.UserID]bool, len(users))
	for _, u := range users {
		gone[u.ID] = true
		delete(p.told, u.ID)
		p.seen.forget(u.ID)
	}
	p.shown = slices.DeleteFunc(p.shown, func(u earshot.UserRef) bool { return gone[u.ID] })
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
	occupants := make([]earshot.Occupant, 0, to-from+1)
	for _, u := range p.shown[from:to] {
		occupants = append(occupants, earshot.Occupant{UserRef: u, Status: p.told[u.ID], Seen: p.seenBy(u.ID)})
	}
	return Page{Occupants: occupants, Count: len(p.shown), More: to < len(p.shown)}
}

// news is what changed since it was told last.
type news struct {
	entered, departed []earshot.UserRef
	statuses          map[earshot.Status][]earshot.UserRef
}

// untold gives what is not told yet, and forgets what stirred.
func (p *presence) untold() (n news) {
	slices.SortFunc(p.stirred, compareRefs)
	for _, u := range slices.Compact(p.stirred) {
		_, shown := p.place(u)
		inside := p.sessions[u.ID] > 0
		switch {
		case inside && !shown:
			n.entered = append(n.entered, u)
		case !inside && shown:
			n.departed = append(n.departed, u)
		}
		if status := p.statuses[u.ID]; inside && status != p.told[u.ID] {
			if n.statuses == nil {
				n.statuses = make(map[earshot.Status][]earshot.UserRef)
			}
			n.statuses[status] = append(n.statuses[status], u)
		}
	}
	p.stirred = nil
	return n
}

// announce tells the room who came and went: at once in a small room, after announceAfter in a large one, so that a
// thousand people entering are told in a handful of events and not in a thousand. One announcement runs at a time and
// tells what stirred meanwhile, too; so the order of events is the order of what happened.
func (r *room) announce() {
	r.mu.Lock()
	if r.announcing || r.quiet() {
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
		if r.quiet() {
			r.announcing = false
			r.mu.Unlock()
			break
		}
		if r.here > largeRoom && !first {
			r.mu.Unlock()
			time.AfterFunc(announceAfter, r.publishPresence)
			return
		}
		n := r.untold()
		typing := r.typing
		r.typing = nil
		count := len(r.shown)
		r.mu.Unlock()
		r.publish(&earshot.Event{Kind: earshot.KindTyping, Users: typing})
		count -= len(n.departed)
		r.publish(&earshot.Event{Kind: earshot.KindDeparted, Users: n.departed, Count: count})
		count += len(n.entered)
		r.publish(&earshot.Event{Kind: earshot.KindEntered, Users: n.entered, Count: count})
		for status, users := range n.statuses {
			status = cmp.Or(status, earshot.StatusActive)
			r.publish(&earshot.Event{Kind: earshot.KindStatus, Users: users, Status: status})
		}
	}
	r.hub.release(r)
}

// quiet tells that there is nothing to announce.
func (p *presence) quiet() bool { return len(p.stirred) == 0 && len(p.typing) == 0 }

// publish publishes an announcement, unless it is about nobody.
func (r *room) publish(ev *earshot.Event) {
	if len(ev.Users) > 0 {
		r.broadcast(ev)
	}
}

// broadcast publishes what the room itself tells.
func (r *room) broadcast(ev *earshot.Event) {
	ev.Room, ev.At = r.id, time.Now().Truncate(time.Millisecond)
	if _, err := r.hub.relay.Publish(context.Background(), ev); err != nil && earshot.CodeOf(err) != earshot.CodeStopping {
		r.hub.log.Warn("an announcement was not told", "room", r.id, "error", err)
	}
}
