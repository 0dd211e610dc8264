package httpd

import (
	"context"
	"log/slog"
	"strings"
)

// demoting is the log that net/http and its like tell their troubles to. Handshakes of TLS that fail, and HTTP/2 that is
// none, are the trouble of whoever tried, with whatever they sent: they are told at the level of requests, so that nobody
// outside can fill the log.
type demoting struct{ slog.Handler }

// Handle implements slog.Handler.
func (h demoting) Handle(ctx context.Context, r slog.Record) error {
	for _, theirs := range []string{"TLS handshake error", "http2: server", "http2: received GOAWAY", "timeout waiting for SETTINGS"} {
		if strings.Contains(r.Message, theirs) {
			if r.Level = slog.LevelDebug; !h.Enabled(ctx, r.Level) {
				return nil
			}
			break
		}
	}
	return h.Handler.Handle(ctx, r)
}
