//go:build unix

package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// Server is a running server.
type Server struct {
	url *url.URL
	n   atomic.Int64
}

// Start gives the server of EARSHOT_TEST_POSTGRES, or starts one for this test on a Unix socket if PostgreSQL is
// installed, and skips the test if not. It reaches no network.
func Start(t testing.TB) *Server {
	t.Helper()
	if dsn := os.Getenv("EARSHOT_TEST_POSTGRES"); dsn != "" {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatalf("EARSHOT_TEST_POSTGRES: %v", err)
		}
		return &Server{url: u}
	}
	bin := postgresPrograms()
	if bin == "" {
		t.Skip("SKIPPED: what PostgreSQL does. Neither EARSHOT_TEST_POSTGRES (a URL) is set nor are initdb and postgres installed.")
	}
	// A socket's path has at most 107 bytes, and the server's user must be able to enter it: t.TempDir serves neither.
	dir, err := os.MkdirTemp("", "earshot-pg-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := unprivileged(t, dir)
	data := filepath.Join(dir, "data")
	run(t, as, filepath.Join(bin, "initdb"), "-D", data, "-U", "earshot", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")

	var log bytes.Buffer
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-h", "", "-F", "-c", "max_connections=200") //nolint:noctx // it is stopped by a signal
	server.Dir, server.SysProcAttr, server.Stdout, server.Stderr = dir, as, &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", log.String())
		}
	})
	u := &url.URL{Scheme: "postgres", User: url.User("earshot"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}
	awaitPostgres(t, u.String())
	return &Server{url: u}
}

func awaitPostgres(t testing.TB, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the server does not answer: %v", err)
		case <-tick.C:
		}
	}
}

// NewDatabase makes an empty schema, which is a database to the store, and gives its address.
func (p *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	schema := fmt.Sprintf("test_%d_%d", os.Getpid(), p.n.Add(1))
	p.exec(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { p.exec(t, "DROP SCHEMA "+schema+" CASCADE") })
	u := *p.url
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func (p *Server) exec(t testing.TB, query string) {
	t.Helper()
	db, err := sql.Open("pgx", p.url.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), query); err != nil {
		t.Errorf("%s: %v", query, err)
	}
}

// postgresPrograms finds the directory of initdb and postgres. Debian keeps them off the path.
func postgresPrograms() string {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(dirs)
	if found, err := exec.LookPath("initdb"); err == nil {
		dirs = append([]string{filepath.Dir(found)}, dirs...)
	}
	for _, dir := range dirs {
		_, noInit := os.Stat(filepath.Join(dir, "initdb"))
		_, noServer := os.Stat(filepath.Join(dir, "postgres"))
		if noInit == nil && noServer == nil {
			return dir
		}
	}
	return ""
}

// unprivileged gives another user to run the server as where the test runs as root, which PostgreSQL refuses, and gives
// that user the directory.
func unprivileged(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if errU != nil || errG != nil {
			continue
		}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	t.Skip("SKIPPED: what PostgreSQL does. It does not run as root, and there is no user postgres or nobody to run it as.")
	return nil
}

func run(t testing.TB, as *syscall.SysProcAttr, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.SysProcAttr = "/", as
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}
