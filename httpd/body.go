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
	if err := wantKind(r, isJSON, "application/json"); err != nil {
		return body, err
	}
	tooLarge := func() error {
		return earshot.Errorf(earshot.CodeTooLarge, "A request body has at most %d bytes here.", most)
	}
	if r.ContentLength > most { // not worth waiting for
		return body, tooLarge()
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	defer clear(text) // it may hold a password
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return body, tooLarge()
	}
	if err != nil {
		return body, earshot.WrapError(earshot.CodeMalformed, err, "The request broke off.")
	}
	return body, decodeBody(text, &body)
}

// unsupported is a CodeMalformed for a body of a kind that the call does not take, which HTTP has a status of its own for
// (RFC 9110, section 15.5.16).
type unsupported struct {
	error
	// header says in the answer what would be taken.
	header, takes string
}

func (u unsupported) Unwrap() error { return u.error }

// wantKind refuses a body that is not of one content-type that the call takes, or that is coded: two readers of a request with
// two types would each take another one.
func wantKind(r *http.Request, takes func(contentType string) bool, accept string) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return unsupported{earshot.Errorf(earshot.CodeMalformed, "A request must not be compressed."), "Accept-Encoding", "identity"}
	}
	if kinds := r.Header.Values("Content-Type"); len(kinds) != 1 || !takes(kinds[0]) {
		return unsupported{earshot.Errorf(earshot.CodeMalformed, "The content-type must be %s.", accept), "Accept", accept}
	}
	return nil
}

func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset, given := params["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
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
