package main

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// followEvery is how often the server looks for what was changed about accounts and rooms by other processes, such as the command
// line: somebody who was deactivated hears nothing more after this time (docs/adr/0011-changes-of-accounts.md).
const followEvery = time.Second

// follow acts on changes of accounts and rooms until the context ends. What fails is logged once, until it works again.
func (s *server) follow(ctx context.Context) {
	failing := false
	every(ctx, followEvery, func() {
		err := errors.Join(s.accounts.Follow(ctx, s.hub.UserChanged), s.hub.Follow(ctx))
		if err != nil && ctx.Err() == nil && !failing {
			s.log.WarnContext(ctx, "acting on changes of accounts and rooms failed; it is tried again every second", slog.Any("error", err))
		}
		failing = err != nil
	})
}

// refresh gives those whose sessions a predecessor handed over the rights that they have by now.
func (s *server) refresh(ctx context.Context) {
	for _, id := range s.hub.Users() {
		err := s.accounts.Refresh(ctx, id, s.hub.UserChanged)
		if err != nil && !errors.Is(err, context.Canceled) {
			s.log.WarnContext(ctx, "a session that was handed over ends, as its user cannot be read", slog.Any("error", err))
			s.hub.EndUser(id)
		}
	}
}
