package account

import (
	"context"

	"github.com/earshot-chat/earshot"
)

// Requiring a second factor. Of whom one is required is kept with the accounts and asked for with each request. Who lacks
// one gets in as ever, and no further than to where one is set up (Login.MustEnrol). Log-ins that were there before end, so
// that what is live of them does, too.

// RequiredFactor tells of whom a second factor is required.
func (s *Service) RequiredFactor(ctx context.Context) (earshot.Required, error) {
	if of := s.required.Load(); of != nil {
		return *of, nil
	}
	s.requiring.Lock()
	defer s.requiring.Unlock()
	of, err := s.stores.Factors.RequiredFactor(ctx)
	if err == nil {
		s.required.Store(&of)
	}
	return of, err
}

// requiredAnew has it be read from the store the next time: it was set, perhaps by another process.
func (s *Service) requiredAnew() {
	s.requiring.Lock()
	defer s.requiring.Unlock()
	s.required.Store(nil)
}

// RequireFactor sets of whom a second factor is required. A server that runs acts on it at its next Follow: the log-ins of
// those end who have none. by is who sets it, or nil on the command line. Errors: CodeForbidden for all but superusers;
// CodeInvalid with the field "required"; CodeConflict with the field "second_factor" for one who would be kept out by it.
func (s *Service) RequireFactor(ctx context.Context, by *earshot.User, of earshot.Required) error {
	if by != nil && !(authority{*by}).superuser() {
		return earshot.Errorf(earshot.CodeForbidden, "Only superusers decide of whom a second factor is required.")
	}
	if !of.Valid() {
		return earshot.FieldError("required", "A second factor is required of %s, %s or %s.",
			earshot.RequiredOfNobody, earshot.RequiredOfStaff, earshot.RequiredOfEverybody)
	}
	if by != nil && of.Covers(by) {
		has, err := s.stores.Factors.HasFactor(ctx, by.ID)
		if err != nil {
			return err
		}
		if !has {
			return &earshot.Error{
				Code: earshot.CodeConflict, Field: "second_factor",
				Message: "You have no second factor yourself. Set one up first, so that you are not kept out.",
			}
		}
	}
	err := s.stores.Factors.RequireFactor(ctx, of, earshot.Entry(ctx, earshot.VerbRequireFactor, "", "of", string(of)))
	s.requiredAnew()
	return err
}

// lacks tells whether a second factor is required of the user, who has none.
func (s *Service) lacks(ctx context.Context, user *earshot.User) (bool, error) {
	of, err := s.RequiredFactor(ctx)
	if err != nil || !of.Covers(user) {
		return false, err
	}
	has, err := s.stores.Factors.HasFactor(ctx, user.ID)
	return !has, err
}

// lacksByToken is lacks for who comes with a token. Bots, whom neither a password nor another server lets in, have nothing to
// set up, and nowhere to do it: their tokens are good as ever.
func (s *Service) lacksByToken(ctx context.Context, user *earshot.User) (bool, error) {
	lacks, err := s.lacks(ctx, user)
	if err != nil || !lacks || user.Password.Usable() {
		return lacks, err
	}
	linked, err := s.stores.Identities.Identities(ctx, user.ID)
	return len(linked) > 0, err
}

// mayRemove refuses to take the last second factor from a user of whom one is required: the passkey of that number, or, for
// none, the authenticator.
func (s *Service) mayRemove(ctx context.Context, user *earshot.User, passkey int64) error {
	of, err := s.RequiredFactor(ctx)
	if err != nil || !of.Covers(user) {
		return err
	}
	keys, err := s.stores.Passkeys.Passkeys(ctx, user.ID)
	if err != nil {
		return err
	}
	for i := range keys {
		if keys[i].ID != passkey {
			return nil
		}
	}
	if totp, err := s.stores.TOTP.TOTP(ctx, user.ID); passkey != 0 && err == nil && totp.Confirmed {
		return nil
	}
	return &earshot.Error{
		Code: earshot.CodeConflict, Field: "second_factor",
		Message: "A second factor is required here, and this is your last one. Set up another one first.",
	}
}

// endLacking ends the log-ins of a user who lacks a second factor, and what is live of the tokens.
func (s *Service) endLacking(ctx context.Context, user *earshot.User) error {
	lacks, err := s.lacks(ctx, user)
	if err != nil || !lacks {
		return err
	}
	if _, err := s.endSessions(ctx, user.ID, func(earshot.SecretHash) bool { return true }); err != nil {
		return err
	}
	if lacks, err = s.lacksByToken(ctx, user); err != nil || !lacks {
		return err
	}
	tokens, err := s.stores.Tokens.Tokens(ctx, user.ID)
	for i := range tokens {
		s.ended(tokens[i].Hash)
	}
	return err
}
