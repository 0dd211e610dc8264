package account

import (
	"context"
	"strconv"
	"strings"

	"github.com/earshot-chat/earshot"
)

// usersMade tells the log of users who were made.
func usersMade(ctx context.Context, users []earshot.NewUser) []earshot.Action {
	entries := make([]earshot.Action, len(users))
	for i := range users {
		kind := ""
		switch {
		case users[i].IsSuperuser:
			kind = "superuser"
		case users[i].IsStaff:
			kind = "staff"
		}
		entries[i] = earshot.Entry(ctx, earshot.VerbCreateUser, users[i].Username, "as", kind)
	}
	return entries
}

// userChanged tells the log of a change of a user.
func userChanged(ctx context.Context, username string, edit *UserEdit, change *earshot.UserChange) earshot.Action {
	details := append(changesOf(change), "join", strings.Join(edit.Join, " "), "leave", strings.Join(edit.Leave, " "))
	return earshot.Entry(ctx, earshot.VerbChangeUser, username, details...)
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

// record writes entries into the log of actions.
func (s *Service) record(ctx context.Context, entries ...earshot.Action) error {
	return s.stores.Actions.WriteActions(ctx, entries...)
}

// tokenEnded tells the log that a token of the user was revoked.
func (s *Service) tokenEnded(ctx context.Context, of earshot.UserID) error {
	whose := ""
	if user, err := s.stores.Users.User(ctx, of); err == nil {
		whose = user.Username
	}
	return s.record(ctx, earshot.Entry(ctx, earshot.VerbDeleteToken, whose))
}
