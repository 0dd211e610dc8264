package account

import (
	"context"
	"strconv"
	"strings"

	"github.com/earshot-chat/earshot"
)

// userMade tells the log of a user who is made, in the groups.
func userMade(ctx context.Context, user *earshot.NewUser, groups []earshot.Group) earshot.Action {
	kind := ""
	switch {
	case user.IsSuperuser:
		kind = "superuser"
	case user.IsStaff:
		kind = "staff"
	}
	return earshot.Entry(ctx, earshot.VerbCreateUser, user.Username, "as", kind, "groups", groupNames(groups))
}

// groupNames lists groups, with blanks between.
func groupNames(groups []earshot.Group) string {
	names := make([]string, len(groups))
	for i := range groups {
		names[i] = groups[i].Name
	}
	return strings.Join(names, " ")
}

// userChanged tells the log of a change of a user.
func userChanged(ctx context.Context, username string, edit *UserEdit, change *earshot.UserChange) earshot.Action {
	details := append(changesOf(change), "join", strings.Join(edit.Join, " "), "leave", strings.Join(edit.Leave, " "))
	return earshot.Entry(ctx, earshot.VerbChangeUser, username, details...)
}

// factorEntry tells the log of a second factor that somebody has more, or less.
func factorEntry(ctx context.Context, verb earshot.Verb, by Login, kind Factor) earshot.Action {
	return earshot.Entry(ctx, verb, by.User.Username, "kind", string(kind))
}

// changesOf names what a change of a user is to, for the log, and no more of what is personal.
func changesOf(c *earshot.UserChange) []string {
	details := []string{"grant", permissionNames(c.Grant), "revoke", permissionNames(c.Revoke)}
	for _, f := range []struct {
		name string
		is   bool
	}{{"password", c.Password != nil}, {"email", c.Email != nil}, {"display_name", c.DisplayName != nil}} {
		if f.is {
			details = append(details, f.name, "changed")
		}
	}
	for _, f := range []struct {
		name  string
		value *bool
	}{{"is_active", c.IsActive}, {"is_staff", c.IsStaff}, {"is_superuser", c.IsSuperuser}} {
		if f.value != nil {
			details = append(details, f.name, strconv.FormatBool(*f.value))
		}
	}
	return details
}

// permissionNames lists what is in the set, with blanks between.
func permissionNames(set earshot.PermissionSet) string {
	var names []string
	for _, p := range set.List() {
		names = append(names, string(p))
	}
	return strings.Join(names, " ")
}

// record writes entries of what is no change of the store by itself. All else is written by the store, in the change's
// transaction.
func (s *Service) record(ctx context.Context, entries ...earshot.Action) error {
	return s.stores.Actions.WriteActions(ctx, entries...)
}
