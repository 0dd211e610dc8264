package main

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/earshot-chat/earshot/hub"
)

// aliveEvery is how often the server says how it is.
const aliveEvery = time.Minute

// alive logs at debug, once a minute until ctx ends, how much there is of what must not grow without end: counts only,
// nothing of anybody.
func alive(ctx context.Context, log *slog.Logger, h *hub.Hub) {
	if !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	every(ctx, aliveEvery, func() {
		metrics.Read(sample)
		c := h.Stats()
		log.DebugContext(ctx, "alive", slog.Int("goroutines", runtime.NumGoroutine()),
			slog.Uint64("heap_bytes", sample[0].Value.Uint64()), slog.Int("users", c.Users),
			slog.Int("sessions", c.Sessions), slog.Int("rooms", c.Rooms), slog.Int64("window_bytes", h.WindowBytes()))
	})
}
