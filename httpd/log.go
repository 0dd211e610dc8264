package httpd

import (
	"context"
	"log/slog"
	"strings"
)

// demoting is the log that net/http tells its troubles to. Handshakes of TLS that fail are the trouble of whoever tried,
// with whatever they sent: they are told at the level of requests, so that nobody outside can fill the log.
type demoting struct{ slog.Handler }

// Handle implements slog.Handler.
func (h demoting) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "TLS handshake error") {
		if r.Level = slog.LevelDebug; !h.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}
