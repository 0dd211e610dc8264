package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/earshot-chat/earshot"
)

// SessionInfo is a log-in as its user sees it.
type SessionInfo struct {
	// ID names the log-in. Neither the secret nor what is stored of it follows from it.
	ID string
	// Device is a short name of the browser, Address where it was seen last; both may be empty.
	Device, Address string
	// UsedAt is when it was last used, to within some minutes.
	CreatedAt, UsedAt, ExpiresAt time.Time
	// Current is true for the one that asks.
	Current bool
	Way     earshot.Way
}

// publicIDBytes is how much of a hash a public id is made of: enough that no two of a user are the same.
const publicIDBytes = 12

// publicID is what a credential is called towards its user. It is a hash of the stored hash, so that it opens nothing even
// to whoever reads the database as well; in digits and letters only, so that no command line takes it for an option.
func publicID(hash earshot.SecretHash) string {
	sum := sha256.Sum256(append([]byte("earshot public id\x00"), hash[:]...))
	return hex.EncodeToString(sum[:publicIDBytes])
}

// Sessions gives the browser sessions of whoever is logged in, the last used first.
func (s *Service) Sessions(ctx context.Context, by Login) ([]SessionInfo, error) {
	// So that what is told is true to the moment.
	if err := s.writeSessionUses(ctx, s.sessionUses.take()); err != nil {
		return nil, err
	}
	all, err := s.stores.Sessions.BrowserSessions(ctx, by.User.ID)
	if err != nil {
		return nil, err
	}
	now := now()
	list := make([]SessionInfo, 0, len(all))
	for _, b := range all {
		if !now.Before(b.ExpiresAt) {
			continue
		}
		list = append(list, SessionInfo{
			ID: publicID(b.Hash), Device: b.Device, Address: b.Address,
			CreatedAt: b.CreatedAt, UsedAt: b.UsedAt, ExpiresAt: b.ExpiresAt, Current: b.Hash == by.Credential, Way: b.Way,
		})
	}
	return list, nil
}

// EndSession ends a browser session of the user and what hangs on it. CodeNotFound if the user has none with this id.
func (s *Service) EndSession(ctx context.Context, user earshot.UserID, id string) error {
	n, err := s.endSessions(ctx, user, func(hash earshot.SecretHash) bool { return publicID(hash) == id })
	if err == nil && n == 0 {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such log-in.")
	}
	return err
}

// EndOtherSessions ends every browser session of whoever is logged in but the one that asks, with what hangs on them, and
// says how many.
func (s *Service) EndOtherSessions(ctx context.Context, by Login) (int, error) {
	return s.endSessions(ctx, by.User.ID, func(hash earshot.SecretHash) bool { return hash != by.Credential })
}

func (s *Service) endSessions(ctx context.Context, user earshot.UserID, which func(earshot.SecretHash) bool) (int, error) {
	all, err := s.stores.Sessions.BrowserSessions(ctx, user)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, b := range all {
		if !which(b.Hash) {
			continue
		}
		if _, err := s.stores.Sessions.DeleteBrowserSession(ctx, b.Hash); err != nil {
			return n, err
		}
		s.ended(b.Hash)
		n++
	}
	return n, nil
}
