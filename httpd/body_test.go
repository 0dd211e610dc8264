package httpd

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
)

type sample struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Title *string `json:"title"`
}

func TestReadBody(t *testing.T) {
	const ok = earshot.Code("")
	for name, c := range map[string]struct {
		kind, body string
		want       earshot.Code
		field      string
	}{
		"good":                 {"application/json", `{"name":"ana","count":3}`, ok, ""},
		"space around":         {"application/json", " \n{}\t\n", ok, ""},
		"charset":              {"Application/JSON; charset=UTF-8", `{}`, ok, ""},
		"null is absent":       {"application/json", `{"name":null,"title":null}`, ok, ""},
		"other charset":        {"application/json; charset=latin1", `{}`, earshot.CodeMalformed, ""},
		"no content-type":      {"", `{}`, earshot.CodeMalformed, ""},
		"form":                 {"application/x-www-form-urlencoded", `name=ana`, earshot.CodeMalformed, ""},
		"text":                 {"text/plain", `{}`, earshot.CodeMalformed, ""},
		"broken content-type":  {"application/json; charset", `{}`, earshot.CodeMalformed, ""},
		"empty":                {"application/json", ``, earshot.CodeMalformed, ""},
		"null":                 {"application/json", `null`, earshot.CodeMalformed, ""},
		"list":                 {"application/json", `[{}]`, earshot.CodeMalformed, ""},
		"string":               {"application/json", `"{}"`, earshot.CodeMalformed, ""},
		"unknown field":        {"application/json", `{"name":"ana","is_staff":true}`, earshot.CodeMalformed, ""},
		"other case":           {"application/json", `{"Name":"ana"}`, earshot.CodeMalformed, ""},
		"doubled field":        {"application/json", `{"name":"ana","name":"bob"}`, earshot.CodeMalformed, ""},
		"doubled by escape":    {"application/json", `{"name":"ana","n\u0061me":"bob"}`, earshot.CodeMalformed, ""},
		"wrong type":           {"application/json", `{"name":7}`, earshot.CodeMalformed, "name"},
		"fraction":             {"application/json", `{"count":1.5}`, earshot.CodeMalformed, "count"},
		"too large a number":   {"application/json", `{"count":99999999999999999999}`, earshot.CodeMalformed, "count"},
		"object for a text":    {"application/json", `{"name":{"a":1}}`, earshot.CodeMalformed, "name"},
		"trailing data":        {"application/json", `{} {}`, earshot.CodeMalformed, ""},
		"trailing bracket":     {"application/json", `{}}`, earshot.CodeMalformed, ""},
		"comment":              {"application/json", `{} // x`, earshot.CodeMalformed, ""},
		"cut off":              {"application/json", `{"name":"ana`, earshot.CodeMalformed, ""},
		"byte order mark":      {"application/json", "\ufeff{}", earshot.CodeMalformed, ""},
		"invalid UTF-8":        {"application/json", "{\"name\":\"a\xff\"}", earshot.CodeMalformed, ""},
		"half a surrogate":     {"application/json", `{"name":"\ud800"}`, earshot.CodeMalformed, ""},
		"control character":    {"application/json", "{\"name\":\"a\nb\"}", earshot.CodeMalformed, ""},
		"deep in a known":      {"application/json", `{"name":` + strings.Repeat("[", 30000), earshot.CodeMalformed, ""},
		"deep in an unknown":   {"application/json", `{"x":` + strings.Repeat(`{"x":`, 10000), earshot.CodeMalformed, ""},
		"deep from the start":  {"application/json", strings.Repeat("[", 60000), earshot.CodeMalformed, ""},
		"at the limit":         {"application/json", `{"name":"` + strings.Repeat("x", maxBody-11) + `"}`, ok, ""},
		"one byte over":        {"application/json", `{"name":"` + strings.Repeat("x", maxBody-10) + `"}`, earshot.CodeTooLarge, ""},
		"space over the limit": {"application/json", `{}` + strings.Repeat(" ", maxBody), earshot.CodeTooLarge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			_, err := readBody[sample](httptest.NewRecorder(), r)
			if got := earshot.CodeOf(err); got != c.want {
				t.Fatalf("code is %q, not %q: %v", got, c.want, err)
			}
			if err != nil && earshot.AsError(err).Field != c.field {
				t.Errorf("field is %q, not %q", earshot.AsError(err).Field, c.field)
			}
		})
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, seed := range []string{
		`{"name":"ana","count":3,"title":null}`, `{"name":"a","name":"b"}`, `{"x":1}`, `{} {}`, `null`, "{\"name\":\"\xff\"}", `{"count":1e3}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var body sample
		err := decodeBody(text, &body)
		if err == nil {
			if !jsontext.Value(text).IsValid() {
				t.Fatal("what is not valid JSON, without doubled fields, was taken")
			}
			if !utf8.ValidString(body.Name) {
				t.Fatal("invalid UTF-8 came through")
			}
			return
		}
		e, ok := errors.AsType[*earshot.Error](err)
		if !ok || e.Code != earshot.CodeMalformed || e.Message == "" {
			t.Fatalf("the error %v is not of the protocol", err)
		}
	})
}

// TestBodiesOfOtherKinds tries what is not the JSON of docs/protocol.md by what its header says, before it is read: another media
// type, none, two of them, a content coding, and a length that is over the limit of which nothing needs to come.
func TestBodiesOfOtherKinds(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	post := func(change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/login", strings.NewReader(`{"username":"ana","password":"x"}`))
		r.Header.Set("Content-Type", "application/json")
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for what, c := range map[string]struct {
		change        func(*http.Request)
		status        int
		header, value string
	}{
		"text":               {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType, "Accept", "application/json"},
		"nothing":            {func(r *http.Request) { r.Header.Del("Content-Type") }, http.StatusUnsupportedMediaType, "Accept", "application/json"},
		"two types":          {func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType, "Accept", "application/json"},
		"gzip":               {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType, "Accept-Encoding", "identity"},
		"identity":           {func(r *http.Request) { r.Header.Set("Content-Encoding", "Identity") }, http.StatusUnauthorized, "", ""},
		"a length too great": {func(r *http.Request) { r.ContentLength, r.Body = maxBody+1, unreadable{} }, http.StatusRequestEntityTooLarge, "", ""},
	} {
		w := post(c.change)
		if w.Code != c.status || w.Header().Get("Content-Type") != "application/problem+json" || (c.header != "" && w.Header().Get(c.header) != c.value) {
			t.Errorf("%s: %d %v %s", what, w.Code, w.Header(), w.Body)
		}
		if p := problemOf(t, w); p.Status != c.status {
			t.Errorf("%s: the problem says %d", what, p.Status)
		}
	}
	w := ana.upload([]byte("{}"), "Content-Type", "application/json")
	if w.Code != http.StatusUnsupportedMediaType || w.Header().Get("Accept") != "image/png, image/jpeg, image/gif, image/webp" {
		t.Errorf("a picture of JSON: %d %v", w.Code, w.Header())
	}
}

// unreadable is a body that nobody is to wait for.
type unreadable struct{}

func (unreadable) Read([]byte) (int, error) { return 0, errors.New("it was read") }
func (unreadable) Close() error             { return nil }
