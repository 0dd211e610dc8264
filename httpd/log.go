package httpd

import (
	"bytes"
	"context"
	"log"
	"log/slog"
)

// newErrorLog is what net/http tells its troubles to. Handshakes of TLS that fail are the trouble of whoever tried, with
// whatever they sent: they are told at the level of requests, so that nobody outside can fill the log.
func newErrorLog(to *slog.Logger) *log.Logger {
	return log.New(errorLog{to}, "", 0)
}

type errorLog struct{ log *slog.Logger }

// Write implements io.Writer; net/http gives it one message at a time.
func (l errorLog) Write(message []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.Contains(message, []byte("TLS handshake error")) {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, string(bytes.TrimRight(message, "\n")))
	return len(message), nil
}
