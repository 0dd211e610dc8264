package httpd

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/earshot-chat/earshot"
)

// maxBody is the longest request body, in bytes.
const maxBody = 64 << 10

// readBody reads a request's body into a T, or says what is wrong with it.
func readBody[T any](w http.ResponseWriter, r *http.Request) (T, error) {
	return readLongBody[T](w, r, maxBody)
}

// readLongBody is readBody for a body of at most so many bytes.
func readLongBody[T any](w http.ResponseWriter, r *http.Request, most int64) (T, error) {
	var body T
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, given := params["charset"]
	if err != nil || kind != "application/json" || (given && !strings.EqualFold(charset, "utf-8")) {
		return body, earshot.Errorf(earshot.CodeMalformed, "The content-type must be application/json.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	defer clear(text) // it may hold a password
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return body, earshot.Errorf(earshot.CodeTooLarge, "A request body has at most %d bytes here.", most)
	}
	if err != nil {
		return body, earshot.WrapError(earshot.CodeMalformed, err, "The request broke off.")
	}
	return body, decodeBody(text, &body)
}

// decodeBody reads one JSON object with fields of the struct only, each at most once, in valid UTF-8, and nothing after
// it (RFC 8259, RFC 7493: all but the unknown fields is the decoder's default). It is strict because what two readers
// of a request understand differently is how checks are slipped past. Its errors do not repeat the input.
func decodeBody(text []byte, into any) error {
	if jsontext.Value(text).Kind() != '{' {
		return earshot.Errorf(earshot.CodeMalformed, "The body must be a JSON object.")
	}
	err := json.Unmarshal(text, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	malformed := func(message string) error { return earshot.WrapError(earshot.CodeMalformed, err, message) }
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return malformed("The body has a field twice.")
	}
	if errors.Is(err, json.ErrUnknownName) {
		return malformed("The body has a field that this call does not take.")
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		e := earshot.WrapError(earshot.CodeMalformed, err, "A field of the body has the wrong type.")
		e.Field = strings.TrimPrefix(string(semantic.JSONPointer), "/")
		return e
	}
	return malformed("The body is not JSON in valid UTF-8.")
}
