package httpd

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// TestStreamDoor tries who may open the stream and say a line.
func TestStreamDoor(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", password(goodPassword))
	ana.wants(http.StatusCreated, http.MethodPost, "/api/v1/rooms", `{"name":"lobby"}`)
	cookie := cookieName + "=" + sessionCookie(h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword))).Value
	url := "http://" + listenAndServe(t, h.Server) + "/events?room=lobby"
	const bearer, ok = "Bearer ", http.StatusOK
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"a token":                          {[]string{"Authorization", bearer + ana.token}, ok},
		"a token from another page":        {[]string{"Authorization", bearer + ana.token, "Origin", "https://evil.test"}, http.StatusForbidden},
		"a cookie and an own page":         {[]string{"Cookie", cookie, "Origin", ownOrigin}, ok},
		"a cookie and the same origin":     {[]string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}, ok},
		"a cookie and the protocol":        {[]string{"Cookie", cookie, "Earshot-Protocol", wire.Subprotocol}, ok},
		"a cookie alone, as of an image":   {[]string{"Cookie", cookie}, http.StatusForbidden},
		"a cookie and another port":        {[]string{"Cookie", cookie, "Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		"a cookie and a typed address":     {[]string{"Cookie", cookie, "Sec-Fetch-Site", "none"}, http.StatusForbidden},
		"a cookie and another origin":      {[]string{"Cookie", cookie, "Origin", "https://evil.test", "Earshot-Protocol", wire.Subprotocol}, http.StatusForbidden},
		"a cookie and a sandboxed frame":   {[]string{"Cookie", cookie, "Origin", "null"}, http.StatusForbidden},
		"a cookie and another protocol":    {[]string{"Cookie", cookie, "Earshot-Protocol", "earshot.v0"}, http.StatusForbidden},
		"nobody":                           {nil, http.StatusUnauthorized},
		"a bad token and the right cookie": {[]string{"Authorization", bearer + "no", "Cookie", cookie, "Origin", ownOrigin}, http.StatusUnauthorized},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(map[string]string{http.MethodPost: "hi"}[method]))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(c.headers); i += 2 {
				r.Header.Set(c.headers[i], c.headers[i+1])
			}
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != c.want {
				t.Errorf("%s: %s answered with %d, not %d", name, method, answer.StatusCode, c.want)
			}
			if c.want != ok {
				problemOf(t, recorded(t, answer))
			}
			cancel()
			_ = answer.Body.Close()
		}
	}
}

// TestTimesDoNotBindStream: the times for a request do not end a stream, and log-out does. On a machine on which they are over before
// it has begun, they are longer in the next try.
func TestTimesDoNotBindStream(t *testing.T) {
	for all := 50 * time.Millisecond; all < patience; all *= 2 {
		h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) { o.Times = within(all) })
		ana := h.user("ana", nil)
		conn := dial(t, listenAndServe(t, h.Server))
		_, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+ana.token+"\r\n\r\n")
		said := bufio.NewReader(conn)
		for line := ""; err == nil && !strings.HasPrefix(line, "data: "); {
			line, err = said.ReadString('\n')
		}
		if err != nil {
			continue
		}
		<-time.After(4 * all)
		ana.wants(http.StatusNoContent, http.MethodPost, "/api/v1/logout", "")
		if rest, err := io.ReadAll(said); err != nil || !strings.Contains(string(rest), `"code":4500`) {
			t.Errorf("%q %v", rest, err)
		}
		return
	}
	t.Error("no stream ever began")
}
