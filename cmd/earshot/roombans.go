package main

import (
	"fmt"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// operatorOf is what the command line does to rooms.
func operatorOf(store *sqlstore.Store) hub.Operator {
	return hub.Operator{Rooms: store, Members: store, Sanctions: store}
}

// banOf gives a ban from a room the form in which bans are told.
func banOf(s *earshot.Sanction) earshot.Ban {
	return earshot.Ban{User: s.User, By: s.By, At: s.At, Until: s.Until, Reason: s.Reason}
}

// tellRoomBans prints bans from a room, or what was done to each.
func tellRoomBans(env *environment, asJSON bool, room earshot.Room, bans []earshot.Ban, done func(*earshot.Ban) string) error {
	if !asJSON {
		return tellBans(env, false, bans, done)
	}
	list := make([]banJSON, len(bans))
	for i := range bans {
		list[i] = jsonOfBan(&bans[i])
		list[i].Room = room.Name
	}
	return printJSON(env.stdout, list)
}

// sanctionArgs is a command about users who are kept off a room, or muted in it.
type sanctionArgs struct {
	roomArgs
	Names []string `arg:"" name:"name" help:"Usernames, in whatever case."`
}

// each does something to each of the users, when all were found, and tells what became of them.
func (a *sanctionArgs) each(
	env *environment, do func(w *roomWork, user earshot.User) (earshot.Sanction, error), done func(*earshot.Ban, earshot.Room) string,
) error {
	return a.find(env, func(w *roomWork) error {
		users, err := w.people(env, a.Names)
		if err != nil {
			return err
		}
		bans := make([]earshot.Ban, len(users))
		for i := range users {
			s, err := do(w, users[i])
			if err != nil {
				return fmt.Errorf("%s: %w", users[i].Username, err)
			}
			bans[i] = banOf(&s)
		}
		return tellRoomBans(env, a.JSON, w.room, bans, func(b *earshot.Ban) string { return done(b, w.room) })
	})
}

// put puts a sanction on each of the users for a time, zero for good. A server that runs acts on it within a second.
func (a *sanctionArgs) put(env *environment, kind earshot.SanctionKind, lasts time.Duration, reason, done string) error {
	return a.each(env, func(w *roomWork, user earshot.User) (earshot.Sanction, error) {
		until, err := earshot.Term(time.Now(), int64(lasts/time.Second))
		if err != nil {
			return earshot.Sanction{}, err
		}
		return w.Sanction(env.ctx, w.room, kind, user, until, reason)
	}, func(b *earshot.Ban, room earshot.Room) string {
		return done + " #" + room.Name + " " + earshot.Ending(b.Until)
	})
}

// lift ends the sanction of each of the users.
func (a *sanctionArgs) lift(env *environment, kind earshot.SanctionKind, done string) error {
	return a.each(env, func(w *roomWork, user earshot.User) (earshot.Sanction, error) {
		return w.Lift(env.ctx, w.room, kind, user)
	}, func(_ *earshot.Ban, room earshot.Room) string { return done + " #" + room.Name + " any more" })
}

// sanctioned lists who is kept off the room, or muted in it, by name.
func (a *roomArgs) sanctioned(env *environment, kind earshot.SanctionKind) error {
	return a.find(env, func(w *roomWork) error {
		found, err := w.Sanctioned(env.ctx, w.room, kind)
		if err != nil {
			return err
		}
		bans := make([]earshot.Ban, len(found))
		for i := range found {
			bans[i] = banOf(&found[i])
		}
		if a.JSON {
			return tellRoomBans(env, true, w.room, bans, nil)
		}
		return listBans(env, false, bans)
	})
}

// ofRoom is the command about the room that it names.
func (a *bansArgs) ofRoom() *sanctionArgs {
	return &sanctionArgs{roomArgs{a.storageFlags, a.jsonFlag, a.Room}, a.What}
}

// termArgs is for how long something holds, and why.
type termArgs struct {
	For    *time.Duration `help:"For how long, such as 24h; without it for good." placeholder:"TIME"`
	Reason string         `help:"Why; those concerned are told." placeholder:"TEXT"`
}

// Validate wants a time that makes sense.
func (a *termArgs) Validate() error {
	if a.For != nil && (*a.For < time.Second || *a.For > earshot.MaxTerm) {
		return fmt.Errorf("--for must be from 1s to %s", earshot.MaxTerm)
	}
	return nil
}

// term is how long it is, zero for good.
func (a *termArgs) term() time.Duration {
	if a.For == nil {
		return 0
	}
	return *a.For
}

type roomMuteCmd struct {
	sanctionArgs
	termArgs
}

// Run has the users say nothing in the room.
func (c *roomMuteCmd) Run(env *environment) error {
	return c.put(env, earshot.SanctionMute, c.term(), c.Reason, "is muted in")
}

type roomUnmuteCmd struct{ sanctionArgs }

// Run lets the users speak in the room again.
func (c *roomUnmuteCmd) Run(env *environment) error {
	return c.lift(env, earshot.SanctionMute, "is not muted in")
}

type roomMutesCmd struct{ roomArgs }

// Run lists who is muted in the room, by name.
func (c *roomMutesCmd) Run(env *environment) error { return c.sanctioned(env, earshot.SanctionMute) }
