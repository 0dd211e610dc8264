package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// oneUserArgs is a command about one user.
type oneUserArgs struct {
	storageFlags
	jsonFlag
	Name string `arg:"" help:"The username, in whatever case."`
}

// usersArgs is a command about users who are named one by one.
type usersArgs struct {
	storageFlags
	jsonFlag
	Names []string `arg:"" name:"name" help:"Usernames, in whatever case."`
}

// each changes every one of the users, after it has seen that all are there, and tells what became of them.
func (a *usersArgs) each(env *environment, edit account.UserEdit, done string) error {
	return withAccounts(env.ctx, a.Storage, func(service *account.Service) error {
		users, err := everybody(env, service, a.Names)
		if err != nil {
			return err
		}
		changed := make([]earshot.User, len(users))
		for i := range users {
			if changed[i], err = service.ChangeUser(env.ctx, users[i].Username, edit); err != nil {
				return fmt.Errorf("%s: %w", users[i].Username, err)
			}
		}
		return a.tellAll(env, changed, done)
	})
}

// tellAll says what was done to users.
func (a *usersArgs) tellAll(env *environment, changed []earshot.User, done string) error {
	if a.JSON {
		list := make([]userJSON, len(changed))
		for i := range changed {
			list[i] = jsonOfUser(&changed[i])
		}
		return printJSON(env.stdout, list)
	}
	for i := range changed {
		if _, err := fmt.Fprintf(env.stdout, "%s %s.\n", changed[i].Username, done); err != nil {
			return err
		}
	}
	return nil
}

// everybody finds all of the users before anything is done to one of them, each once however often they are named. The error
// names the first who is not there.
func everybody(env *environment, service *account.Service, usernames []string) ([]earshot.User, error) {
	users := make([]earshot.User, len(usernames))
	for i, name := range usernames {
		var err error
		if users[i], err = service.UserByName(env.ctx, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return once(users, func(u earshot.User) earshot.UserID { return u.ID }), nil
}

// once gives each of what was found once, where it was named first: whoever is named twice is meant once.
func once[T any, ID comparable](found []T, id func(T) ID) []T {
	seen := make(map[ID]bool, len(found))
	return slices.DeleteFunc(found, func(one T) bool {
		known := seen[id(one)]
		seen[id(one)] = true
		return known
	})
}

type userListCmd struct {
	storageFlags
	jsonFlag
	Search      string `help:"Only those in whose name or address of mail this occurs." placeholder:"TEXT"`
	Active      *bool  `help:"Only active ones, or, with --no-active, only others." negatable:""`
	Staff       *bool  `help:"Only staff, or, with --no-staff, only others." negatable:""`
	Superuser   *bool  `help:"Only superusers, or, with --no-superuser, only others." negatable:""`
	Unconfirmed *bool  `help:"Only those who signed up with an address of mail, never confirmed it and never logged in, or, with --no-unconfirmed, only others." negatable:""`
	Group       string `help:"Only members of this group." placeholder:"GROUP"`
	After       string `help:"Only those after this name in the order of the list: to go on where a list with --limit ended." placeholder:"NAME"`
	Limit       int    `help:"At most so many; 0 is all." placeholder:"N"`
}

// Validate wants a limit that makes sense.
func (c *userListCmd) Validate() error {
	if c.Limit < 0 {
		return errors.New("--limit must not be negative")
	}
	return nil
}

// usersAtOnce is how many users a list reads at a time: it may be of 100,000.
const usersAtOnce = 1000

// Run lists users by name.
func (c *userListCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		query := earshot.UserQuery{
			Search: earshot.NameKey(c.Search), IsActive: c.Active, IsStaff: c.Staff, IsSuperuser: c.Superuser, Unconfirmed: c.Unconfirmed, After: earshot.NameKey(c.After),
		}
		if c.Group != "" {
			group, err := groupNamed(env, service, c.Group)
			if err != nil {
				return err
			}
			query.Group = group.ID
		}
		out := bufio.NewWriter(env.stdout)
		list := newUserList(out, c.JSON)
		for left := c.Limit; ; {
			query.Limit = usersAtOnce
			if c.Limit > 0 {
				query.Limit = min(left, usersAtOnce)
			}
			page, err := service.Users(env.ctx, query)
			if err != nil {
				return err
			}
			for i := range page {
				if err := list.add(&page[i]); err != nil {
					return err
				}
			}
			left -= len(page)
			if len(page) < query.Limit || (c.Limit > 0 && left == 0) {
				break
			}
			query.After = earshot.NameKey(page[len(page)-1].Username)
		}
		return errors.Join(list.end(), out.Flush())
	})
}

// userList prints users one after the other.
type userList struct {
	json  bool
	out   io.Writer
	table *tabwriter.Writer
	count int
}

func newUserList(out io.Writer, json bool) *userList {
	return &userList{json: json, out: out, table: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
}

func (l *userList) add(u *earshot.User) error {
	l.count++
	if l.json {
		before := ",\n"
		if l.count == 1 {
			before = "[\n"
		}
		return printElement(l.out, before, jsonOfUser(u))
	}
	if l.count == 1 {
		if _, err := fmt.Fprintln(l.table, "NAME\tSTATE\tJOINED\tLAST LOG-IN\tEMAIL"); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(l.table, "%s\t%s\t%s\t%s\t%s\n", u.Username, stateOf(u), day(u.DateJoined), day(u.LastLogin), u.Email)
	return err
}

func (l *userList) end() error {
	switch {
	case !l.json:
		return l.table.Flush()
	case l.count == 0:
		_, err := fmt.Fprintln(l.out, "[]")
		return err
	}
	_, err := fmt.Fprintln(l.out, "\n]")
	return err
}

// stateOf says in words what kind of account it is.
func stateOf(u *earshot.User) string {
	var words []string
	for _, w := range []struct {
		is   bool
		word string
	}{{!u.IsActive, "inactive"}, {u.IsSuperuser, "superuser"}, {u.IsStaff, "staff"}, {!u.Password.Usable(), "no password"}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}

type userShowCmd struct{ oneUserArgs }

// Run shows one user.
func (c *userShowCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		user, err := service.UserByName(env.ctx, c.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		groups, err := service.GroupsOf(env.ctx, user.ID)
		if err != nil {
			return err
		}
		shown := jsonOfUser(&user)
		shown.Groups = make([]string, len(groups))
		for i := range groups {
			shown.Groups[i] = groups[i].Name
		}
		identities, err := service.Identities(env.ctx, user.ID)
		if err != nil {
			return err
		}
		shown.Identities = jsonOfIdentities(identities)
		if c.JSON {
			return printJSON(env.stdout, shown)
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		for _, line := range [][2]string{
			{"name", user.Username},
			{"id", fmt.Sprint(user.ID)},
			{"state", stateOf(&user)},
			{"email", user.Email},
			{"display name", user.DisplayName},
			{"joined", moment(user.DateJoined)},
			{"last log-in", moment(user.LastLogin)},
			{"groups", strings.Join(shown.Groups, ", ")},
			{"granted", spaced(user.Permissions)},
			{"by groups", spaced(user.Inherited)},
			{"linked to", strings.Join(linkedTo(identities), ", ")},
		} {
			if _, err := fmt.Fprintf(table, "%s\t%s\n", line[0], line[1]); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

type userChangeCmd struct {
	oneUserArgs
	Email       *string `help:"The address of mail; empty for none." placeholder:"ADDRESS"`
	DisplayName *string `help:"What the user is called besides the name; empty for nothing." placeholder:"TEXT"`
}

// Validate wants something to change.
func (c *userChangeCmd) Validate() error {
	if c.Email == nil && c.DisplayName == nil {
		return errors.New("give --email or --display-name")
	}
	return nil
}

// Run changes what else there is to a user.
func (c *userChangeCmd) Run(env *environment) error {
	all := usersArgs{storageFlags: c.storageFlags, jsonFlag: c.jsonFlag, Names: []string{c.Name}}
	return all.each(env, account.UserEdit{Email: c.Email, DisplayName: c.DisplayName}, "changed")
}

type userPasswdCmd struct {
	oneUserArgs
	NoValidate    bool `help:"Take a password that the rules refuse, such as a short or common one."`
	PasswordStdin bool `help:"Read the password from standard input instead of asking for it." xor:"how"`
	None          bool `help:"Let no password in from now on." xor:"how"`
}

// Run gives the user another password, which ends every log-in in a browser.
func (c *userPasswdCmd) Run(env *environment) error {
	edit := account.UserEdit{NoPassword: c.None, AnyPassword: c.NoValidate}
	if !c.None {
		ask := askTerminal
		if c.PasswordStdin {
			ask = passwordLines(env.stdin)
		}
		password, err := ask(env, c.Name)
		if err != nil {
			return err
		}
		edit.Password = &password
	}
	all := usersArgs{storageFlags: c.storageFlags, jsonFlag: c.jsonFlag, Names: []string{c.Name}}
	return all.each(env, edit, "has another password, and is logged out of every browser")
}

type userActivateCmd struct{ usersArgs }

// Run lets the users log in again.
func (c *userActivateCmd) Run(env *environment) error {
	active := true
	return c.each(env, account.UserEdit{IsActive: &active}, "is active")
}

type userDeactivateCmd struct{ usersArgs }

// Run cuts the users off, and lets them log in no more.
func (c *userDeactivateCmd) Run(env *environment) error {
	active := false
	return c.each(env, account.UserEdit{IsActive: &active}, "is not active any more")
}

// rightsArgs is what is granted to a user, or revoked.
type rightsArgs struct {
	oneUserArgs
	Permissions []string `arg:"" optional:"" name:"permission" help:"Permissions, such as add_room; docs/operations.md lists them."`
	Staff       bool     `help:"Staff, who may enter staff-only rooms."`
	Superuser   bool     `help:"Everything."`
}

// Validate wants permissions that there are, or one of the flags.
func (a *rightsArgs) Validate() error {
	if len(a.Permissions) == 0 && !a.Staff && !a.Superuser {
		return errors.New("name at least one permission, or --staff or --superuser")
	}
	return checkPermissions(a.Permissions)
}

// change grants or revokes.
func (a *rightsArgs) change(env *environment, grant bool) error {
	var edit account.UserEdit
	if a.Staff {
		edit.IsStaff = &grant
	}
	if a.Superuser {
		edit.IsSuperuser = &grant
	}
	if grant {
		edit.Grant = permissionSet(a.Permissions)
	} else {
		edit.Revoke = permissionSet(a.Permissions)
	}
	all := usersArgs{storageFlags: a.storageFlags, jsonFlag: a.jsonFlag, Names: []string{a.Name}}
	return all.each(env, edit, "changed")
}

type userGrantCmd struct{ rightsArgs }

// Run grants.
func (c *userGrantCmd) Run(env *environment) error { return c.change(env, true) }

type userRevokeCmd struct{ rightsArgs }

// Run revokes.
func (c *userRevokeCmd) Run(env *environment) error { return c.change(env, false) }

type userFactorsCmd struct{ usersArgs }

// Run takes the second factors from the users.
func (c *userFactorsCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		users, err := everybody(env, service, c.Names)
		if err != nil {
			return err
		}
		for i := range users {
			if err := service.ResetSecondFactors(env.ctx, users[i].Username); err != nil {
				return fmt.Errorf("%s: %w", users[i].Username, err)
			}
		}
		return c.tellAll(env, users, "has no second factor")
	})
}

type userDeleteCmd struct{ usersArgs }

// Run deletes the users. Their rooms stay, without an owner.
func (c *userDeleteCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		gone, err := everybody(env, service, c.Names)
		if err != nil {
			return err
		}
		for i := range gone {
			if err := service.DeleteUser(env.ctx, gone[i].Username); err != nil {
				return fmt.Errorf("%s: %w", gone[i].Username, err)
			}
		}
		return c.tellAll(env, gone, "deleted")
	})
}
