package account

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot"
)

// checkInvitation looks at an invitation before more is done for whoever holds it. The store looks again when it is
// used, for then it may be used up.
func (s *Service) checkInvitation(ctx context.Context, secret string, from netip.Addr) (earshot.SecretHash, error) {
	try, err := s.failures.begin(from, "")
	if err != nil {
		return earshot.SecretHash{}, err
	}
	hash, err := s.validInvitation(ctx, secret)
	try.end(isCode(err, earshot.CodeForbidden))
	return hash, err
}

func (s *Service) validInvitation(ctx context.Context, secret string) (earshot.SecretHash, error) {
	refuse := earshot.Errorf(earshot.CodeForbidden, "The invitation is unknown, used up or expired.")
	if secret == "" {
		refuse = earshot.Errorf(earshot.CodeForbidden, "An invitation is needed to sign up on this server.")
	}
	refuse.Field = "invitation"
	if s.cfg.SignUp == SignUpOpen {
		refuse.Message += " You can sign up without one."
	}
	hash, ok := hashSecret(invitationPrefix, secret)
	if !ok {
		return earshot.SecretHash{}, refuse
	}
	inv, err := s.stores.Invitations.Invitation(ctx, hash)
	switch {
	case isCode(err, earshot.CodeNotFound):
		return earshot.SecretHash{}, refuse
	case err != nil:
		return earshot.SecretHash{}, err
	case inv.UsesLeft <= 0, !now().Before(inv.ExpiresAt):
		return earshot.SecretHash{}, refuse
	}
	// Whoever may invite no more, or not into these groups, invites nobody by what they made before.
	groups, err := s.stores.Invitations.InvitationGroups(ctx, hash)
	if err != nil {
		return earshot.SecretHash{}, err
	}
	err = s.mayInvite(ctx, inv.CreatedBy, groups)
	if code := earshot.CodeOf(err); code == earshot.CodeForbidden || code == earshot.CodeUnauthenticated {
		return earshot.SecretHash{}, refuse
	}
	return hash, err
}

// The bounds of an invitation.
const (
	maxInvitationUses   = 1000
	maxInvitationGroups = 20
	maxInvitationAge    = 30 * 24 * time.Hour
)

// Invite makes an invitation for so many people and so long: 1 to 1000 uses, more than nothing to 30 days. Whoever comes by
// it is put into the groups, which are named. by is the user who invites, or zero on the command line.
//
// Errors: CodeForbidden for who has not earshot.PermAddInvitation, or may not give the groups; CodeInvalid with the field
// "uses", "days" or "groups".
func (s *Service) Invite(ctx context.Context, by earshot.UserID, uses int, ttl time.Duration, groups ...string) (secret string, expires time.Time, err error) {
	if uses < 1 || uses > maxInvitationUses {
		return "", time.Time{}, earshot.FieldError("uses", "An invitation is for 1 to %d people.", maxInvitationUses)
	}
	if ttl < time.Millisecond || ttl > maxInvitationAge {
		return "", time.Time{}, earshot.FieldError("days", "An invitation holds for at most %d days.", maxInvitationAge/(24*time.Hour))
	}
	if len(groups) > maxInvitationGroups {
		return "", time.Time{}, earshot.FieldError("groups", "An invitation puts people into at most %d groups.", maxInvitationGroups)
	}
	if err := s.mayInvite(ctx, by, nil); err != nil { // first: the names of groups are not for everybody
		return "", time.Time{}, err
	}
	into, err := s.groupsNamed(ctx, groups)
	if err != nil {
		return "", time.Time{}, err
	}
	if err := s.mayInvite(ctx, by, into); err != nil {
		return "", time.Time{}, err
	}
	secret, hash := newSecret(invitationPrefix)
	expires = now().Add(ttl).Truncate(time.Millisecond)
	inv := earshot.Invitation{Hash: hash, CreatedBy: by, ExpiresAt: expires, UsesLeft: uses}
	entry := earshot.Entry(ctx, earshot.VerbCreateInvitation, "",
		"uses", strconv.Itoa(uses), "until", expires.Format(time.RFC3339), "groups", groupNames(into))
	if err := s.stores.Invitations.CreateInvitation(ctx, inv, idsOf(into), entry); err != nil {
		return "", time.Time{}, err
	}
	return secret, expires, nil
}

// mayInvite tells whether the user may invite people into the groups: who puts people into groups changes users, and nobody
// gives what they do not have. Zero is the command line, which may.
func (s *Service) mayInvite(ctx context.Context, by earshot.UserID, groups []earshot.Group) error {
	if by == 0 {
		return nil
	}
	user, err := s.activeUser(ctx, by)
	if err != nil {
		return err
	}
	if !user.May(earshot.PermAddInvitation) {
		return earshot.Errorf(earshot.CodeForbidden, "You may not invite people to this server.")
	}
	for i := range groups {
		if !user.May(earshot.PermChangeUser) || groups[i].Permissions&^user.All() != 0 {
			return &earshot.Error{
				Code: earshot.CodeForbidden, Field: "groups",
				Message: "To invite people into a group takes the permission to change users, and all those of the group.",
			}
		}
	}
	return nil
}

// Invitations gives the invitations that the user made, or, to who may change users, all, by when they expire.
func (s *Service) Invitations(ctx context.Context, by earshot.User) ([]earshot.ListedInvitation, error) {
	of := by.ID
	if by.May(earshot.PermChangeUser) {
		of = 0
	}
	return s.stores.Invitations.Invitations(ctx, of)
}

// Withdraw ends an invitation that Invitations lists for the user, and so for whoever holds it. CodeNotFound for any other.
func (s *Service) Withdraw(ctx context.Context, by earshot.User, hash earshot.SecretHash) error {
	inv, err := s.stores.Invitations.Invitation(ctx, hash)
	if err != nil {
		return err
	}
	if inv.CreatedBy != by.ID && !by.May(earshot.PermChangeUser) {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such invitation.")
	}
	whose := ""
	if user, err := s.stores.Users.User(ctx, inv.CreatedBy); err == nil {
		whose = user.Username
	}
	return s.stores.Invitations.DeleteInvitation(ctx, hash, earshot.Entry(ctx, earshot.VerbDeleteInvitation, whose))
}
