package main

import (
	"fmt"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// banJSON is a ban as --json prints one.
type banJSON struct {
	// ID is not there for a ban from a room, which Room names.
	ID   int64  `json:"id,omitzero"`
	Room string `json:"room,omitzero"`
	// One of User and Range is there.
	User  string `json:"user,omitzero"`
	Range string `json:"range,omitzero"`
	// By is empty for the command line.
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Until is null for good.
	Until  *time.Time `json:"until"`
	Reason string     `json:"reason"`
}

func jsonOfBan(b *earshot.Ban) banJSON {
	shown := banJSON{ID: b.ID, User: b.User.Name, Range: b.Range, By: b.By.Name, At: b.At, Reason: b.Reason}
	if !earshot.IsForever(b.Until) {
		shown.Until = &b.Until
	}
	return shown
}

// banned names what a ban is of.
func banned(b *earshot.Ban) string { return b.User.Name + b.Range }

// tellBans prints bans, or what was done to each.
func tellBans(env *environment, asJSON bool, bans []earshot.Ban, done func(*earshot.Ban) string) error {
	if asJSON {
		list := make([]banJSON, len(bans))
		for i := range bans {
			list[i] = jsonOfBan(&bans[i])
		}
		return printJSON(env.stdout, list)
	}
	for i := range bans {
		if _, err := fmt.Fprintf(env.stdout, "%s %s.\n", banned(&bans[i]), done(&bans[i])); err != nil {
			return err
		}
	}
	return nil
}

// bansArgs is a command about users and ranges of addresses that are named one by one.
type bansArgs struct {
	storageFlags
	jsonFlag
	Room string   `help:"From this room only, rather than from the server; of users only." placeholder:"ROOM"`
	What []string `arg:"" name:"user-or-range" help:"Usernames, in whatever case, and addresses or ranges of them such as 192.0.2.0/24."`
}

type banCmd struct {
	bansArgs
	termArgs
	User bool `help:"What looks like an address is a username."`
}

// Run keeps the users and addresses off the server. A server that runs acts on it within a second.
func (c *banCmd) Run(env *environment) error {
	if c.Room != "" {
		return c.ofRoom().put(env, earshot.SanctionBan, c.term(), c.Reason, "is banned from")
	}
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		bans, err := c.bans(env, service)
		if err != nil {
			return err
		}
		made := make([]earshot.Ban, len(bans))
		for i, ban := range bans {
			if made[i], err = service.Ban(env.ctx, nil, netip.Addr{}, ban); err != nil {
				return fmt.Errorf("%s: %w", ban.Username+ban.Range, err)
			}
		}
		return tellBans(env, c.JSON, made, func(b *earshot.Ban) string { return "is banned " + earshot.Ending(b.Until) })
	})
}

// bans gives what is to be banned, each once, when all of it makes sense.
func (c *banCmd) bans(env *environment, service *account.Service) ([]account.NewBan, error) {
	bans := make([]account.NewBan, 0, len(c.What))
	for _, what := range c.What {
		ban := account.NewBan{Seconds: int64(c.term() / time.Second), Reason: c.Reason}
		if isRange(what) && !c.User {
			prefix, err := earshot.ParseRange(what)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
			ban.Range = prefix.String()
		} else {
			user, err := service.UserByName(env.ctx, what)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
			ban.Username = user.Username
		}
		bans = append(bans, ban)
	}
	return once(bans, func(b account.NewBan) account.NewBan { return b }), nil
}

// isRange tells what is meant for an address or a range of them, if not a right one: no username has a slash or a colon.
func isRange(what string) bool {
	_, err := netip.ParseAddr(what)
	return err == nil || strings.ContainsAny(what, "/:")
}

type unbanCmd struct{ bansArgs }

// Run lets the users and addresses in again.
func (c *unbanCmd) Run(env *environment) error {
	if c.Room != "" {
		return c.ofRoom().lift(env, earshot.SanctionBan, "is not banned from")
	}
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		lifted := make([]earshot.Ban, len(c.What))
		for i, what := range c.What {
			var err error
			if lifted[i], err = service.BanOf(env.ctx, what); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		lifted = once(lifted, func(b earshot.Ban) int64 { return b.ID })
		for i := range lifted {
			ban, err := service.LiftBan(env.ctx, nil, lifted[i].ID)
			if err != nil {
				return fmt.Errorf("%s: %w", banned(&lifted[i]), err)
			}
			lifted[i] = ban
		}
		return tellBans(env, c.JSON, lifted, func(*earshot.Ban) string { return "is not banned any more" })
	})
}

type bansCmd struct {
	storageFlags
	jsonFlag
	Room string `help:"Who is kept off this room, rather than off the server." placeholder:"ROOM"`
}

// Run lists the bans that hold, the latest first.
func (c *bansCmd) Run(env *environment) error {
	if c.Room != "" {
		return (&roomArgs{c.storageFlags, c.jsonFlag, c.Room}).sanctioned(env, earshot.SanctionBan)
	}
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		var all []earshot.Ban
		for filter := (account.BanFilter{}); ; {
			page, err := service.Bans(env.ctx, nil, filter)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			all, filter.Below = append(all, page...), page[len(page)-1].ID
		}
		return listBans(env, c.JSON, all)
	})
}

// listBans prints bans as a table.
func listBans(env *environment, asJSON bool, all []earshot.Ban) error {
	if asJSON {
		return tellBans(env, true, all, nil)
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	if len(all) > 0 {
		if _, err := fmt.Fprintln(table, "WHO\tUNTIL\tSINCE\tBY\tREASON"); err != nil {
			return err
		}
	}
	for i := range all {
		b := &all[i]
		until := "for good"
		if !earshot.IsForever(b.Until) {
			until = moment(b.Until)
		}
		// Quoted: a reason may have several lines.
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%q\n", banned(b), until, day(b.At), b.By.Name, b.Reason); err != nil {
			return err
		}
	}
	return table.Flush()
}
