// Package hubtest has what tests of the hub and of its transports begin with: a hub on a real store, with users and rooms.
package hubtest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/names"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// Patience bounds every wait for the server, so that a test that fails does so in words and not by hanging.
const Patience = 90 * time.Second

// House is a hub on a real store. Both are closed when the test is over; what stands on the hub is to be closed before.
type House struct {
	T     testing.TB
	Store *sqlstore.Store
	Hub   *hub.Hub
}

// New makes a house; change may be nil.
func New(t testing.TB, relay earshot.Relay, change func(*hub.Config)) *House {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := hub.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	h := &House{T: t, Store: store, Hub: hub.New(hub.Options{Relay: relay, Rooms: store, Members: store, Sanctions: store, Notes: store, Actions: store, Config: cfg})}
	t.Cleanup(func() {
		if err := h.Hub.Close(context.Background()); err != nil {
			t.Errorf("close hub: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return h
}

// User makes an account.
func (h *House) User(name string, change ...func(*earshot.User)) earshot.User {
	h.T.Helper()
	u := earshot.User{Username: name, Password: "!", IsActive: true, DateJoined: time.Now()}
	for _, c := range change {
		c(&u)
	}
	ids, err := h.Store.CreateUsers(h.T.Context(), []earshot.NewUser{{
		User: u, Keys: earshot.UserKeys{Name: names.Key(name), Skeleton: names.Skeleton(name)},
	}})
	if err != nil {
		h.T.Fatal(err)
	}
	u.ID = ids[0]
	return u
}

// Room makes a room that the user owns, with its name as its title.
func (h *House) Room(by earshot.User, name string, access earshot.Access) earshot.RoomID {
	h.T.Helper()
	r, err := h.Hub.CreateRoom(h.T.Context(), by, earshot.Room{Name: name, Title: name, Access: access})
	if err != nil {
		h.T.Fatal(err)
	}
	return r.ID
}

// Settled waits until a condition holds.
func (h *House) Settled(what string, holds func() bool) {
	h.T.Helper()
	late := time.After(Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-late:
			h.T.Fatalf("it never came to be that %s", what)
		case <-tick.C:
		}
	}
}
