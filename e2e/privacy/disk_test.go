//go:build unix

package privacy

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/earshot-chat/earshot/wire"
)

// busy has people talk for a while in every way that there is, with a successor in the midst of it, and ends the server.
func busy(t *testing.T, p place, b *book, messages int) {
	t.Helper()
	const users, rooms = 24, 6
	tokens := p.people(t, b, users, rooms)
	s := p.serve(t, nil, "--limits-posts-per-second", "100000", "--limits-posts-burst", "100000")
	c := gather(s, b, tokens[:users], rooms)
	c.talk(messages / 2)
	c.misuse(8)
	c.fragments(40)
	c.losses(20)
	c.deaf(200)
	c.administration(tokens[users])
	s.handOver()
	c.moved()
	c.talk(messages / 2)
	c.losses(20)
	heard := 0
	if !until(t, func() bool { // what was answered may still be on its way to the others
		heard = 0
		for _, one := range c.people {
			one.mu.Lock()
			heard += one.heard
			one.mu.Unlock()
		}
		return heard >= messages*users/8
	}) {
		t.Errorf("too little was heard for a search to mean something")
	}
	t.Logf("%d canaries, %d messages heard", len(b.kinds), heard)
	s.signal(syscall.SIGTERM)
}

func messages() int {
	if *long {
		return 30000
	}
	return 2500
}

// sift fails for everything that was found and may not be, and for what must have been and was not.
func sift(t *testing.T, where string, found findings, must ...kind) {
	t.Helper()
	t.Logf("%s: %v", where, found)
	for _, k := range must {
		if found.only(k).canaries() == 0 {
			t.Errorf("%s: not even a %s was found: the search finds nothing", where, k)
		}
	}
	if bad := found.except(must...); bad.canaries() > 0 {
		t.Errorf("%s: found %v", where, bad)
	}
}

// plant writes a canary that is to be found.
func plant(t *testing.T, b *book, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(b.text(control, 60) + "\n")
	if err == nil {
		err = file.Sync()
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDisk looks for what was said in the raw file system that holds all that the server wrote, and in its log.
func TestDisk(t *testing.T) {
	i, b := imagePlace(t), newBook()
	busy(t, i.place, b, messages())
	// What is deleted is found as well. It comes last: what is written later may take its place.
	deleted := filepath.Join(i.dir("tmp"), "deleted")
	plant(t, b, deleted)
	if err := os.Remove(deleted); err != nil {
		t.Fatal(err)
	}
	i.unmount(t)
	sift(t, "the file system", b.searchFile(t, i.file), control, topic)
	plant(t, b, i.log)
	sift(t, "the log", b.searchFile(t, i.log), control)
}

// TestFiles does the same in the files that there are, where nothing else is possible.
func TestFiles(t *testing.T) {
	if i, err := mountImage(t); err == nil {
		i.unmount(t)
		t.Skip("TestDisk looks at more than the files that there are")
	}
	p, b := newPlace(t, t.TempDir()), newBook()
	busy(t, p, b, messages())
	sift(t, "the files", b.searchTree(t, p.root), topic)
	plant(t, b, p.log)
	sift(t, "the log", b.searchFile(t, p.log), control)
}

// TestCrash ends the server, while it holds what was said, by every signal that a crash is; and by SIGQUIT, at which a Go
// program tells where it is.
func TestCrash(t *testing.T) {
	cores := dumpsCore(t)
	for name, sig := range map[string]syscall.Signal{
		"SIGQUIT": syscall.SIGQUIT, "SIGABRT": syscall.SIGABRT, "SIGSEGV": syscall.SIGSEGV, "SIGBUS": syscall.SIGBUS,
	} {
		for _, traceback := range []string{"", "crash"} {
			t.Run(name+" GOTRACEBACK="+traceback, func(t *testing.T) {
				t.Setenv("GOTRACEBACK", traceback)
				p, b := newPlace(t, t.TempDir()), newBook()
				tokens := p.people(t, b, 4, 2)
				s := p.serve(t, unlimited())
				c := gather(s, b, tokens[:4], 2)
				c.talk(80)
				c.fragments(8)
				c.people[0].must(wire.FrameOK, wire.Command{Type: wire.CommandPing})
				s.signal(sig)
				if files, err := os.ReadDir(p.dir("cwd")); err != nil || len(files) > 0 {
					t.Errorf("the crash left %v (%v)", files, err)
				}
				sift(t, "the files", b.searchTree(t, p.root), topic)
				plant(t, b, p.log)
				sift(t, "the log", b.searchFile(t, p.log), control)
			})
		}
	}
	if !cores {
		t.Log("NOT TRIED: whether a crash leaves a core dump: on this machine no crash does")
	}
}

// deaf has somebody who does not listen while much is said, until what waits is too much and the connection ends.
func (c *crowd) deaf(n int) {
	c.s.t.Helper()
	silent := dial(c.s.t, c.book, c.s.url, c.people[0].token, false).hello()
	silent.must(wire.FrameJoined, wire.Command{Type: wire.CommandJoin, Room: 1})
	silent.hold(true)
	for i := range n {
		who := c.people[1+i%(len(c.people)-1)]
		if h := who.post(1, c.nonce(), c.book.text(slow, 8000)); h.Type != wire.FramePosted {
			c.s.t.Fatalf("a post was answered with %s", h.raw)
		}
	}
	silent.hold(false)
	silent.vanish()
}
