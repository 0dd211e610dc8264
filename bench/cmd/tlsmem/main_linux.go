// Command tlsmem measures what a connection costs a server in memory, with TLS and without: thousands of logged-in
// connections, each as a user of its own, in rooms of ten; at rest after they came, and again after each has received
// messages.
//
//	tlsmem -earshot bin/earshot -n 3000            over TLS, with a certificate that the server makes
//	tlsmem -earshot bin/earshot -n 3000 -http2     over TLS and HTTP/2, each with a connection of its own
//	tlsmem -earshot bin/earshot -n 3000 -plain     over TCP
//
// The server is a process of its own, and so its resident memory is its own. Before the first figure ten users talk in it
// and leave, so that what every server needs once is not counted as the connections'.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot/bench/proc"
)

// roomSize is how many are in a room, and posts how many messages each of them says.
const (
	roomSize = 10
	posts    = 2
)

type settings struct {
	earshot string
	n       int
	plain   bool
	http2   bool
	settle  time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.earshot, "earshot", "bin/earshot", "the server")
	flag.IntVar(&s.n, "n", 3000, "how many connections; a multiple of ten")
	flag.BoolVar(&s.plain, "plain", false, "without TLS")
	flag.BoolVar(&s.http2, "http2", false, "over HTTP/2")
	flag.DurationVar(&s.settle, "settle", 20*time.Second, "how long to wait before memory is looked at")
	flag.Parse()
	if s.n < roomSize || s.n%roomSize != 0 || s.plain && s.http2 {
		fmt.Fprintln(os.Stderr, "tlsmem: -n must be a multiple of ten, and HTTP/2 is over TLS only")
		os.Exit(2) //nolint:forbidigo // main ends the process
	}
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "tlsmem:", err)
		os.Exit(1) //nolint:forbidigo // main ends the process
	}
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "tlsmem")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tokens, err := prepare(ctx, s, dir)
	if err != nil {
		return err
	}
	addr, err := proc.FreePort(ctx)
	if err != nil {
		return err
	}
	command := []string{s.earshot, "serve", "--listen", addr.String(), "--data", dir}
	if !s.plain {
		command = append(command, "--tls-dev")
	}
	server, err := proc.Start(ctx, addr, "", command)
	if err != nil {
		return err
	}
	defer server.Stop()
	return measure(ctx, s, server, tokens)
}

// prepare makes users, tokens and rooms.
func prepare(ctx context.Context, s settings, dir string) (tokens []string, err error) {
	var names bytes.Buffer
	for i := range s.n + roomSize {
		fmt.Fprintf(&names, "user%d\n", i)
	}
	list := filepath.Join(dir, "users.txt")
	if err := os.WriteFile(list, names.Bytes(), 0o600); err != nil {
		return nil, err
	}
	if _, err := earshot(ctx, s, "user", "create", "--from", list, "--data", dir); err != nil {
		return nil, err
	}
	out, err := earshot(ctx, s, "token", "create", "--from", list, "--data", dir)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(out) {
		tokens = append(tokens, string(bytes.TrimSpace(line)))
	}
	for i := range s.n/roomSize + 1 { // their ids are 1, 2, 3 ...
		if _, err := earshot(ctx, s, "room", "create", "room"+strconv.Itoa(i), "--data", dir); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func earshot(ctx context.Context, s settings, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.earshot, args...) //nolint:gosec // the product
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("earshot %s: %w: %.500s", args[0], err, said.String())
	}
	return out, nil
}

// measure fills the server and looks at its memory.
func measure(ctx context.Context, s settings, server *proc.Server, tokens []string) error {
	warm := &crowd{addr: server.Addr.String(), plain: s.plain, http2: s.http2, tokens: tokens[s.n:], firstRoom: s.n/roomSize + 1}
	if err := warm.arrive(ctx); err != nil {
		return err
	}
	if err := warm.talk(); err != nil {
		return err
	}
	warm.leave()
	base, err := memory(ctx, s, server)
	if err != nil {
		return err
	}
	all := &crowd{addr: server.Addr.String(), plain: s.plain, http2: s.http2, tokens: tokens[:s.n], firstRoom: 1}
	begin := time.Now()
	if err := all.arrive(ctx); err != nil {
		return err
	}
	took := time.Since(begin)
	rest, err := memory(ctx, s, server)
	if err != nil {
		return err
	}
	if err := all.talk(); err != nil {
		return err
	}
	after, err := memory(ctx, s, server)
	if err != nil {
		return err
	}
	all.leave()
	each := func(rss int64) float64 { return float64(rss-base) / float64(s.n) / 1000 }
	_, err = fmt.Fprintf(os.Stdout, "%d connections in %.1f s (TLS %v, HTTP/2 %v). Without any: %.1f MB. At rest: %.2f kB each. After %d messages received: %.2f kB each.\n",
		s.n, took.Seconds(), !s.plain, s.http2, float64(base)/1e6, each(rest), roomSize*posts, each(after))
	return err
}

// memory is the server's resident memory when it has settled.
func memory(ctx context.Context, s settings, server *proc.Server) (int64, error) {
	select {
	case <-time.After(s.settle):
	case <-ctx.Done():
	}
	return server.RSS()
}
