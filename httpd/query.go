package httpd

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot"
)

// The sizes of pages of lists.
const (
	defPage = 50
	maxPage = 200
)

// query reads what stands behind the question mark of an address. The first thing that is wrong is err.
type query struct {
	values url.Values
	err    error
}

// readQuery reads the request's query, which may have these names only, each at most once: what two readers understand
// differently is how checks are slipped past, and a filter that is misspelt must not find everybody.
func readQuery(r *http.Request, names ...string) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.err = earshot.WrapError(earshot.CodeMalformed, err, "The query of the address cannot be read.")
		return q
	}
	for name, all := range values {
		if !slices.Contains(names, name) || len(all) > 1 {
			q.err = earshot.Errorf(earshot.CodeMalformed, "The address has a parameter that this call does not take, or one twice.")
		}
	}
	return q
}

// text gives a parameter, empty if it is not there.
func (q *query) text(name string) string { return q.values.Get(name) }

// flag gives a parameter that is true or false, nil if it is not there.
func (q *query) flag(name string) *bool {
	text := q.text(name)
	value := text == "true"
	switch {
	case text == "":
		return nil
	case !value && text != "false" && q.err == nil:
		q.err = earshot.FieldError(name, "This is true or false.")
	}
	return &value
}

// number gives a parameter that is a number from 0 on, 0 if it is not there.
func (q *query) number(name string) int64 {
	text := q.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if (err != nil || n < 0) && q.err == nil {
		q.err = earshot.FieldError(name, "%s must be a number.", name)
	}
	return n
}

// time gives a parameter that is a time by RFC 3339, the zero time if it is not there.
func (q *query) time(name string) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil && q.err == nil {
		q.err = earshot.FieldError(name, "%s must be a time such as 2031-05-07T12:00:00Z (RFC 3339).", name)
	}
	return t
}

// limit gives how many a page is to have.
func (q *query) limit() int {
	text := q.text("limit")
	if text == "" {
		return defPage
	}
	n, err := strconv.Atoi(text)
	if (err != nil || n < 1 || n > maxPage) && q.err == nil {
		q.err = earshot.FieldError("limit", "A page has 1 to %d.", maxPage)
	}
	return n
}

// cutPage gives at most limit of what was found with one more than that, and whether there was that one more.
func cutPage[T any](found []T, limit int) (some []T, more bool) {
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}
