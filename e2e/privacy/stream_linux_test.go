package privacy

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStreamMemory has some hear over event streams, compressed and not, what others say on the socket and by requests, and
// looks for it in the server's memory when the window has let go. What came in a request may stand in the buffer that it was
// read into, which is net/http's, until another one does (docs/privacy.md).
func TestStreamMemory(t *testing.T) {
	readsMemory(t)
	const window, listeners = 2 * time.Second, 16
	p, b := newPlace(t, t.TempDir()), newBook()
	tokens := p.people(t, b, 3+listeners+1, 1)
	s := p.serve(t, nil, "--resume-window", window.String(), "--resume-grace", "1s", "--ping-interval", "2s")
	c := gather(s, b, tokens[:3], 1)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	const said = 60
	all := make(chan int)
	for i, token := range tokens[3 : 3+listeners] {
		go s.listen(t, token, i%2 == 1, said, all)
	}
	for range listeners {
		<-all // is in the room
	}
	for n := range said {
		if n%3 == 2 {
			s.say(t, tokens[3+listeners], b.text(request, 200))
			continue
		}
		c.mustPost(1, b.text([]kind{plain, packed}[n%2], []int{100, 2000}[n%2]))
	}
	for range listeners {
		if n := <-all; n != said {
			t.Errorf("%d of %d were heard", n, said)
		}
	}
	s.letGo(t, b, window)
}

// listen hears so many messages over a stream, and tells when it is in the room and how many it heard.
func (s *server) listen(t *testing.T, token string, packed bool, most int, tell chan<- int) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	heard, entered := 0, false
	defer func() {
		for ; !entered; entered = true {
			tell <- 0
		}
		tell <- heard
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/events?room=room0", nil)
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Encoding", map[bool]string{true: "gzip", false: "identity"}[packed])
	answer, err := http.DefaultTransport.RoundTrip(r) //nolint:bodyclose // the test's end closes it: nothing is to end before
	if err != nil {
		t.Error(err)
		return
	}
	var body io.Reader = answer.Body
	if packed {
		if body, err = gzip.NewReader(body); err != nil {
			t.Error(err)
			return
		}
	}
	for lines := bufio.NewReader(body); heard < most; {
		text, err := lines.ReadString('\n')
		if err != nil {
			t.Error(err)
			return
		}
		switch {
		case strings.Contains(text, `"type":"joined"`):
			entered = true
			tell <- 0
		case strings.Contains(text, `"type":"message"`):
			heard++
		}
	}
	go func() { _, _ = io.ReadAll(body) }() // goes on listening
}

// say says a line by a request.
func (s *server) say(t *testing.T, token, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/events?room=room0", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
}
