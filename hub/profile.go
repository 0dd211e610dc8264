package hub

import (
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// profileEvery is how often what somebody shows is told: who is in a hundred rooms tells a hundred of them.
const profileEvery = 5 * time.Second

// ProfileChanged tells those who are in a room with the user what that one shows now: at once, or profileEvery after it was
// told last, and then only the latest. Nobody is told of a user who is in no room.
func (h *Hub) ProfileChanged(p earshot.Profile) {
	h.mu.Lock()
	_, lately := h.profiles[p.ID]
	if lately {
		h.profiles[p.ID] = &p
	} else {
		h.profiles[p.ID] = nil
	}
	h.mu.Unlock()
	if lately {
		return
	}
	time.AfterFunc(profileEvery, func() {
		h.mu.Lock()
		latest := h.profiles[p.ID]
		delete(h.profiles, p.ID)
		h.mu.Unlock()
		if latest != nil {
			h.ProfileChanged(*latest)
		}
	})
	h.tellProfile(&p)
}

func (h *Hub) tellProfile(p *earshot.Profile) {
	h.mu.Lock()
	var sessions []*Session
	if u := h.users[p.ID]; u != nil {
		sessions = slices.Clone(u.sessions)
	}
	h.mu.Unlock()
	for _, id := range h.roomsOf(sessions) {
		if r := h.hold(id); r != nil {
			r.broadcast(&earshot.Event{Kind: earshot.KindProfile, Author: sessions[0].info.ref, Profile: p})
			h.release(r)
		}
	}
}
