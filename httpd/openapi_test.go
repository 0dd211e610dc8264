package httpd

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot/docs"
)

// apiRoutes gives the API's routes as the description has them.
func (s *Server) apiRoutes(t *testing.T) []string {
	t.Helper()
	var routes []string
	err := chi.Walk(s.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if below, ok := strings.CutPrefix(route, "/api/v1"); ok {
			routes = append(routes, method+" "+below)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

func TestEveryRouteIsDescribed(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, nil)
	routes := h.apiRoutes(t)
	for _, route := range routes {
		if d.operations[route] == nil {
			t.Errorf("docs/openapi.yaml does not describe %s: the head of the file says how", route)
		}
	}
	ids := make(map[string]string)
	for key, op := range d.operations {
		if !slices.Contains(routes, key) {
			t.Errorf("%s is described, and there is no such route", key)
		}
		if other := ids[op.id]; op.id == "" || other != "" {
			t.Errorf("%s has the operationId %q, as %q has", key, op.id, other)
		}
		ids[op.id] = key
		for _, err := range []error{op.complete(d.tags), op.triedThere()} {
			if err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

// complete tells what is missing of the description of an operation.
func (op *operation) complete(tags []string) error {
	if op.summary == "" || len(op.tags) == 0 || !slices.Contains(tags, op.tags[0]) {
		return fmt.Errorf("summary %q, tags %v", op.summary, op.tags)
	}
	if _, ok := op.answers["default"]; !ok {
		return errors.New("no default answer")
	}
	success := false
	for status := range op.answers {
		success = success || status < "4"
	}
	if !success {
		return errors.New("no answer for success")
	}
	var inPath []string
	for part := range strings.SplitSeq(op.key, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			inPath = append(inPath, strings.TrimSuffix(name, "}"))
		}
	}
	for _, p := range op.parameters {
		if p.in == "path" && !slices.Contains(inPath, p.name) {
			return fmt.Errorf("the path has no %s", p.name)
		}
	}
	for _, name := range inPath {
		if !slices.ContainsFunc(op.parameters, func(p parameter) bool { return p.in == "path" && p.name == name }) {
			return fmt.Errorf("%s of the path is not described", name)
		}
	}
	return nil
}

// triedThere sees that the test elsewhere that an operation names is there.
func (op *operation) triedThere() error {
	if op.triedIn == "" {
		return nil
	}
	_, err := fs.Stat(os.DirFS(".."), path.Clean(op.triedIn))
	return err
}

// TestDescriptionIsServed sees that the description is where it says.
func TestDescriptionIsServed(t *testing.T) {
	h := newHouse(t, nil)
	w := h.call(http.MethodGet, "/api/v1/openapi.yaml", "")
	if w.Code != http.StatusOK || w.Body.String() != docs.OpenAPI() || w.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %s: %d bytes", w.Code, w.Header().Get("Content-Type"), w.Body.Len())
	}
	if again := h.call(http.MethodGet, "/api/v1/openapi.yaml", "", "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", again.Code)
	}
}

// TestHoldingToTheDescription sees that calls that are not as described are found.
func TestHoldingToTheDescription(t *testing.T) {
	whole, err := described()
	if err != nil {
		t.Fatal(err)
	}
	d := &description{operations: whole.operations, succeeded: make(map[string]bool)}
	h := newHouse(t, nil)
	room := `{"id":1,"name":"a","title":"A","topic":"","access":"public","owner":0,"occupants":0}`
	none := `{"type":"about:blank","status":404,"title":"Not Found","code":"not_found","detail":"No."}`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		kind, answer       string
		right              bool
	}{
		"right":              {"GET", "/rooms/1", "", 200, "application/json", room, true},
		"a field more":       {"GET", "/rooms/1", "", 200, "application/json", strings.Replace(room, `{`, `{"more":1,`, 1), false},
		"a field less":       {"GET", "/rooms/1", "", 200, "application/json", strings.Replace(room, `"id":1,`, ``, 1), false},
		"another type":       {"GET", "/rooms/1", "", 200, "application/json", strings.Replace(room, `"id":1`, `"id":"1"`, 1), false},
		"no such access":     {"GET", "/rooms/1", "", 200, "application/json", strings.Replace(room, `"public"`, `"nobody"`, 1), false},
		"another media type": {"GET", "/rooms/1", "", 200, "text/plain", room, false},
		"a query":            {"GET", "/rooms/1?x=1", "", 200, "application/json", room, false},
		"a body":             {"GET", "/rooms/1", "{}", 200, "application/json", room, false},
		"another status":     {"GET", "/rooms/1", "", 202, "application/json", room, false},
		"an error":           {"GET", "/rooms/1", "", 404, "application/problem+json", none, true},
		"not by default":     {"GET", "/me", "", 404, "application/problem+json", none, false},
		"another code":       {"GET", "/rooms/1", "", 404, "application/problem+json", strings.Replace(none, "not_found", "busy", 1), false},
		"no problem":         {"GET", "/rooms/1", "", 404, "text/html", "<p>no", false},
		"a body too many":    {"DELETE", "/rooms/1", "", 204, "", "{}", false},
		"taken":              {"PATCH", "/rooms/1", `{"topic":"x"}`, 200, "application/json", room, true},
		"taken and not said": {"PATCH", "/rooms/1", `{"owner":1}`, 200, "application/json", room, false},
		"no body":            {"PATCH", "/rooms/1", ``, 200, "application/json", room, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/api/v1"+c.path, http.NoBody)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if c.kind != "" {
			w.Header().Set("Content-Type", c.kind)
		}
		w.WriteHeader(c.status)
		_, _ = w.WriteString(c.answer)
		if err := d.hold(h.handler.(chi.Routes), r, c.body, w); (err == nil) != c.right {
			t.Errorf("%s: %v", name, err)
		}
	}
	if untried := d.untried(); slices.Contains(untried, "GET /rooms/{id}") || !slices.Contains(untried, "DELETE /rooms/{id}") {
		t.Errorf("not tried: %v", untried)
	}
}
