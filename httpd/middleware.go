package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/proxies"
)

// contentPolicy lets the page run its own scripts and styles, talk to its own server, and nothing else. What people
// write cannot become a script even where the page has a fault: inline scripts are refused, and text is made HTML only
// by the framework's own trusted-types policy. The other policy, earshot-worker, gives the address of the service worker.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html earshot-worker"

// securityHeaders go with every answer, also with errors.
func (s *Server) securityHeaders(next http.Handler) http.Handler {
	// RFC 6797. Of other servers under the same name nothing is known: so no includeSubDomains.
	strict := "max-age=" + strconv.FormatInt(int64(s.opts.HSTS/time.Second), 10)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if proxies.Secure(r) && s.opts.HSTS > 0 {
			h.Set("Strict-Transport-Security", strict)
		}
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // an invitation is part of an address
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// noStore keeps what the API answers out of every cache, the browser's on disk included.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses requests that change something and that a browser sent from another origin: the cookie's SameSite
// does not, because another port of the same host counts as the same site.
func (s *Server) sameOrigin() (func(http.Handler) http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	for origin := range s.origins {
		// Behind a proxy that rewrites Host, the server's own origin looks foreign to browsers without Sec-Fetch-Site.
		if err := guard.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, earshot.Errorf(earshot.CodeForbidden, "A page of another origin may not do this."))
	}))
	return guard.Handler, nil
}

// limitWork ends the work of a call when its time is up, so that a store that hangs does not hold requests for ever.
func (s *Server) limitWork(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.opts.Times.Work)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// restBytes is up to where the rest of a body is taken that a call did not want.
const restBytes = 64 << 10

// takeRest reads what a call left of its request's body. net/http does so over HTTP/1.1; over HTTP/2 it resets the stream
// behind the answer instead (RFC 9113, section 8.1), and some clients, curl 7.88 among them, then take the answer for broken.
func (s *Server) takeRest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.ProtoMajor != 2 || r.Header.Get("Expect") != "" {
			return // who asks first whether to send a body at all is not to send it now
		}
		if http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.opts.Times.Rest)) == nil {
			_, _ = io.CopyN(io.Discard, r.Body, restBytes) // what fails here is told by the reset
		}
	})
}

// recoverPanic keeps the server up over a fault in one request. It logs where the fault is. What the panic says is
// logged only if it comes from the Go runtime: any other value could hold what a user sent.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			err, _ := v.(error)
			if errors.Is(err, http.ErrAbortHandler) {
				panic(v) // net/http's own way to cut a connection
			}
			attrs := []slog.Attr{slog.String("route", routeOf(r)), slog.String("stack", string(debug.Stack()))}
			if fault, ok := errors.AsType[runtime.Error](err); ok {
				attrs = append(attrs, slog.String("fault", fault.Error()))
			}
			s.log.LogAttrs(r.Context(), slog.LevelError, "a request panicked", attrs...)
			writeProblem(w, http.StatusInternalServerError, earshot.AsError(errPanicked))
		}()
		next.ServeHTTP(w, r)
	})
}

var errPanicked = errors.New("a request panicked")

// logAccess logs each request at the debug level: by route, never by path or query.
func (s *Server) logAccess(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		s.logged(next, w, r)
	})
}

// logged is by itself because what it needs of the stack would be held by every socket over HTTP/2 for its life.
func (s *Server) logged(next http.Handler, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	seen := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
	next.ServeHTTP(seen, r)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("route", routeOf(r)), slog.Int("status", seen.Status()),
		slog.Int("bytes", seen.BytesWritten()), slog.Duration("took", time.Since(start)))
}
