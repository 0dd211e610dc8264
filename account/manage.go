package account

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/earshot-chat/earshot"
)

// NewAccount is an account to be made by somebody else than its user.
type NewAccount struct {
	Username string
	Password string
	// HasPassword is false for an account that no password opens, such as a bot's.
	HasPassword bool
	// AnyPassword sets the rules for new passwords aside (but for UTF-8 and the greatest length).
	AnyPassword bool
	// Email and DisplayName may be empty.
	Email, DisplayName string
	// Groups are the names of those that the user is put into.
	Groups []string
	// Staff makes the user staff, with earshot.StaffPermissions; Superuser gives every permission.
	Staff, Superuser bool
}

// CreateUsers makes accounts, all or none, and returns their ids in order. The names and passwords are held to the same
// rules as with SignUp, but nobody's policy is asked, and names that look like those of the staff are let through: it is
// for whoever runs the server.
//
// Errors name the account by its place in the list, from 1, and its name: CodeInvalid, or CodeConflict for a name that is
// taken or comes twice.
func (s *Service) CreateUsers(ctx context.Context, accounts []NewAccount) ([]earshot.UserID, error) {
	users, entries := make([]earshot.NewUser, len(accounts)), make([]earshot.Action, len(accounts))
	first := make(map[earshot.NameKey]int, len(accounts))
	for i, a := range accounts {
		user, err := s.newAccount(a)
		if err != nil {
			return nil, ofAccount(i, a.Username, err)
		}
		if twin, twice := first[user.Keys.Name]; twice {
			return nil, ofAccount(i, a.Username, &earshot.Error{
				Code: earshot.CodeConflict, Field: "username", Message: fmt.Sprintf("The name is also that of account %d.", twin+1),
			})
		}
		groups, err := s.groupsNamed(ctx, a.Groups)
		if err != nil {
			return nil, ofAccount(i, a.Username, err)
		}
		user.Groups = idsOf(groups)
		first[user.Keys.Name], users[i], entries[i] = i, user, userMade(ctx, &user, groups)
	}
	if err := s.hashAll(ctx, accounts, users); err != nil {
		return nil, err
	}
	ids, err := s.stores.Users.CreateUsers(ctx, users, entries...)
	if isCode(err, earshot.CodeConflict) {
		err = s.whichIsTaken(ctx, users, err)
	}
	return ids, err
}

// newAccount checks an account that is to be made, and gives it without its password.
func (s *Service) newAccount(a NewAccount) (earshot.NewUser, error) {
	name, keys, err := checkName(a.Username)
	if err == nil {
		err = checkPerson(&a.Email, &a.DisplayName)
	}
	if err == nil && a.HasPassword {
		err = s.checkNew(a, name)
	}
	if err != nil {
		return earshot.NewUser{}, err
	}
	user := earshot.NewUser{
		User: earshot.User{
			Username: name, Email: a.Email, EmailConfirmed: a.Email != "", DisplayName: a.DisplayName, IsActive: true, IsStaff: a.Staff, IsSuperuser: a.Superuser,
			Password: unusablePassword(), DateJoined: now(),
		},
		Keys: keys,
	}
	if a.Staff {
		user.Permissions = earshot.StaffPermissions()
	}
	return user, nil
}

// checkNew checks the password of an account that is to be made.
func (s *Service) checkNew(a NewAccount, name string) error {
	if a.AnyPassword {
		return hashable(a.Password)
	}
	return s.checkPassword(a.Password, personal{username: name, email: a.Email, displayName: a.DisplayName})
}

// hashAll hashes the passwords there are, as many at once as the settings allow.
func (s *Service) hashAll(ctx context.Context, accounts []NewAccount, users []earshot.NewUser) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.cfg.HashersAtOnce)
	for i := range accounts {
		if !accounts[i].HasPassword {
			continue
		}
		group.Go(func() error {
			hash, err := s.hasher.hashPatiently(ctx, accounts[i].Password)
			users[i].Password = hash
			return err
		})
	}
	return group.Wait()
}

// whichIsTaken adds to a conflict which account's name it was.
func (s *Service) whichIsTaken(ctx context.Context, users []earshot.NewUser, conflict error) error {
	for i := range users {
		if _, err := s.stores.Users.UserByName(ctx, users[i].Keys.Name); err == nil {
			return ofAccount(i, users[i].Username, conflict)
		}
	}
	return conflict
}

// ofAccount says in err which account of a list it is about.
func ofAccount(i int, name string, err error) error {
	e := *earshot.AsError(err)
	const shown = 50 // bytes: enough to find it by
	if len(name) > shown {
		name = name[:shown] + "…"
	}
	e.Message = fmt.Sprintf("Account %d (%q): %s", i+1, name, e.Message)
	return &e
}

// UserByName gives the user of a name, in whatever case or form it is written; CodeNotFound if there is none.
func (s *Service) UserByName(ctx context.Context, username string) (earshot.User, error) {
	key, err := lookupKey(username)
	if err != nil {
		return earshot.User{}, err
	}
	return s.stores.Users.UserByName(ctx, key)
}

// SweepExpired removes the browser sessions and tokens that have expired, ends what hangs on them, and says how many there were;
// and expired invitations. It also writes when others were last used. To be called every few minutes.
func (s *Service) SweepExpired(ctx context.Context) (int, error) {
	if err := s.WriteUses(ctx); err != nil {
		return 0, err
	}
	s.devices.sweep()
	if err := s.stores.Tickets.DeleteExpiredTickets(ctx, now()); err != nil {
		return 0, err
	}
	hashes, err := s.stores.Sessions.DeleteExpiredBrowserSessions(ctx, now())
	if err != nil {
		return 0, err
	}
	tokens, err := s.stores.Tokens.DeleteExpiredTokens(ctx, now())
	s.endAll(append(hashes, tokens...))
	if err != nil {
		return len(hashes), err
	}
	_, err = s.stores.Invitations.DeleteExpiredInvitations(ctx, now())
	return len(hashes) + len(tokens), err
}
