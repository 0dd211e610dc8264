package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/names"
)

// namesArgs is how users are named to a command: one by one, or in a list.
type namesArgs struct {
	Names []string `arg:"" optional:"" name:"name" help:"Usernames."`
	From  string   `help:"Read the names from this file, or from standard input for -: a name a line. In a list of new users a password may follow the name after white space; without one, no password lets the user in. Empty lines and lines that start with # are skipped." placeholder:"FILE" xor:"input"`
}

// Validate wants the names from one place.
func (a *namesArgs) Validate() error {
	switch {
	case a.From != "" && len(a.Names) > 0:
		return errors.New("give names or --from, not both")
	case a.From == "" && len(a.Names) == 0:
		return errors.New("give at least one name, or a list with --from")
	}
	return nil
}

// read gives what was named. A name given one by one has no password yet.
func (a *namesArgs) read(stdin io.Reader) ([]person, error) {
	if a.From == "" {
		people := make([]person, len(a.Names))
		for i, name := range a.Names {
			people[i] = person{name: name}
		}
		return people, nil
	}
	if a.From == "-" {
		return readPeople(stdin)
	}
	file, err := os.Open(a.From)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	people, err := readPeople(file)
	if err != nil {
		err = fmt.Errorf("%s: %w", a.From, err)
	}
	return people, errors.Join(err, file.Close())
}

// createdJSON is a user who was created, as --json prints one.
type createdJSON struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

type userCreateCmd struct {
	storageFlags
	jsonFlag
	namesArgs
	Admin         bool     `help:"Make administrators, who may do everything."`
	Staff         bool     `help:"Make staff, who may enter staff-only rooms and look after rooms and invitations."`
	Group         []string `help:"Put the users into this group; several may be given." placeholder:"GROUP" sep:"none"`
	NoValidate    bool     `help:"Take passwords that the rules refuse, such as short and common ones."`
	PasswordStdin bool     `help:"Read the passwords from standard input, a line for each name, instead of asking for them." xor:"input"`
}

// Run creates all users or none.
func (c *userCreateCmd) Run(env *environment) error {
	people, err := c.read(env.stdin)
	if err != nil {
		return err
	}
	if c.From == "" {
		if err := c.givePasswords(env, people); err != nil {
			return err
		}
	}
	accounts := make([]account.NewAccount, len(people))
	for i, p := range people {
		accounts[i] = account.NewAccount{
			Username: p.name, Password: p.password, HasPassword: p.hasPassword,
			Staff: c.Staff || c.Admin, Superuser: c.Admin, Groups: c.Group, AnyPassword: c.NoValidate,
		}
	}
	var ids []earshot.UserID
	err = withNewStore(env.ctx, c.Storage, accountWork(func(service *account.Service) error {
		if err := wantGroups(env, service, c.Group); err != nil {
			return err
		}
		ids, err = service.CreateUsers(env.ctx, accounts)
		return err
	}))
	if err != nil {
		return fmt.Errorf("no user was created: %w", err)
	}
	if c.JSON {
		list := make([]createdJSON, len(ids))
		for i := range ids {
			list[i] = createdJSON{ID: int64(ids[i]), Username: names.Normalize(people[i].name)}
		}
		return printJSON(env.stdout, list)
	}
	_, err = fmt.Fprintln(env.stdout, count(len(people), "user")+" created.")
	return err
}

// givePasswords asks for each one's password, or reads it from standard input.
func (c *userCreateCmd) givePasswords(env *environment, people []person) error {
	ask := askTerminal
	if c.PasswordStdin {
		ask = passwordLines(env.stdin)
	}
	for i := range people {
		password, err := ask(env, people[i].name)
		if err != nil {
			return err
		}
		people[i].password, people[i].hasPassword = password, true
	}
	return nil
}

// count says how many, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
