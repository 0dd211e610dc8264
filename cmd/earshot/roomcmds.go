package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// roomArgs is a command about one room.
type roomArgs struct {
	storageFlags
	jsonFlag
	Room string `arg:"" help:"The room's name, in whatever case."`
}

// roomWork is what a command does about a room: by the rules of rooms, and by those of accounts.
type roomWork struct {
	hub.Operator
	accounts *account.Service
	room     earshot.Room
	// owner is the username of who owns the room; empty where nobody does.
	owner string
}

// find finds the room and hands it to work.
func (a *roomArgs) find(env *environment, work func(*roomWork) error) error {
	return withStore(env.ctx, a.Storage, func(store *sqlstore.Store) error {
		w := &roomWork{Operator: operatorOf(store), accounts: account.New(accountStores(store), account.DefaultConfig(), nil)}
		found, err := w.Room(env.ctx, a.Room)
		if err != nil {
			return fmt.Errorf("the room %s: %w", a.Room, err)
		}
		w.room, w.owner = found.Room, found.OwnerName
		return work(w)
	})
}

// people finds all of the users before anything is done to one of them.
func (w *roomWork) people(env *environment, usernames []string) ([]earshot.User, error) {
	return everybody(env, w.accounts, usernames)
}

// tell says what was done to the room, or how it is now.
func (w *roomWork) tell(env *environment, asJSON bool, done string) error {
	if !asJSON {
		_, err := fmt.Fprintf(env.stdout, "Room #%s %s.\n", w.room.Name, done)
		return err
	}
	shown, err := w.shown(env)
	if err != nil {
		return err
	}
	return printJSON(env.stdout, shown)
}

// shown gives the room as it is, with its members.
func (w *roomWork) shown(env *environment) (roomJSON, error) {
	shown := roomsJSON([]earshot.FoundRoom{{Room: w.room, OwnerName: w.owner}})[0]
	members, err := w.Members.Members(env.ctx, w.room.ID)
	shown.Members = make([]string, len(members))
	for i := range members {
		shown.Members[i] = members[i].Username
	}
	return shown, err
}

// change changes the room. A server that runs tells those inside within a second.
func (a *roomArgs) change(env *environment, change hub.RoomChange, done string) error {
	return a.find(env, func(w *roomWork) error {
		room, err := w.Change(env.ctx, w.room, change)
		if err != nil {
			return err
		}
		w.room = room
		return w.tell(env, a.JSON, done)
	})
}

type roomShowCmd struct{ roomArgs }

// Run shows the room with its members.
func (c *roomShowCmd) Run(env *environment) error {
	return c.find(env, func(w *roomWork) error {
		shown, err := w.shown(env)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(env.stdout, shown)
		}
		lines := []string{fmt.Sprintf("#%s: %s", shown.Name, shown.Title)}
		say := func(name, value string) {
			if value != "" {
				lines = append(lines, fmt.Sprintf("  %s: %s", name, value))
			}
		}
		say("topic", shown.Topic)
		say("access", string(shown.Access))
		if shown.Owner != nil {
			say("owner", *shown.Owner)
		}
		if shown.SlowSeconds > 0 {
			say("slow", (time.Duration(shown.SlowSeconds) * time.Second).String())
		}
		say("locked", string(shown.Locked))
		say("members", strings.Join(shown.Members, " "))
		say("created", moment(shown.CreatedAt))
		_, err = fmt.Fprintln(env.stdout, strings.Join(lines, "\n"))
		return err
	})
}

type roomChangeCmd struct {
	roomArgs
	Title  *string         `help:"What people read above the conversation."`
	Topic  *string         `help:"What the room is about now; empty for nothing."`
	Access *earshot.Access `help:"Who may enter: public (every user), staff, or private (the owner and the members). Who may no longer is put out." placeholder:"ACCESS"`
}

// Validate wants something to change.
func (c *roomChangeCmd) Validate() error {
	if c.Title == nil && c.Topic == nil && c.Access == nil {
		return errors.New("give --title, --topic or --access")
	}
	if c.Access != nil {
		return checkAccess(string(*c.Access))
	}
	return nil
}

// Run changes what the room is, and who may enter it.
func (c *roomChangeCmd) Run(env *environment) error {
	return c.change(env, hub.RoomChange{Title: c.Title, Topic: c.Topic, Access: c.Access}, "changed")
}

type roomLockCmd struct {
	roomArgs
	Entry bool `help:"Let nobody else in, instead of having nobody else speak."`
}

// Run locks the room for all but those who keep order in it.
func (c *roomLockCmd) Run(env *environment) error {
	lock := earshot.LockPosts
	if c.Entry {
		lock = earshot.LockEntry
	}
	return c.change(env, hub.RoomChange{Lock: &lock}, "is locked for "+string(lock))
}

type roomUnlockCmd struct{ roomArgs }

// Run opens the room again.
func (c *roomUnlockCmd) Run(env *environment) error {
	lock := earshot.LockNone
	return c.change(env, hub.RoomChange{Lock: &lock}, "is not locked any more")
}

type roomSlowCmd struct {
	roomArgs
	Wait time.Duration `arg:"" help:"How long each person waits between two messages, such as 30s; 0 for not at all."`
}

// Validate wants whole seconds, as many as there may be.
func (c *roomSlowCmd) Validate() error {
	if c.Wait < 0 || c.Wait > earshot.MaxSlow*time.Second || c.Wait%time.Second != 0 {
		return fmt.Errorf("slow mode is whole seconds, from 0 to %s", earshot.MaxSlow*time.Second)
	}
	return nil
}

// Run sets how long each person waits between two messages.
func (c *roomSlowCmd) Run(env *environment) error {
	slow := int(c.Wait / time.Second)
	done := "is not slow any more"
	if slow > 0 {
		done = "takes a message of each person every " + c.Wait.String()
	}
	return c.change(env, hub.RoomChange{Slow: &slow}, done)
}

type roomDeleteCmd struct {
	storageFlags
	jsonFlag
	Rooms []string `arg:"" name:"room" help:"The rooms' names, in whatever case."`
}

// Run deletes the rooms, after it has seen that all are there. A server that runs tells those inside within a second.
func (c *roomDeleteCmd) Run(env *environment) error {
	return withStore(env.ctx, c.Storage, func(store *sqlstore.Store) error {
		o := operatorOf(store)
		rooms := make([]earshot.FoundRoom, len(c.Rooms))
		for i, name := range c.Rooms {
			var err error
			if rooms[i], err = o.Room(env.ctx, name); err != nil {
				return fmt.Errorf("the room %s: %w", name, err)
			}
		}
		rooms = once(rooms, func(r earshot.FoundRoom) earshot.RoomID { return r.ID })
		deleted := make([]string, len(rooms))
		for i := range rooms {
			if err := o.Delete(env.ctx, rooms[i].Room); err != nil {
				return fmt.Errorf("the room %s: %w", rooms[i].Name, err)
			}
			deleted[i] = rooms[i].Name
		}
		if c.JSON {
			return printJSON(env.stdout, deleted)
		}
		_, err := fmt.Fprintln(env.stdout, count(len(deleted), "room")+" deleted.")
		return err
	})
}

type roomOwnerCmd struct {
	roomArgs
	Owner  string `arg:"" optional:"" help:"Whose it is to be."`
	Nobody bool   `help:"It is to be nobody's."`
}

// Validate wants to be told whose.
func (c *roomOwnerCmd) Validate() error {
	if (c.Owner == "") != c.Nobody {
		return fmt.Errorf("give a username or --nobody")
	}
	return nil
}

// Run gives the room to the user. A server that runs acts on it within a second.
func (c *roomOwnerCmd) Run(env *environment) error {
	return c.find(env, func(w *roomWork) error {
		owner, whose := []earshot.User{{}}, "nobody"
		if !c.Nobody {
			var err error
			if owner, err = w.people(env, []string{c.Owner}); err != nil {
				return err
			}
			whose = owner[0].Username
		}
		room, err := w.Change(env.ctx, w.room, hub.RoomChange{Owner: &owner[0]})
		if err != nil {
			return err
		}
		w.room, w.owner = room, owner[0].Username
		if c.JSON {
			return w.tell(env, true, "")
		}
		_, err = fmt.Fprintf(env.stdout, "The owner of room #%s is %s.\n", room.Name, whose)
		return err
	})
}

// roomMembersArgs is a command about who may enter a private room.
type roomMembersArgs struct {
	roomArgs
	Names []string `arg:"" name:"name" help:"Usernames."`
}

// set lets the users in, or takes that from them, after it has seen that all are there.
func (a *roomMembersArgs) set(env *environment, each func(w *roomWork, user earshot.User) error, done string) error {
	return a.find(env, func(w *roomWork) error {
		users, err := w.people(env, a.Names)
		if err != nil {
			return err
		}
		for i := range users {
			if err := each(w, users[i]); err != nil {
				return fmt.Errorf("%s: %w", users[i].Username, err)
			}
		}
		return w.tell(env, a.JSON, done)
	})
}

type roomMemberAddCmd struct{ roomMembersArgs }

// Run lets the users into the room.
func (c *roomMemberAddCmd) Run(env *environment) error {
	return c.set(env, func(w *roomWork, user earshot.User) error { return w.AddMember(env.ctx, w.room, user) }, "has them as members")
}

type roomMemberRemoveCmd struct{ roomMembersArgs }

// Run takes the users out of the room. A server that runs puts those out who are inside, within a second.
func (c *roomMemberRemoveCmd) Run(env *environment) error {
	return c.set(env, func(w *roomWork, user earshot.User) error { return w.RemoveMember(env.ctx, w.room, user) },
		"does not have them as members any more")
}

type roomMemberListCmd struct{ roomArgs }

// Run lists who may enter the room besides its owner, by name.
func (c *roomMemberListCmd) Run(env *environment) error {
	return c.find(env, func(w *roomWork) error {
		shown, err := w.shown(env)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(env.stdout, shown.Members)
		}
		for _, name := range shown.Members {
			if _, err := fmt.Fprintln(env.stdout, name); err != nil {
				return err
			}
		}
		return nil
	})
}
