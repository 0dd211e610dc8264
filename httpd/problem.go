package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// problem is an error as the REST API tells it (RFC 9457, section 3).
type problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Title  string `json:"title"`
	// Code is one of the codes of docs/protocol.md, "Errors".
	Code   string `json:"code"`
	Field  string `json:"field,omitzero"`
	Detail string `json:"detail"`
	// Reasons are the sentences of Detail one by one, where several rules are broken.
	Reasons []string `json:"reasons,omitempty"`
	// RetryMs says after how many milliseconds another try makes sense; the header Retry-After has it in seconds.
	RetryMs int64 `json:"retry_ms,omitzero"`
	// SecondFactor says how a log-in goes on that needs one.
	SecondFactor *secondFactorReply `json:"second_factor,omitempty"`
}

// statusOf is the one place where a code becomes an HTTP status.
func statusOf(code earshot.Code) int {
	switch code {
	case earshot.CodeMalformed, earshot.CodeUnknownCommand:
		return http.StatusBadRequest
	case earshot.CodeUnauthenticated, earshot.CodeSecondFactor:
		return http.StatusUnauthorized
	case earshot.CodeForbidden, earshot.CodeEnrol, earshot.CodeBanned, earshot.CodeKicked, earshot.CodeMuted, earshot.CodeLocked:
		return http.StatusForbidden
	case earshot.CodeNotFound:
		return http.StatusNotFound
	case earshot.CodeConflict, earshot.CodeNotInRoom, earshot.CodeLimit:
		return http.StatusConflict
	case earshot.CodeTooLate:
		return http.StatusGone
	case earshot.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case earshot.CodeInvalid:
		return http.StatusUnprocessableEntity
	case earshot.CodeRateLimited:
		return http.StatusTooManyRequests
	case earshot.CodeBusy, earshot.CodeStopping:
		return http.StatusServiceUnavailable
	case earshot.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// fail answers with err as a problem document, and logs it if the server is at fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = &earshot.Error{
			Code: earshot.CodeBusy, Message: "The server took too long over this. Try again in a moment.",
			RetryAfter: time.Second, Err: err,
		}
	}
	e := earshot.AsError(err)
	switch {
	case e.Code == earshot.CodeInternal:
		s.logFault(r, err)
	case e.Code == earshot.CodeBusy && e.Err != nil && !errors.Is(err, account.ErrProviderAway): // of that the log has been told
		s.log.WarnContext(r.Context(), "a request took too long", slog.String("route", routeOf(r)), slog.Any("error", err))
	}
	if needed, ok := account.AsSecondFactor(err); ok {
		tellProblem(w, statusOf(e.Code), e, &secondFactorReply{
			Ticket: needed.Ticket, Factors: needed.Factors, ExpiresAt: needed.ExpiresAt,
		})
		return
	}
	if other, ok := errors.AsType[unsupported](err); ok {
		w.Header().Set(other.header, other.takes)
		writeProblem(w, http.StatusUnsupportedMediaType, e)
		return
	}
	writeProblem(w, statusOf(e.Code), e)
}

// logFault logs what the server is to blame for.
func (s *Server) logFault(r *http.Request, err error) {
	if !errors.Is(err, context.Canceled) {
		s.log.ErrorContext(r.Context(), "a request failed", slog.String("route", routeOf(r)), slog.Any("error", err))
	}
}

func writeProblem(w http.ResponseWriter, status int, e *earshot.Error) {
	tellProblem(w, status, e, nil)
}

func tellProblem(w http.ResponseWriter, status int, e *earshot.Error, second *secondFactorReply) {
	h := w.Header()
	if e.RetryAfter > 0 {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="earshot"`) // RFC 9110, section 11.6.1: a 401 must have one
	}
	writeJSON(w, status, "application/problem+json", problem{
		Type: "about:blank", Status: status, Title: http.StatusText(status),
		Code: string(e.Code), Field: e.Field, Detail: e.Message, Reasons: e.Reasons, RetryMs: e.RetryAfter.Milliseconds(),
		SecondFactor: second,
	})
}

// reply answers a call of the API that went well.
func reply(w http.ResponseWriter, status int, body any) error {
	writeJSON(w, status, "application/json", body)
	return nil
}

func writeJSON(w http.ResponseWriter, status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil { // only a fault in this package's own types can be the cause
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) //nolint:gosec // JSON, with nosniff; it fails if the client has gone, and then there is nobody to tell
}

// notFound answers for every path without a route: with a problem document in the API and a small page elsewhere.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	const words = "There is nothing at this address."
	if isAPI(r) {
		s.fail(w, r, earshot.Errorf(earshot.CodeNotFound, words))
		return
	}
	page := []byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title>` +
		`<h1>` + words + `</h1><p><a href="/">To the rooms</a></p></html>`)
	if built, ok := s.pages.files[lostFile]; ok {
		page = built.plain.body
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(page)
}

// methodNotAllowed answers for a path that has a route, but none for the method. RFC 9110, section 15.5.6: the answer
// names those it has.
func methodNotAllowed(routes chi.Routes) http.HandlerFunc {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	return func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		var allowed []string
		for _, method := range methods {
			if routes.Match(chi.NewRouteContext(), method, path) {
				allowed = append(allowed, method)
				if method == http.MethodGet { // of which the router makes HEAD by itself
					allowed = append(allowed, http.MethodHead)
				}
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, http.StatusMethodNotAllowed,
			earshot.Errorf(earshot.CodeUnknownCommand, "This address takes %s only.", strings.Join(allowed, ", ")))
	}
}

func isAPI(r *http.Request) bool {
	return r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/")
}

// routeOf names a request in the log by its route, not its path: a path can hold a name, and a query a secret.
func routeOf(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil {
		if pattern := rc.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return "none"
}
