package main

import (
	"net/http"
	"testing"
)

// TestMultichatModes looks at the door for guests in each mode: it asks who is there, or it is none.
func TestMultichatModes(t *testing.T) {
	for mode, want := range map[string]int{
		"": http.StatusUnauthorized, "on": http.StatusUnauthorized, "quiet": http.StatusUnauthorized, "off": http.StatusNotFound,
	} {
		t.Run(mode, func(t *testing.T) {
			var args []string
			if mode != "" {
				args = []string{"--multichat", mode}
			}
			r := serve(t, t.TempDir(), args...)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/chat/stream/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Upgrade", "websocket")
			req.Header.Set("Connection", "Upgrade")
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("answered with %d, not %d", answer.StatusCode, want)
			}
		})
	}
}
