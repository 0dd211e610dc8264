package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// answerBytes is the longest answer of the REST API that is read: a server has some thousands of rooms.
const answerBytes = 8 << 20

// Room is a room as the server lists it.
type Room struct {
	// Room is what is kept of it; its CreatedAt is not told.
	earshot.Room
	// Occupants is how many are inside.
	Occupants int
}

// LogIn logs in with a name and a password, and gives the secret for Options.Cookie. Of the options only those that say
// where the server is and how to get there count. Errors: *earshot.Error with CodeUnauthenticated where name or password
// is wrong, with CodeRateLimited and RetryAfter after too many tries, or another code; *ProtocolError; what the network says.
func LogIn(ctx context.Context, opts Options, username, password string) (cookie string, err error) {
	opts.Token, opts.Cookie = "", ""
	s, err := newSite(&opts)
	if err != nil {
		return "", err
	}
	defer s.close()
	in := struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}{username, password}
	cookies, err := s.call(ctx, http.MethodPost, "/api/v1/login", in, nil)
	if err != nil {
		return "", err
	}
	for _, c := range cookies {
		if (c.Name == cookieName || c.Name == hostCookieName) && c.Value != "" {
			return c.Value, nil
		}
	}
	return "", brokenFrame("the log-in was answered without a cookie")
}

// Rooms gives the rooms that one may enter, by name. Errors: *earshot.Error with the server's code, *ProtocolError, what
// the network says. It works whether or not the client is connected, until Close.
func (c *Client) Rooms(ctx context.Context) ([]Room, error) {
	var out struct {
		Rooms []struct {
			wire.Room
			Occupants int `json:"occupants"`
		} `json:"rooms"`
	}
	if _, err := c.site.call(ctx, http.MethodGet, "/api/v1/rooms", nil, &out); err != nil {
		return nil, err
	}
	rooms := make([]Room, len(out.Rooms))
	for i, r := range out.Rooms {
		rooms[i] = Room{Room: roomOf(r.Room), Occupants: r.Occupants}
	}
	return rooms, nil
}

// call makes a call of the REST API, and gives the cookies that the answer sets. Its body is read into out, if that is not
// nil.
func (s *site) call(ctx context.Context, method, path string, in, out any) ([]*http.Cookie, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.at(path), body)
	if err != nil {
		return nil, err
	}
	request.Header = s.header.Clone()
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read, and there is nothing to write
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > answerBytes:
		return nil, brokenFrame("the answer is too long")
	case answer.StatusCode > 299:
		return nil, problemOf(answer, text)
	}
	if out != nil && json.Unmarshal(text, out) != nil {
		return nil, brokenFrame("the answer is not what was asked for")
	}
	return answer.Cookies(), nil
}

// problemOf makes an error of an answer that refuses (RFC 9457). What does not come from Earshot, but from a proxy before
// it, gets the code that goes with its status.
func problemOf(answer *http.Response, text []byte) *earshot.Error {
	var p struct {
		Code    string `json:"code"`
		Field   string `json:"field"`
		Detail  string `json:"detail"`
		RetryMs int64  `json:"retry_ms"`
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err == nil && kind == "application/problem+json" && json.Unmarshal(text, &p) == nil && p.Code != "" {
		return errorOf(wire.Error{Code: p.Code, Message: p.Detail, Field: p.Field, RetryMs: p.RetryMs})
	}
	e := &earshot.Error{Code: codeOf(answer.StatusCode), Message: "The server answered with " + strconv.Itoa(answer.StatusCode) + "."}
	if s, err := strconv.ParseInt(answer.Header.Get("Retry-After"), 10, 32); err == nil && s > 0 {
		e.RetryAfter = min(time.Duration(s)*time.Second, longestRetry)
	}
	return e
}

func codeOf(status int) earshot.Code {
	switch status {
	case http.StatusBadRequest:
		return earshot.CodeMalformed
	case http.StatusUnauthorized:
		return earshot.CodeUnauthenticated
	case http.StatusForbidden:
		return earshot.CodeForbidden
	case http.StatusNotFound:
		return earshot.CodeNotFound
	case http.StatusTooManyRequests:
		return earshot.CodeRateLimited
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return earshot.CodeBusy
	default:
		return earshot.CodeInternal
	}
}
