package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// healthTime is how long the store may take to answer a health check.
const healthTime = 2 * time.Second

// health answers ok while the server and its store do: for whatever watches over the server.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if err := s.opts.Ping(ctx); err != nil {
		s.log.WarnContext(r.Context(), "the store does not answer", slog.Any("error", err))
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the store does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
