package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/names"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

type roomCreateCmd struct {
	storageFlags
	jsonFlag
	Name   string `arg:"" help:"The room's name, which people type after a #."`
	Title  string `help:"What people read above the conversation. By default the name."`
	Topic  string `help:"What the room is about now."`
	Access string `help:"Who may enter: public (every user), staff, or private (the owner and the members)." default:"public" placeholder:"ACCESS"`
	Owner  string `help:"The user who may change and delete the room besides staff." placeholder:"USERNAME"`
}

// Validate wants a kind of access that there is.
func (c *roomCreateCmd) Validate() error { return checkAccess(c.Access) }

func checkAccess(access string) error {
	if !earshot.Access(access).Valid() {
		return fmt.Errorf("--access is %q: it must be public, staff or private", access)
	}
	return nil
}

// Run creates the room.
func (c *roomCreateCmd) Run(env *environment) error {
	room := earshot.Room{Name: c.Name, Title: c.Title, Topic: c.Topic, Access: earshot.Access(c.Access)}
	if strings.TrimSpace(room.Title) == "" {
		room.Title = c.Name
	}
	return withStore(env.ctx, c.Storage, func(store *sqlstore.Store) error {
		var owner earshot.User
		if c.Owner != "" {
			service := account.New(accountStores(store), account.DefaultConfig(), nil)
			var err error
			if owner, err = service.UserByName(env.ctx, c.Owner); err != nil {
				return fmt.Errorf("the owner %s: %w", c.Owner, err)
			}
			room.Owner = owner.ID
		}
		made, err := operatorOf(store).CreateRoom(env.ctx, room)
		if err != nil {
			return err
		}
		if c.JSON {
			return (&roomWork{Operator: operatorOf(store), room: made, owner: owner.Username}).tell(env, true, "")
		}
		_, err = fmt.Fprintf(env.stdout, "Room #%s created, with the id %d.\n", made.Name, made.ID)
		return err
	})
}

// roomJSON is a room as --json prints one.
type roomJSON struct {
	ID     int64          `json:"id"`
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	Topic  string         `json:"topic"`
	Access earshot.Access `json:"access"`
	// Owner is null for a room that is nobody's.
	Owner     *string   `json:"owner"`
	CreatedAt time.Time `json:"created_at"`
	// SlowSeconds and Locked are left out where there is nothing of it, Members but for a single room.
	SlowSeconds int          `json:"slow_seconds,omitzero"`
	Locked      earshot.Lock `json:"locked,omitzero"`
	Members     []string     `json:"members,omitzero"`
}

type roomListCmd struct {
	storageFlags
	jsonFlag
	Search string `help:"Only those in whose name this occurs." placeholder:"TEXT"`
	Access string `help:"Only those of this kind: public, staff or private." placeholder:"ACCESS"`
}

// Validate wants a kind of access that there is.
func (c *roomListCmd) Validate() error {
	if c.Access == "" {
		return nil
	}
	return checkAccess(c.Access)
}

// Run lists all rooms by name, private ones too.
func (c *roomListCmd) Run(env *environment) error {
	return withStore(env.ctx, c.Storage, func(store *sqlstore.Store) error {
		rooms, err := store.FindRooms(env.ctx, earshot.RoomQuery{Search: names.Key(c.Search), Access: earshot.Access(c.Access)})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(env.stdout, roomsJSON(rooms))
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		if len(rooms) > 0 {
			if _, err := fmt.Fprintln(table, "NAME\tACCESS\tOWNER\tCREATED\tTITLE"); err != nil {
				return err
			}
		}
		for i := range rooms {
			r := &rooms[i]
			if _, err := fmt.Fprintf(table, "#%s\t%s\t%s\t%s\t%s\n", r.Name, r.Access, cmp.Or(r.OwnerName, "-"), day(r.CreatedAt), r.Title); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

func roomsJSON(rooms []earshot.FoundRoom) []roomJSON {
	list := make([]roomJSON, len(rooms))
	for i := range rooms {
		r := &rooms[i]
		list[i] = roomJSON{ID: int64(r.ID), Name: r.Name, Title: r.Title, Topic: r.Topic, Access: r.Access, CreatedAt: r.CreatedAt, SlowSeconds: r.Slow, Locked: r.Lock}
		if r.OwnerName != "" {
			list[i].Owner = &r.OwnerName
		}
	}
	return list
}
