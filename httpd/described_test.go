package httpd

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/earshot-chat/earshot/docs"
)

// described gives docs/openapi.yaml, read once: every call of a test is held to it (house.call), and the package's tests
// together must have called all of it (TestMain).
var described = sync.OnceValues(readDescription)

// description is docs/openapi.yaml as far as calls are held to it.
type description struct {
	operations map[string]*operation // by method and path, as in "GET /rooms/{id}"
	tags       []string

	mu        sync.Mutex
	succeeded map[string]bool // by the same
}

// operation is an Operation Object (OpenAPI 3.1, section 4.8.10), with the references in it followed.
type operation struct {
	key        string
	id         string
	summary    string
	tags       []string
	open       bool // nobody has to be logged in
	parameters []parameter
	body       *content
	bodyNeeded bool
	answers    map[string]content // by status, or "default"
	triedIn    string
}

type parameter struct {
	name, in string
	schema   *jsonschema.Schema
}

// content is what a body may be, by its media type; without any there is no body.
type content map[string]*jsonschema.Schema

// reader walks the document.
type reader struct {
	document any
	compiler *jsonschema.Compiler
}

func readDescription() (*description, error) {
	asJSON, err := yaml.YAMLToJSON([]byte(docs.OpenAPI()))
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return nil, err
	}
	closeObjects(document)
	r := &reader{document: document, compiler: jsonschema.NewCompiler()}
	r.compiler.DefaultDraft(jsonschema.Draft2020) // what OpenAPI 3.1 takes its schemas from
	r.compiler.AssertFormat()
	if err := r.compiler.AddResource("openapi.json", document); err != nil {
		return nil, err
	}
	d := &description{operations: make(map[string]*operation), succeeded: make(map[string]bool)}
	tags, _ := r.at("/tags").([]any)
	for _, tag := range tags {
		d.tags = append(d.tags, text(tag, "name"))
	}
	paths, _ := r.at("/paths").(map[string]any)
	for route, item := range paths {
		for method := range item.(map[string]any) {
			if method == "parameters" || method == "summary" || method == "description" {
				continue
			}
			op, err := r.operation(strings.ToUpper(method)+" "+route, "/paths/"+escape(route), method)
			if err != nil {
				return nil, err
			}
			d.operations[op.key] = op
		}
	}
	return d, nil
}

// closeObjects has objects hold no more than is described: what an answer has more was forgotten in the description.
func closeObjects(value any) {
	switch v := value.(type) {
	case map[string]any:
		_, has := v["additionalProperties"]
		if _, properties := v["properties"].(map[string]any); properties && v["type"] == "object" && !has {
			v["additionalProperties"] = false
		}
		for _, below := range v {
			closeObjects(below)
		}
	case []any:
		for _, below := range v {
			closeObjects(below)
		}
	}
}

func (r *reader) operation(key, item, method string) (*operation, error) {
	at := item + "/" + method
	op := &operation{
		key: key, id: text(r.at(at), "operationId"), summary: text(r.at(at), "summary"), triedIn: text(r.at(at), "x-tried-in"),
		answers: make(map[string]content),
	}
	tags, _ := r.at(at + "/tags").([]any)
	for _, tag := range tags {
		op.tags = append(op.tags, fmt.Sprint(tag))
	}
	security, said := r.at(at + "/security").([]any)
	op.open = said && len(security) == 0
	for _, list := range []string{item + "/parameters", at + "/parameters"} {
		parameters, _ := r.at(list).([]any)
		for i := range parameters {
			pointer := r.follow(list + "/" + strconv.Itoa(i))
			schema, err := r.compiler.Compile("openapi.json#" + pointer + "/schema")
			if err != nil {
				return nil, err
			}
			op.parameters = append(op.parameters, parameter{name: text(r.at(pointer), "name"), in: text(r.at(pointer), "in"), schema: schema})
		}
	}
	if body := r.follow(at + "/requestBody"); r.at(body) != nil {
		c, err := r.content(body)
		if err != nil {
			return nil, err
		}
		op.body = &c
		op.bodyNeeded, _ = r.at(body + "/required").(bool)
	}
	answers, _ := r.at(at + "/responses").(map[string]any)
	for status := range answers {
		c, err := r.content(r.follow(at + "/responses/" + status))
		if err != nil {
			return nil, err
		}
		op.answers[status] = c
	}
	return op, nil
}

func (r *reader) content(at string) (content, error) {
	c := make(content)
	media, _ := r.at(at + "/content").(map[string]any)
	for kind := range media {
		schema, err := r.compiler.Compile("openapi.json#" + at + "/content/" + escape(kind) + "/schema")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		c[kind] = schema
	}
	return c, nil
}

// at gives what a JSON pointer (RFC 6901) points to, or nil.
func (r *reader) at(pointer string) any {
	value := r.document
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// follow gives the pointer, or that which a reference there has.
func (r *reader) follow(pointer string) string {
	if ref := text(r.at(pointer), "$ref"); ref != "" {
		return r.follow(strings.TrimPrefix(ref, "#"))
	}
	return pointer
}

func escape(part string) string {
	return strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1")
}

func text(of any, field string) string {
	object, _ := of.(map[string]any)
	s, _ := object[field].(string)
	return s
}

// call gives the operation's method, and its path with the names of parameters in it.
func (op *operation) call() (method, route string) {
	method, route, _ = strings.Cut(op.key, " ")
	return method, route
}

// usual are the statuses that need not be described one by one.
func usual() []int {
	return []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
}

// hold sees that a call and its answer are as they are described.
func (d *description) hold(routes chi.Routes, r *http.Request, body string, w *httptest.ResponseRecorder) error {
	match := chi.NewRouteContext()
	if !isAPI(r) || !routes.Match(match, r.Method, r.URL.EscapedPath()) {
		return nil
	}
	key := r.Method + " " + strings.TrimPrefix(match.RoutePattern(), "/api/v1")
	op := d.operations[key]
	if op == nil {
		return fmt.Errorf("%s is not described", key)
	}
	answer, ok := op.answers[strconv.Itoa(w.Code)]
	if !ok && slices.Contains(usual(), w.Code) {
		answer, ok = op.answers["default"]
	}
	if !ok {
		return fmt.Errorf("%s answered %d, which is not described", key, w.Code)
	}
	if err := answer.hold(w.Header().Get("Content-Type"), w.Body.String()); err != nil {
		return fmt.Errorf("what %s answered with %d: %w", key, w.Code, err)
	}
	if w.Code >= http.StatusBadRequest {
		return nil
	}
	d.mu.Lock()
	d.succeeded[key] = true
	d.mu.Unlock()
	return errors.Join(op.holdQuery(r), op.holdBody(r, body))
}

// holdBody sees that a body that was taken is described.
func (op *operation) holdBody(r *http.Request, body string) error {
	switch {
	case op.body == nil && body != "":
		return fmt.Errorf("%s took a body, and none is described", op.key)
	case op.body == nil || body == "":
		if op.bodyNeeded && body == "" {
			return fmt.Errorf("%s did without a body, and one is said to be needed", op.key)
		}
		return nil
	}
	if err := op.body.hold(r.Header.Get("Content-Type"), body); err != nil {
		return fmt.Errorf("what %s took: %w", op.key, err)
	}
	return nil
}

// holdQuery sees that a query that was taken is described.
func (op *operation) holdQuery(r *http.Request) error {
	for name, values := range r.URL.Query() {
		i := slices.IndexFunc(op.parameters, func(p parameter) bool { return p.in == "query" && p.name == name })
		if i < 0 {
			return fmt.Errorf("%s took %s in its query, which is not described", op.key, name)
		}
		for _, v := range values {
			// A value is what JSON makes of it, or else a text.
			asText := op.parameters[i].schema.Validate(v)
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(v))
			if asText != nil && (err != nil || op.parameters[i].schema.Validate(value) != nil) {
				return fmt.Errorf("%s took %s=%s: %w", op.key, name, v, asText)
			}
		}
	}
	return nil
}

func (c content) hold(contentType, body string) error {
	if len(c) == 0 {
		if body != "" {
			return fmt.Errorf("a body is not described: %.200s", body)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content-type %q: %w", contentType, err)
	}
	schema, ok := c[kind]
	if !ok {
		schema, ok = c[strings.Split(kind, "/")[0]+"/*"]
	}
	if !ok {
		return fmt.Errorf("content-type %s is not described", kind)
	}
	if kind != "application/json" && kind != "application/problem+json" {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%.500s: %w", body, err)
	}
	return nil
}

// untried gives the operations that no test made succeed, and that name no test elsewhere.
func (d *description) untried() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []string
	for key, op := range d.operations {
		if !d.succeeded[key] && op.triedIn == "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
