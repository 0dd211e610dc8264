package account

import (
	"context"
	"fmt"

	"github.com/earshot-chat/earshot"
)

// Administrator looks after accounts and groups for a user, who needs a permission for each thing and may do no more to others
// than they may themselves; authority.go has the rules. What is not allowed is CodeForbidden. A server that runs acts on changes
// at its next Follow.
type Administrator struct {
	service *Service
	may     authority
}

// Administrator gives what the user may do about accounts.
func (s *Service) Administrator(by earshot.User) Administrator {
	return Administrator{service: s, may: authority{by: by}}
}

// Managed is an account as an administrator sees it.
type Managed struct {
	earshot.User
	// Groups are the user's by name; of a list they are not given.
	Groups []earshot.Group
	// Editable tells whether the administrator may change the account.
	Editable bool
}

func (a Administrator) managed(user earshot.User) Managed {
	return Managed{User: user, Editable: a.may.needs(earshot.PermChangeUser) == nil && a.may.over(user) == nil}
}

// UserFilter says which users are wanted. The zero value is all of them.
type UserFilter struct {
	// Search is a part of the name or of the address of mail, in whatever case.
	Search string
	// IsActive, IsStaff and IsSuperuser want users for whom it is so, or not so; nil is either.
	IsActive, IsStaff, IsSuperuser *bool
	// Unconfirmed wants those who signed up with an address of mail, never confirmed it and never logged in, or all others.
	Unconfirmed *bool
	// Group wants the members of the group of this name; empty is any.
	Group string
	// After is the name of the last user of the page before; empty is the first page.
	After string
	// Limit is the most there are to a page.
	Limit int
}

// Users gives a page of those who fit the filter, by name. Errors: CodeInvalid with the field "groups" for a group that is not there.
func (a Administrator) Users(ctx context.Context, filter UserFilter) ([]Managed, error) {
	if err := a.may.views(); err != nil {
		return nil, err
	}
	if len(filter.Search) > maxRawName || len(filter.After) > maxRawName { // normalising costs time, and nobody is called so
		return nil, earshot.FieldError("search", "That is longer than any name.")
	}
	query := earshot.UserQuery{
		Search: earshot.NameKey(filter.Search), IsActive: filter.IsActive, IsStaff: filter.IsStaff, IsSuperuser: filter.IsSuperuser,
		Unconfirmed: filter.Unconfirmed, After: earshot.NameKey(filter.After), Limit: filter.Limit,
	}
	if filter.Group != "" {
		groups, err := a.service.groupsNamed(ctx, []string{filter.Group})
		if err != nil {
			return nil, err
		}
		query.Group = groups[0].ID
	}
	users, err := a.service.Users(ctx, query)
	if err != nil {
		return nil, err
	}
	list := make([]Managed, len(users))
	for i := range users {
		list[i] = a.managed(users[i])
	}
	return list, nil
}

// User gives the user of a name. Errors: CodeNotFound.
func (a Administrator) User(ctx context.Context, username string) (Managed, error) {
	if err := a.may.views(); err != nil {
		return Managed{}, err
	}
	user, err := a.service.UserByName(ctx, username)
	if err != nil {
		return Managed{}, err
	}
	return a.withGroups(ctx, user)
}

func (a Administrator) withGroups(ctx context.Context, user earshot.User) (Managed, error) {
	m := a.managed(user)
	var err error
	m.Groups, err = a.service.GroupsOf(ctx, user.ID)
	return m, err
}

// made gives a user who was just made.
func (a Administrator) made(ctx context.Context, id earshot.UserID) (Managed, error) {
	user, err := a.service.User(ctx, id)
	if err != nil {
		return Managed{}, err
	}
	return a.withGroups(ctx, user)
}

// CreateUser makes an account, in its groups. To put somebody into a group takes the permission to change users, and all that the
// group gives. The password is held to the rules, AnyPassword or not; names that look like those of the staff
// are let through. Errors: CodeInvalid with the field, CodeConflict for a name that is taken, CodeBusy.
func (a Administrator) CreateUser(ctx context.Context, account NewAccount) (Managed, error) {
	if err := a.may.mayCreate(&account, nil); err != nil {
		return Managed{}, err
	}
	groups, err := a.service.groupsNamed(ctx, account.Groups)
	if err != nil {
		return Managed{}, err
	}
	if err := a.may.mayCreate(&account, groups); err != nil {
		return Managed{}, err
	}
	account.AnyPassword = false
	user, err := a.service.newAccount(account)
	if err != nil {
		return Managed{}, err
	}
	user.Groups = idsOf(groups)
	if account.HasPassword {
		if user.Password, err = a.service.hasher.hash(ctx, account.Password); err != nil {
			return Managed{}, err
		}
	}
	if user.ID, err = createOne(ctx, a.service.stores.Users, user, userMade(ctx, &user, groups)); err != nil {
		return Managed{}, err
	}
	return a.made(ctx, user.ID)
}

// ChangeUser changes the user of a name, all of it or nothing. A password is held to the rules, AnyPassword or not. Errors:
// CodeNotFound; CodeInvalid with the field; CodeConflict for oneself, who is not deactivated here, and for the last superuser.
func (a Administrator) ChangeUser(ctx context.Context, username string, edit UserEdit) (Managed, error) {
	if err := a.may.mayEdit(&edit, nil); err != nil {
		return Managed{}, err
	}
	groups, err := a.service.groupsNamed(ctx, edit.Join, edit.Leave)
	if err != nil {
		return Managed{}, err
	}
	if err := a.may.mayEdit(&edit, groups); err != nil {
		return Managed{}, err
	}
	user, err := a.service.UserByName(ctx, username)
	if err != nil {
		return Managed{}, err
	}
	guard := func(now earshot.User) error { return a.may.mayEditThis(now, &edit) }
	if err := guard(user); err != nil { // before the cost of a password; the store asks again
		return Managed{}, err
	}
	edit.AnyPassword = false
	change, err := a.service.changeOf(ctx, &user, edit, groups)
	if err != nil {
		return Managed{}, err
	}
	entry := userChanged(ctx, user.Username, &edit, &change)
	if user, err = a.service.stores.Edit.ChangeUserIf(ctx, user.ID, change, guard, entry); err != nil {
		return Managed{}, err
	}
	return a.withGroups(ctx, user)
}

// DeleteUser removes the user of a name, as Service.DeleteUser does. Errors: CodeNotFound; CodeConflict for oneself and for the
// last superuser.
func (a Administrator) DeleteUser(ctx context.Context, username string) error {
	if err := a.may.needs(earshot.PermDeleteUser); err != nil {
		return err
	}
	user, err := a.service.UserByName(ctx, username)
	if err != nil {
		return err
	}
	return a.service.stores.Edit.DeleteUserIf(ctx, user.ID, a.may.mayDelete, earshot.Entry(ctx, earshot.VerbDeleteUser, user.Username))
}

// Tokens gives the tokens of the user of a name, the newest first: never their secrets. Errors: CodeNotFound.
func (a Administrator) Tokens(ctx context.Context, username string) ([]TokenInfo, error) {
	if err := a.may.views(); err != nil {
		return nil, err
	}
	user, err := a.service.UserByName(ctx, username)
	if err != nil {
		return nil, err
	}
	return a.service.Tokens(ctx, user.ID)
}

// EndToken revokes a token of the user of a name, and ends what hangs on it. Errors: CodeNotFound.
func (a Administrator) EndToken(ctx context.Context, username, id string) error {
	if err := a.may.needs(earshot.PermChangeUser); err != nil {
		return err
	}
	user, err := a.service.UserByName(ctx, username)
	if err != nil {
		return err
	}
	if err := a.may.over(user); err != nil {
		return err
	}
	return a.service.EndToken(ctx, user.ID, id)
}

// MaxBulk is how many users one call may name. Each is changed by itself, and a call has seconds.
const MaxBulk = 200

// Bulk is what may be done to many users at once.
type Bulk string

// What may be done to many users at once. The last two need a group.
const (
	BulkActivate   Bulk = "activate"
	BulkDeactivate Bulk = "deactivate"
	BulkDelete     Bulk = "delete"
	BulkJoin       Bulk = "join"
	BulkLeave      Bulk = "leave"
)

// Do does the same to each of the users, one after the other, and gives what became of each in their order: nil where it was
// done. Nothing is done, and the error says why, if the call makes no sense or whoever calls may not do it to anybody.
func (a Administrator) Do(ctx context.Context, what Bulk, usernames []string, group string) ([]error, error) {
	if len(usernames) == 0 || len(usernames) > MaxBulk {
		return nil, earshot.FieldError("usernames", "Name 1 to %d users.", MaxBulk)
	}
	each, err := a.bulk(ctx, what, group)
	if err != nil {
		return nil, err
	}
	outcomes := make([]error, len(usernames))
	for i, name := range usernames {
		outcomes[i] = each(ctx, name)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("after %d of %d users: %w", i, len(usernames), ctx.Err())
		}
	}
	return outcomes, nil
}

// bulk gives what is done to each.
func (a Administrator) bulk(ctx context.Context, what Bulk, group string) (func(context.Context, string) error, error) {
	var edit UserEdit
	active := what == BulkActivate
	switch what {
	case BulkDelete:
		return a.DeleteUser, a.may.needs(earshot.PermDeleteUser)
	case BulkActivate, BulkDeactivate:
		edit.IsActive = &active
	case BulkJoin:
		edit.Join = []string{group}
	case BulkLeave:
		edit.Leave = []string{group}
	default:
		return nil, earshot.FieldError("action", "The action is activate, deactivate, delete, join or leave.")
	}
	groups, err := a.service.groupsNamed(ctx, edit.Join, edit.Leave)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, name string) error {
		_, err := a.ChangeUser(ctx, name, edit)
		return err
	}, a.may.mayEdit(&edit, groups)
}

// Groups gives all groups by name.
func (a Administrator) Groups(ctx context.Context) ([]earshot.Group, error) {
	if err := a.may.views(); err != nil {
		return nil, err
	}
	return a.service.Groups(ctx)
}

// Group gives the group of a name. Errors: CodeNotFound.
func (a Administrator) Group(ctx context.Context, name string) (earshot.Group, error) {
	if err := a.may.views(); err != nil {
		return earshot.Group{}, err
	}
	return a.service.Group(ctx, name)
}

// CreateGroup makes a group that gives no more than one has. Errors as for Service.CreateGroup.
func (a Administrator) CreateGroup(ctx context.Context, name string, permissions earshot.PermissionSet) (earshot.Group, error) {
	if err := a.may.mayEditGroup(permissions); err != nil {
		return earshot.Group{}, err
	}
	return a.service.CreateGroup(ctx, name, permissions)
}

// ChangeGroup gives the group of a name another one, grants it permissions that one has, and takes such from it. One names only
// groups that give no more than one has. Errors: CodeNotFound; CodeInvalid, CodeConflict with the field "group".
func (a Administrator) ChangeGroup(ctx context.Context, name string, edit GroupEdit) (earshot.Group, error) {
	if err := a.may.mayEditGroup(edit.Grant | edit.Revoke); err != nil {
		return earshot.Group{}, err
	}
	if edit.Name != nil {
		group, err := a.service.Group(ctx, name)
		if err != nil {
			return earshot.Group{}, err
		}
		if err := a.may.mayEditGroup(group.Permissions); err != nil {
			return earshot.Group{}, err
		}
	}
	return a.service.ChangeGroup(ctx, name, edit)
}

// DeleteGroup removes a group that gives no more than one has. Errors: CodeNotFound.
func (a Administrator) DeleteGroup(ctx context.Context, name string) error {
	if err := a.may.mayEditGroup(0); err != nil {
		return err
	}
	group, err := a.service.Group(ctx, name)
	if err != nil {
		return err
	}
	if err := a.may.mayEditGroup(group.Permissions); err != nil {
		return err
	}
	return a.service.stores.Groups.DeleteGroup(ctx, group.ID, earshot.Entry(ctx, earshot.VerbDeleteGroup, group.Name))
}
