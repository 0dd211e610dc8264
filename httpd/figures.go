package httpd

import (
	"net/http"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/earshot-chat/earshot"
)

// Setting is one of the server's settings as those may see it who look after the server: without secrets.
type Setting struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Help    string `json:"help"`
}

type settingsReply struct {
	Settings []Setting `json:"settings"`
}

// figuresReply is "Figures" in docs/openapi.yaml.
type figuresReply struct {
	// At and UptimeMs are in milliseconds, the first since 1970 UTC: what is counted since the start becomes a rate between two
	// answers.
	At          int64  `json:"at"`
	UptimeMs    int64  `json:"uptime_ms"`
	Users       int    `json:"users"`
	Sessions    int    `json:"sessions"`
	Connections int    `json:"connections"`
	Rooms       int    `json:"rooms"`
	Messages    uint64 `json:"messages"`
	WindowBytes int64  `json:"window_bytes"`
	HeapBytes   uint64 `json:"heap_bytes"`
	MemoryBytes uint64 `json:"memory_bytes"`
	Goroutines  int    `json:"goroutines"`
	Accounts    int    `json:"accounts"`
}

// forViewers makes a handler of a call for those who may look after the server.
func (s *Server) forViewers(c func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return s.scoped(func(w http.ResponseWriter, r *http.Request, by caller) error {
		if !by.User.May(earshot.PermViewServer) {
			return earshot.Errorf(earshot.CodeForbidden, "This needs the permission %s.", earshot.PermViewServer)
		}
		return c(w, r)
	}, earshot.ScopeAdmin)
}

func (s *Server) listSettings(w http.ResponseWriter, _ *http.Request) error {
	settings := s.opts.Settings
	if settings == nil {
		settings = make([]Setting, 0)
	}
	return reply(w, http.StatusOK, settingsReply{Settings: settings})
}

func (s *Server) figures(w http.ResponseWriter, r *http.Request) error {
	accounts, err := s.opts.Accounts.Count(r.Context())
	if err != nil {
		return err
	}
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	live, now := s.opts.Hub.Stats(), time.Now()
	return reply(w, http.StatusOK, figuresReply{
		At: now.UnixMilli(), UptimeMs: now.Sub(s.started).Milliseconds(),
		Users: live.Users, Sessions: live.Sessions, Connections: s.opts.Hub.Connections(), Rooms: live.Rooms,
		Messages: s.opts.Hub.Said(), WindowBytes: s.opts.Hub.WindowBytes(),
		HeapBytes: samples[0].Value.Uint64(), MemoryBytes: samples[1].Value.Uint64() - samples[2].Value.Uint64(),
		Goroutines: runtime.NumGoroutine(), Accounts: accounts,
	})
}
