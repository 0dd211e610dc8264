package main

import (
	"fmt"
	"net/netip"
	"text/tabwriter"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// banJSON is a ban as --json prints one.
type banJSON struct {
	ID int64 `json:"id"`
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
	What []string `arg:"" name:"user-or-range" help:"Usernames, in whatever case, and addresses or ranges of them such as 192.0.2.0/24."`
}

type banCmd struct {
	bansArgs
	For    time.Duration `help:"For how long, such as 24h; without it for good." placeholder:"TIME"`
	Reason string        `help:"Why; those who are banned are told." placeholder:"TEXT"`
	User   bool          `help:"What looks like an address is a username."`
}

// Validate wants a time that makes sense.
func (c *banCmd) Validate() error {
	if c.For != 0 && (c.For < time.Second || c.For > earshot.MaxTerm) {
		return fmt.Errorf("--for must be from 1s to %s", earshot.MaxTerm)
	}
	return nil
}

// Run keeps the users and addresses off the server. A server that runs acts on it within a second.
func (c *banCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		made := make([]earshot.Ban, len(c.What))
		for i, what := range c.What {
			ban := account.NewBan{Username: what, Seconds: int64(c.For / time.Second), Reason: c.Reason}
			if isRange(what) && !c.User {
				ban.Username, ban.Range = "", what
			}
			var err error
			if made[i], err = service.Ban(env.ctx, nil, netip.Addr{}, ban); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return tellBans(env, c.JSON, made, func(b *earshot.Ban) string { return "is banned " + earshot.Ending(b.Until) })
	})
}

// isRange tells what looks like an address or a range of them.
func isRange(what string) bool {
	_, addrErr := netip.ParseAddr(what)
	_, err := netip.ParsePrefix(what)
	return addrErr == nil || err == nil
}

type unbanCmd struct{ bansArgs }

// Run lets the users and addresses in again.
func (c *unbanCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		lifted := make([]earshot.Ban, len(c.What))
		for i, what := range c.What {
			ban, err := service.BanOf(env.ctx, what)
			if err == nil {
				lifted[i], err = service.LiftBan(env.ctx, nil, ban.ID)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return tellBans(env, c.JSON, lifted, func(*earshot.Ban) string { return "is not banned any more" })
	})
}

type bansCmd struct {
	storageFlags
	jsonFlag
}

// Run lists the bans that hold.
func (c *bansCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		var all []earshot.Ban
		for after := int64(0); ; {
			page, err := service.Bans(env.ctx, nil, after, 0)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			all, after = append(all, page...), page[len(page)-1].ID
		}
		if c.JSON {
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
	})
}
