package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// actionJSON is an entry of the log of actions as --json prints one.
type actionJSON struct {
	ID int64     `json:"id"`
	At time.Time `json:"at"`
	// By is empty for the command line.
	By      string            `json:"by"`
	Road    earshot.Road      `json:"road"`
	Action  earshot.Verb      `json:"action"`
	Subject string            `json:"subject"`
	Room    string            `json:"room,omitzero"`
	Details map[string]string `json:"details,omitzero"`
}

type logCmd struct {
	storageFlags
	jsonFlag
	By      string        `help:"Only what this user did." placeholder:"NAME"`
	Action  string        `help:"Only this action, such as ban or change_user; docs/operations.md lists them." placeholder:"ACTION"`
	Subject string        `help:"Only what was done to this user, group, room or range of addresses." placeholder:"NAME"`
	Since   time.Duration `help:"Only what was done in the last so many hours, such as 24h." placeholder:"TIME"`
	Limit   int           `help:"At most so many, the latest." default:"100" placeholder:"N"`
}

// Validate wants an action that there is.
func (c *logCmd) Validate() error {
	if c.Limit < 1 || c.Since < 0 {
		return errors.New("--limit and --since must be more than nothing")
	}
	if c.Action != "" && !earshot.Verb(c.Action).Valid() {
		return fmt.Errorf("%q is no action; there are: %s", c.Action, joined(earshot.Verbs()))
	}
	return nil
}

func joined(verbs []earshot.Verb) string {
	var names []string
	for _, v := range verbs {
		names = append(names, string(v))
	}
	return strings.Join(names, " ")
}

// Run shows the log of actions, the latest first.
func (c *logCmd) Run(env *environment) error {
	query := earshot.ActionQuery{Actor: c.By, Verb: earshot.Verb(c.Action), Subject: c.Subject}
	if c.Since > 0 {
		query.Since = time.Now().Add(-c.Since)
	}
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		shown := make([]actionJSON, 0)
		for len(shown) < c.Limit {
			query.Limit = min(c.Limit-len(shown), earshot.MaxActions)
			page, err := service.Actions(env.ctx, nil, query)
			if err != nil {
				return err
			}
			for _, a := range page {
				shown = append(shown, actionJSON{
					ID: a.ID, At: a.At, By: a.Actor.Name, Road: a.Road, Action: a.Verb, Subject: a.Subject, Room: a.Room, Details: a.Details,
				})
			}
			if len(page) < query.Limit {
				break
			}
			query.Below = page[len(page)-1].ID
		}
		if c.JSON {
			return printJSON(env.stdout, shown)
		}
		for i := range shown {
			if _, err := fmt.Fprintln(env.stdout, line(&shown[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

// line is an entry for a person.
func line(a *actionJSON) string {
	by := a.By
	if by == "" {
		by = "(command line)"
	}
	text := fmt.Sprintf("%s  %s  %s", a.At.Format(time.RFC3339), by, a.Action)
	if a.Subject != "" {
		text += " " + a.Subject
	}
	if a.Room != "" {
		text += " in #" + a.Room
	}
	for _, name := range slices.Sorted(maps.Keys(a.Details)) {
		text += fmt.Sprintf("  %s=%q", name, a.Details[name])
	}
	return text
}
