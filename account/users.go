package account

import (
	"context"
	"strings"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// UserEdit is what is to be changed about a user; nil leaves a field as it is.
type UserEdit struct {
	// Password is held to the rules unless AnyPassword says not to. It ends every browser session of the user.
	Password    *string
	AnyPassword bool
	// NoPassword lets no password in from now on, and ends every browser session, too.
	NoPassword                     bool
	Email, DisplayName             *string
	IsActive, IsStaff, IsSuperuser *bool
	// Grant are the permissions that the user gets, Revoke those that are taken.
	Grant, Revoke earshot.PermissionSet
	// Join are the names of groups that the user is put into, Leave of those that the user is taken out of.
	Join, Leave []string
}

// ChangeUser changes the user of a name, and gives the new state. It is for whoever runs the server: nobody's permission
// is asked. A server that runs acts on it at its next Follow. Errors: CodeNotFound; CodeInvalid with the field.
func (s *Service) ChangeUser(ctx context.Context, username string, edit UserEdit) (earshot.User, error) {
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return earshot.User{}, err
	}
	groups, err := s.groupsNamed(ctx, edit.Join, edit.Leave)
	if err != nil {
		return earshot.User{}, err
	}
	change, err := s.changeOf(ctx, &user, edit, groups)
	if err != nil {
		return earshot.User{}, err
	}
	return s.stores.Edit.ChangeUser(ctx, user.ID, change, userChanged(ctx, user.Username, &edit, &change))
}

// changeOf checks an edit of the user, and gives it as the store takes it. The groups are those of Join and then of Leave.
func (s *Service) changeOf(ctx context.Context, user *earshot.User, edit UserEdit, groups []earshot.Group) (earshot.UserChange, error) {
	if err := checkPerson(edit.Email, edit.DisplayName); err != nil {
		return earshot.UserChange{}, err
	}
	change := earshot.UserChange{
		Email: edit.Email, DisplayName: edit.DisplayName, IsActive: edit.IsActive, IsStaff: edit.IsStaff, IsSuperuser: edit.IsSuperuser,
		Grant: edit.Grant, Revoke: edit.Revoke,
	}
	if edit.Email != nil { // whoever runs the server vouches for it
		vouched := true
		change.EmailConfirmed = &vouched
	}
	for i := range groups {
		if i < len(edit.Join) {
			change.Join = append(change.Join, groups[i].ID)
		} else {
			change.Leave = append(change.Leave, groups[i].ID)
		}
	}
	switch {
	case edit.NoPassword:
		none := unusablePassword()
		change.Password = &none
	case edit.Password != nil:
		password, err := s.newPassword(ctx, user, edit)
		if err != nil {
			return earshot.UserChange{}, err
		}
		change.Password = password
	}
	return change, nil
}

// newPassword checks and hashes the password of an edit.
func (s *Service) newPassword(ctx context.Context, user *earshot.User, edit UserEdit) (*earshot.PasswordHash, error) {
	of := personal{username: user.Username, email: user.Email, displayName: user.DisplayName}
	if edit.Email != nil {
		of.email = *edit.Email
	}
	if edit.DisplayName != nil {
		of.displayName = *edit.DisplayName
	}
	check := s.checkPassword
	if edit.AnyPassword {
		check = func(password string, _ personal) error { return hashable(password) }
	}
	if err := check(*edit.Password, of); err != nil {
		return nil, err
	}
	hash, err := s.hasher.hashPatiently(ctx, *edit.Password)
	return &hash, err
}

// checkPerson brings what else there is to a user into the form that is kept, and says what is wrong with it. nil is left
// as it is.
func checkPerson(email, displayName *string) error {
	for _, f := range []struct {
		text  *string
		most  int
		field string
		check func(string) error
	}{
		{email, earshot.MaxEmail, "email", earshot.ValidateEmail},
		{displayName, earshot.MaxDisplayName, "display_name", earshot.ValidateDisplayName},
	} {
		if f.text == nil {
			continue
		}
		if len(*f.text) > f.most*16 { // normalising costs time
			return earshot.FieldError(f.field, "The %s has at most %d characters.", f.field, f.most)
		}
		text := strings.TrimSpace(names.Normalize(*f.text))
		if err := f.check(text); err != nil {
			return err
		}
		*f.text = text
	}
	return nil
}

// DeleteUser removes the user of a name, with log-ins, tokens, invitations and memberships. The user's rooms stay, without
// an owner.
func (s *Service) DeleteUser(ctx context.Context, username string) error {
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return err
	}
	return s.stores.Edit.DeleteUser(ctx, user.ID, earshot.Entry(ctx, earshot.VerbDeleteUser, user.Username))
}

// Users gives a page of those who fit the query, by name. Search and After are as somebody typed them.
func (s *Service) Users(ctx context.Context, query earshot.UserQuery) ([]earshot.User, error) {
	query.Search, query.After = names.Key(string(query.Search)), names.Key(string(query.After))
	return s.stores.Users.Users(ctx, query)
}

// Count counts all users.
func (s *Service) Count(ctx context.Context) (int, error) { return s.stores.Users.CountUsers(ctx) }

// User gives the user of a number. Errors: CodeNotFound.
func (s *Service) User(ctx context.Context, id earshot.UserID) (earshot.User, error) {
	return s.stores.Users.User(ctx, id)
}

// changesAtOnce is how many notes Follow reads at a time.
const changesAtOnce = 500

// Follow acts on what was changed about accounts since the last call, by this process or another: it ends what hangs on
// log-ins that have ended, and hands every user who was changed to changed, one who is gone as one who is not active. It
// is for the one server of a database, to be called every second, and after a change that is to hold at once; calls wait for each
// other. What it could not act on it tries again the next time. changed must not call back into the service.
func (s *Service) Follow(ctx context.Context, changed func(context.Context, earshot.User) error) error {
	s.following.Lock()
	defer s.following.Unlock()
	for {
		notes, err := s.stores.Edit.AccountChanges(ctx, changesAtOnce)
		if err != nil || len(notes) == 0 {
			return err
		}
		if err := s.act(ctx, notes, changed); err != nil {
			return err
		}
		if err := s.stores.Edit.ForgetAccountChanges(ctx, notes); err != nil {
			return err
		}
	}
}

func (s *Service) act(ctx context.Context, notes []earshot.AccountChange, changed func(context.Context, earshot.User) error) error {
	seen := make(map[earshot.UserID]bool)
	for _, n := range notes {
		if n.Credential != (earshot.SecretHash{}) {
			s.ended(n.Credential)
			continue
		}
		if seen[n.User] {
			continue
		}
		seen[n.User] = true
		if n.User == 0 {
			s.requiredAnew()
			if err := s.readRanges(ctx); err != nil {
				return err
			}
			continue
		}
		if err := s.Refresh(ctx, n.User, changed); err != nil {
			return err
		}
	}
	return nil
}

// Refresh hands the user as the store has it to changed, one who is gone as one who is not active. The log-ins of one who lacks
// a second factor that is required end before.
func (s *Service) Refresh(ctx context.Context, id earshot.UserID, changed func(context.Context, earshot.User) error) error {
	user, err := s.stores.Users.User(ctx, id)
	if isCode(err, earshot.CodeNotFound) {
		user, err = earshot.User{ID: id}, nil
	}
	if err != nil {
		return err
	}
	if err := s.endLacking(ctx, &user); err != nil && !isCode(err, earshot.CodeNotFound) {
		return err
	}
	return changed(ctx, user)
}
