package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
)

// jsonFlag is what every command takes whose outcome a script may want.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print the outcome as JSON."`
}

// userJSON is a user as --json prints one. There is nothing of the password in it but whether there is one.
type userJSON struct {
	ID          int64                `json:"id"`
	Username    string               `json:"username"`
	Email       string               `json:"email"`
	DisplayName string               `json:"display_name"`
	HasPassword bool                 `json:"has_password"`
	IsActive    bool                 `json:"is_active"`
	IsStaff     bool                 `json:"is_staff"`
	IsSuperuser bool                 `json:"is_superuser"`
	Permissions []earshot.Permission `json:"permissions"`
	Inherited   []earshot.Permission `json:"inherited"`
	// Groups and Identities are for a single user only.
	Groups     []string       `json:"groups,omitzero"`
	Identities []identityJSON `json:"identities,omitzero"`
	DateJoined time.Time      `json:"date_joined"`
	LastLogin  *time.Time     `json:"last_login"`
}

func jsonOfUser(u *earshot.User) userJSON {
	return userJSON{
		ID: int64(u.ID), Username: u.Username, Email: u.Email, DisplayName: u.DisplayName, HasPassword: u.Password.Usable(),
		IsActive: u.IsActive, IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser,
		Permissions: u.Permissions.List(), Inherited: u.Inherited.List(), DateJoined: u.DateJoined,
		LastLogin: unlessZero(u.LastLogin),
	}
}

// groupJSON is a group as --json prints one.
type groupJSON struct {
	ID          int64                `json:"id"`
	Name        string               `json:"name"`
	Permissions []earshot.Permission `json:"permissions"`
	// Members is for a single group only.
	Members []string `json:"members,omitzero"`
}

func jsonOfGroup(g *earshot.Group) groupJSON {
	return groupJSON{ID: int64(g.ID), Name: g.Name, Permissions: g.Permissions.List()}
}

// printJSON prints a document.
func printJSON(out io.Writer, value any) error {
	text, err := json.Marshal(value, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}

// printElement prints an element of a list on one line, after what goes before it.
func printElement(out io.Writer, before string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s  %s", before, text)
	return err
}

// unlessZero is nil for a time that is not known.
func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// day is a time in a list.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

// moment is a time by itself.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}

// spaced lists permissions for a person.
func spaced(set earshot.PermissionSet) string {
	names := make([]string, 0)
	for _, p := range set.List() {
		names = append(names, string(p))
	}
	return strings.Join(names, " ")
}

// checkPermissions names the first that is none.
func checkPermissions(names []string) error {
	for _, name := range names {
		if !earshot.Permission(name).Valid() {
			return fmt.Errorf("%q is no permission; there are: %s", name, spaced(^earshot.PermissionSet(0)))
		}
	}
	return nil
}

// permissionSet makes a set of names that were checked.
func permissionSet(names []string) earshot.PermissionSet {
	var set earshot.PermissionSet
	for _, name := range names {
		set |= earshot.PermissionsOf(earshot.Permission(name))
	}
	return set
}
