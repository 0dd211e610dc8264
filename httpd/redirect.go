package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Redirect answers plain HTTP with the way to https, and with nothing else. NewRedirect makes one.
type Redirect struct{ server *http.Server }

// NewRedirect makes a Redirect to base, a scheme and a host; or, if that is empty, to the host that was asked for, at this
// port. log may be nil.
func NewRedirect(base, port string, log *slog.Logger) *Redirect {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	times := Times{}.orDefaults()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := base
		if to == "" {
			to = httpsOf(r.Host, port)
		}
		path := r.URL.EscapedPath()
		if to == "" || !strings.HasPrefix(path, "/") { // such as OPTIONS *
			http.Error(w, "This server speaks https.", http.StatusBadRequest)
			return
		}
		to += path
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		w.Header().Set("Connection", "close")
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	return &Redirect{&http.Server{
		Handler: handler, ReadHeaderTimeout: times.Header, ReadTimeout: times.Header, WriteTimeout: times.Header,
		IdleTimeout: time.Second, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(demoting{log.Handler()}, slog.LevelWarn),
	}}
}

// httpsOf is the origin with https of a request's Host; empty if that is none.
func httpsOf(host, port string) string {
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" {
		return ""
	}
	name := u.Hostname()
	if port != "443" {
		return "https://" + net.JoinHostPort(name, port)
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	return "https://" + name
}

// Through lets what passes go through what wrap makes of the handler, such as one that answers an authority. It is called
// before Serve.
func (r *Redirect) Through(wrap func(http.Handler) http.Handler) {
	r.server.Handler = wrap(r.server.Handler)
}

// Serve answers what comes to ln until Shutdown, which it reports by nil.
func (r *Redirect) Serve(ln net.Listener) error {
	if err := r.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops listening, and cuts whoever is not done when ctx ends.
func (r *Redirect) Shutdown(ctx context.Context) error {
	if err := r.server.Shutdown(ctx); err == nil || ctx.Err() == nil {
		return err
	}
	return r.server.Close()
}
