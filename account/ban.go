package account

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// NewBan is a ban from the server that is to be made.
type NewBan struct {
	// Username is who is banned, in whatever case. Empty for a ban of addresses.
	Username string
	// Range is which addresses are, in CIDR's form or a single one. Empty for a ban of a user.
	Range string
	// Seconds is for how long; 0 is for good.
	Seconds int64
	// Reason may be empty.
	Reason string
}

// mayBan is the one place that decides who bans users and addresses from the server, sees those bans and lifts them: those
// who may change users.
func mayBan(by *earshot.User) error {
	if by.May(earshot.PermChangeUser) {
		return nil
	}
	return earshot.Errorf(earshot.CodeForbidden, "Only those who may change users keep people off this server.")
}

// mayBanThis decides whether by may ban this user, or lift the ban. A ban is what deactivating is: so it is for nobody to do to
// somebody who may do more.
func mayBanThis(by, user *earshot.User) error {
	if err := by.MayActAgainst(user); err != nil {
		return err
	}
	return authority{*by}.over(*user)
}

// Ban keeps a user, or everybody at some addresses, off the server; it takes the place of a ban of the same. A server that
// runs acts on it at its next Follow, and this one on a ban of addresses at once. by is who does it, or nil on the command
// line; from is where by is now, which cannot be banned. Errors: CodeForbidden, CodeNotFound for an unknown user,
// CodeConflict for oneself, CodeInvalid with the field.
func (s *Service) Ban(ctx context.Context, by *earshot.User, from netip.Addr, in NewBan) (earshot.Ban, error) {
	ban := earshot.Ban{At: now(), Reason: in.Reason}
	if by != nil {
		if err := mayBan(by); err != nil {
			return earshot.Ban{}, err
		}
		ban.By = by.Ref()
	}
	var err error
	if ban.Until, err = earshot.Term(ban.At, in.Seconds); err != nil {
		return earshot.Ban{}, err
	}
	if err := earshot.ValidateReason(in.Reason); err != nil {
		return earshot.Ban{}, err
	}
	var subject string
	switch {
	case (in.Username == "") == (in.Range == ""):
		return earshot.Ban{}, earshot.FieldError("username", "A ban is of a user or of a range of addresses.")
	case in.Username != "":
		user, err := s.UserByName(ctx, in.Username)
		if err != nil {
			return earshot.Ban{}, err
		}
		if by != nil {
			if err := mayBanThis(by, &user); err != nil {
				return earshot.Ban{}, err
			}
		}
		ban.User, subject = user.Ref(), user.Username
	default:
		prefix, err := earshot.ParseRange(in.Range)
		if err != nil {
			return earshot.Ban{}, err
		}
		if earshot.NewRanges([]earshot.Ban{{Range: prefix.String(), Until: earshot.Forever()}}).Until(earshot.SourceOf(from)).After(ban.At) {
			return earshot.Ban{}, earshot.FieldError("range", "You are at one of these addresses yourself.")
		}
		ban.Range, subject = prefix.String(), prefix.String()
	}
	until := "forever"
	if !earshot.IsForever(ban.Until) {
		until = ban.Until.Format(time.RFC3339)
	}
	ban, err = s.stores.Bans.PutBan(ctx, ban, earshot.Entry(ctx, earshot.VerbBan, subject, "until", until, "reason", in.Reason))
	if err != nil {
		return earshot.Ban{}, err
	}
	return ban, s.rangesChanged(ctx, &ban)
}

// LiftBan ends a ban by its number, and gives it. by is as with Ban. Errors: CodeForbidden, CodeNotFound, CodeConflict for
// one's own.
func (s *Service) LiftBan(ctx context.Context, by *earshot.User, id int64) (earshot.Ban, error) {
	if by != nil {
		if err := mayBan(by); err != nil {
			return earshot.Ban{}, err
		}
	}
	all, err := s.stores.Bans.Bans(ctx, earshot.BanQuery{ID: id, Limit: 1})
	if err != nil {
		return earshot.Ban{}, err
	}
	if len(all) == 0 || id == 0 {
		return earshot.Ban{}, earshot.Errorf(earshot.CodeNotFound, "There is no such ban.")
	}
	ban := all[0]
	if by != nil && ban.User.ID != 0 {
		user, err := s.stores.Users.User(ctx, ban.User.ID)
		if err != nil {
			return earshot.Ban{}, err
		}
		if err := mayBanThis(by, &user); err != nil {
			return earshot.Ban{}, err
		}
	}
	if ban, err = s.stores.Bans.LiftBan(ctx, id, earshot.Entry(ctx, earshot.VerbUnban, ban.User.Name+ban.Range)); err != nil {
		return earshot.Ban{}, err
	}
	return ban, s.rangesChanged(ctx, &ban)
}

// BanOf gives the ban of a user of that name, or of that range of addresses; CodeNotFound if there is none. Nobody's
// permission is asked.
func (s *Service) BanOf(ctx context.Context, what string) (earshot.Ban, error) {
	prefix, noRange := earshot.ParseRange(what)
	if noRange == nil {
		ban, err := s.stores.Bans.BanOf(ctx, 0, prefix.String())
		if !isCode(err, earshot.CodeNotFound) {
			return ban, err // a user may be called 10.0.0.1: of both, the range is meant
		}
	}
	user, err := s.UserByName(ctx, what)
	if noRange == nil && isCode(err, earshot.CodeNotFound) {
		return earshot.Ban{}, earshot.Errorf(earshot.CodeNotFound, "There is no such ban.")
	}
	if err != nil {
		return earshot.Ban{}, err
	}
	return s.stores.Bans.BanOf(ctx, user.ID, "")
}

// maxBans is the most bans to a page.
const maxBans = 500

// BanFilter says which bans are wanted. The zero value is all that hold.
type BanFilter struct {
	Kind earshot.BanKind
	// Search is a part of the name of who is banned or who did it, of the range or of the reason, in whatever case; or an address:
	// then the ranges that it is in are found.
	Search string
	// Below is the number of the last ban of the page before.
	Below int64
	// Limit is the most there are to a page, up to 500, which zero is, too.
	Limit int
}

// Bans gives a page of the bans that hold, the latest first. by is as with Ban. Errors: CodeForbidden, CodeInvalid with the
// field.
func (s *Service) Bans(ctx context.Context, by *earshot.User, filter BanFilter) ([]earshot.Ban, error) {
	if by != nil {
		if err := mayBan(by); err != nil {
			return nil, err
		}
	}
	if !filter.Kind.Valid() {
		return nil, earshot.FieldError("kind", "The kind is user or range.")
	}
	if len(filter.Search) > maxSearch { // normalising costs time
		return nil, earshot.FieldError("search", "That is longer than what can be searched for.")
	}
	if filter.Limit <= 0 || filter.Limit > maxBans {
		filter.Limit = maxBans
	}
	return s.stores.Bans.Bans(ctx, earshot.BanQuery{
		At: now(), Kind: filter.Kind, Search: names.Key(filter.Search), Ranges: rangesOf(filter.Search), Below: max(filter.Below, 0), Limit: filter.Limit,
	})
}

// maxSearch is the longest text that is searched for, in bytes: longer than a reason however it is written.
const maxSearch = earshot.MaxReason * 4

// rangesOf gives all ranges that can be banned and that an address is in; none for what is no address.
func rangesOf(text string) []string {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return nil
	}
	addr = addr.Unmap().WithZone("")
	var ranges []string
	for bits := range addr.BitLen() + 1 {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			continue
		}
		if prefix, err = earshot.ParseRange(prefix.String()); err == nil { // what cannot be banned is not
			ranges = append(ranges, prefix.String())
		}
	}
	return ranges
}

// Bar hands the addresses that are banned to barred, at once and whenever they change. It is for a server, before it
// serves. barred must not call back into the service.
func (s *Service) Bar(ctx context.Context, barred func(*earshot.Ranges)) error {
	s.barring.Lock()
	s.barred = barred
	s.barring.Unlock()
	return s.readRanges(ctx)
}

// rangesChanged has this process act on a ban of addresses.
func (s *Service) rangesChanged(ctx context.Context, ban *earshot.Ban) error {
	if ban.User.ID != 0 {
		return nil
	}
	return s.readRanges(ctx)
}

// readRanges reads the bans of addresses, if anybody asks for them. One reads at a time, so that the last to be handed on
// is the last there is.
func (s *Service) readRanges(ctx context.Context) error {
	s.barring.Lock()
	defer s.barring.Unlock()
	if s.barred == nil {
		return nil
	}
	bans, err := s.stores.Bans.Bans(ctx, earshot.BanQuery{At: now(), Kind: earshot.BanOfRange})
	if err != nil {
		return err
	}
	ranges := earshot.NewRanges(bans)
	s.ranges.Store(ranges)
	s.barred(ranges)
	return nil
}

// Admit tells whether somebody may come from that address: CodeBanned otherwise. It asks no store.
func (s *Service) Admit(from netip.Addr) error {
	now := now()
	if until := s.ranges.Load().Until(earshot.SourceOf(from)); now.Before(until) {
		return earshot.Banned("this server", until, now, "")
	}
	return nil
}

// admit is Admit for a user who has shown to be one.
func (s *Service) admit(ctx context.Context, user *earshot.User) error {
	now := now()
	if !user.IsBanned(now) {
		return nil
	}
	reason := ""
	if ban, err := s.stores.Bans.BanOf(ctx, user.ID, ""); err == nil {
		reason = ban.Reason
	}
	return earshot.Banned("this server", user.BannedUntil, now, reason)
}

// Actions gives a page of the log of actions, the latest first. by is who asks, who needs earshot.PermViewLog
// (CodeForbidden otherwise), or nil on the command line. CodeInvalid for a verb that there is not.
func (s *Service) Actions(ctx context.Context, by *earshot.User, query earshot.ActionQuery) ([]earshot.Action, error) {
	if by != nil && !by.May(earshot.PermViewLog) {
		return nil, earshot.Errorf(earshot.CodeForbidden, "You may not see the log of actions.")
	}
	if query.Verb != "" && !query.Verb.Valid() {
		return nil, earshot.FieldError("action", "There is no such action.")
	}
	return s.stores.Actions.Actions(ctx, query)
}

// Tidy lets the log of actions go past its bounds, so many days and so many entries, and bans and sanctions that have ended.
// It is for a server, to be called now and again.
func (s *Service) Tidy(ctx context.Context, days, entries int) error {
	if err := s.stores.Actions.TrimActions(ctx, now().AddDate(0, 0, -days), entries); err != nil {
		return err
	}
	return s.stores.Bans.ForgetSanctions(ctx, now())
}
