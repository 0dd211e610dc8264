package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

const (
	// useEvery is how old the last use of a log-in is that is noted anew.
	useEvery = 5 * time.Minute
	// usesAtOnce is how many uses wait in memory before they are written together: a write for each would be the dearest
	// part of a handshake, and there are many at once after a restart.
	usesAtOnce = 512
)

// uses are the uses of one kind of credential that wait to be written.
type uses struct {
	// mu is held for a few map operations; nothing is called under it.
	mu      sync.Mutex
	waiting map[earshot.SecretHash]earshot.CredentialUse
}

// note takes a use, if the last that is kept is old enough, and gives those that are to be written now, mostly none.
func (u *uses) note(hash earshot.SecretHash, kept time.Time, from Client) []earshot.CredentialUse {
	now := now()
	if now.Sub(kept) < useEvery {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = make(map[earshot.SecretHash]earshot.CredentialUse)
	}
	u.waiting[hash] = earshot.CredentialUse{Hash: hash, At: now, Address: from.address()}
	if len(u.waiting) < usesAtOnce {
		return nil
	}
	return u.takeLocked()
}

// take gives all that wait.
func (u *uses) take() []earshot.CredentialUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.takeLocked()
}

func (u *uses) takeLocked() []earshot.CredentialUse {
	list := make([]earshot.CredentialUse, 0, len(u.waiting))
	for _, use := range u.waiting {
		list = append(list, use)
	}
	u.waiting = nil
	return list
}

// WriteUses writes when log-ins and tokens were last used, as far as that is not kept yet. To be called every few minutes,
// and before the end.
func (s *Service) WriteUses(ctx context.Context) error {
	return errors.Join(s.writeSessionUses(ctx, s.sessionUses.take()), s.writeTokenUses(ctx, s.tokenUses.take()))
}

func (s *Service) writeSessionUses(ctx context.Context, list []earshot.CredentialUse) error {
	if len(list) == 0 {
		return nil
	}
	return s.stores.Sessions.UseBrowserSessions(ctx, list)
}

func (s *Service) writeTokenUses(ctx context.Context, list []earshot.CredentialUse) error {
	if len(list) == 0 {
		return nil
	}
	return s.stores.Tokens.UseTokens(ctx, list)
}
