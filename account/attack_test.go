package account

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

// wrongLogin tells whether an error is to the letter the one answer to failed log-ins.
func wrongLogin(e *earshot.Error) bool {
	want := earshot.AsError(errWrongLogin())
	return e.Code == want.Code && e.Message == want.Message && e.Field == want.Field && e.RetryAfter == 0 && e.Reasons == nil && e.Err == nil
}

// Who has an account, and in what state, cannot be told from the answer or from the work that goes into it.
func TestFailedLogInsAreAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	h.add(t, "ana")
	h.deactivate(t, h.add(t, "inactive"))
	h.add(t, "bot", func(a *NewAccount) { a.HasPassword = false })
	odd := h.add(t, "odd")
	if err := h.store.ReplacePassword(t.Context(), odd.ID, odd.Password, "md5$x$y"); err != nil {
		t.Fatal(err)
	}
	var costs []cost
	inner := h.hasher.derive
	h.hasher.derive = func(password []byte, with argonHash) []byte {
		costs = append(costs, with.cost)
		return inner(password, with)
	}
	for i, c := range []struct{ name, password string }{
		{"ana", "wrong password"},
		{"ana", ""},
		{"nobody", goodPassword},
		{"inactive", goodPassword},
		{"inactive", "wrong password"},
		{"bot", goodPassword},
		{"bot", ""},
		{"odd", goodPassword},
		{"ana' OR '1'='1", goodPassword},
		{"ana\x00", goodPassword},
	} {
		costs = nil
		_, login, err := h.LogIn(t.Context(), c.name, c.password, addr(fmt.Sprintf("192.0.2.%d", i)))
		e := earshot.AsError(err)
		if e == nil || !wrongLogin(e) || login != (Login{}) {
			t.Errorf("%q %q: %+v", c.name, c.password, e)
		}
		if len(costs) != 1 || costs[0] != ownCost() {
			t.Errorf("%q %q: %d hashes of the costs %v", c.name, c.password, len(costs), costs)
		}
	}
	// What cannot be a name or a password at all is answered alike too, without the work, whoever has an account.
	costs = nil
	for i, c := range []struct{ name, password string }{
		{"", goodPassword},
		{"", ""},
		{strings.Repeat("a", 10_000), goodPassword},
		{"ana", strings.Repeat("a", maxPassword+1)},
		{"nobody", strings.Repeat("a", 1<<20)},
		{"\xff\xfe", goodPassword},
		{"ana\xff", goodPassword},
	} {
		_, _, err := h.LogIn(t.Context(), c.name, c.password, addr(fmt.Sprintf("198.51.100.%d", i)))
		if e := earshot.AsError(err); e == nil || !wrongLogin(e) {
			t.Errorf("%.20q: %+v", c.name, e)
		}
	}
	if len(costs) != 0 {
		t.Errorf("%d hashes for impossible log-ins", len(costs))
	}
	refused(t, "and the right one", func() error {
		_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.200"))
		return err
	}(), "")
}

// One address tries 10,000 passwords, many at once: nearly all are refused without work, others log in meanwhile.
func TestTenThousandLogIns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig())
		h.add(t, "ana")
		h.hashes.Store(0)
		const tries, workers = 10_000, 50
		var (
			limited, wrong, busy atomic.Int64
			group                sync.WaitGroup
		)
		for w := range workers {
			group.Go(func() {
				for i := range tries / workers {
					name := "ana"
					if i%2 == 0 {
						name = fmt.Sprintf("name-%d-%d", w, i)
					}
					_, _, err := h.LogIn(context.WithoutCancel(t.Context()), name, fmt.Sprint("guess", i), addr("203.0.113.9"))
					switch e := earshot.AsError(err); e.Code {
					case earshot.CodeRateLimited:
						limited.Add(1)
						if e.RetryAfter <= 0 || e.RetryAfter > 2*time.Minute {
							t.Errorf("retry after %v", e.RetryAfter)
						}
					case earshot.CodeUnauthenticated:
						wrong.Add(1)
					case earshot.CodeBusy:
						busy.Add(1)
					default:
						t.Errorf("got %v", err)
					}
				}
			})
		}
		for i := range 5 {
			if _, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr(fmt.Sprintf("192.0.2.%d", i))); err != nil {
				t.Errorf("the others cannot log in: %v", err)
			}
		}
		group.Wait()
		t.Logf("%d tries: %d hashed, %d limited, %d busy", tries, h.hashes.Load(), limited.Load(), busy.Load())
		if most := int64(30); wrong.Load() > most || h.hashes.Load() > most+5 { // the budget, and the others
			t.Errorf("%d tries went through, %d hashes", wrong.Load(), h.hashes.Load())
		}
		if wrong.Load()+limited.Load()+busy.Load() != tries {
			t.Error("some tries had no answer")
		}
	})
}

// A budget is one, however many tries come before the first has failed.
func TestTriesAtOnceShareABudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.HashersAtOnce, cfg.QueuedLogins = 100, 100
		h := newHouse(t, cfg)
		h.add(t, "ana")
		release := make(chan struct{})
		h.hasher.derive = func([]byte, argonHash) []byte {
			h.hashes.Add(1)
			<-release
			return nil
		}
		h.hashes.Store(0)
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				_, _, err := h.LogIn(t.Context(), "ana", "wrong", addr("192.0.2.1"))
				if c := earshot.CodeOf(err); c != earshot.CodeRateLimited && c != earshot.CodeUnauthenticated {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := h.hashes.Load(); n != 10 {
			t.Errorf("%d hashes at once", n)
		}
		close(release)
		group.Wait()
	})
}

func TestBudgetsFillUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		h.add(t, "bob")
		try := func(name, password, from string) error {
			_, _, err := h.LogIn(t.Context(), name, password, addr(from))
			return err
		}
		for range 100 { // what succeeds does not count
			refused(t, "right", try("ana", goodPassword, "192.0.2.1"), "")
		}
		for range 10 {
			refused(t, "wrong", try("ana", "wrong", "192.0.2.1"), earshot.CodeUnauthenticated)
		}
		err := try("ana", goodPassword, "192.0.2.1")
		refused(t, "over the budget of a name, though right", err, earshot.CodeRateLimited)
		refused(t, "the name in other letters", try("ＡNA", goodPassword, "192.0.2.1"), earshot.CodeRateLimited)
		refused(t, "mapped to IPv6", try("ana", goodPassword, "::ffff:192.0.2.1"), earshot.CodeRateLimited)
		refused(t, "another name", try("bob", goodPassword, "192.0.2.1"), "")
		refused(t, "another address", try("ana", goodPassword, "192.0.2.2"), "")
		wait := earshot.AsError(err).RetryAfter
		if wait <= 0 || wait > 6*time.Second {
			t.Errorf("retry after %v", wait)
		}
		time.Sleep(wait)
		refused(t, "after the wait", try("ana", goodPassword, "192.0.2.1"), "")

		for i := range 30 { // one address, many names; of IPv6, all addresses of one customer
			refused(t, "wrong", try(fmt.Sprint("name", i), "wrong", fmt.Sprintf("2001:db8::%x", i)), earshot.CodeUnauthenticated)
		}
		refused(t, "over the budget of an address", try("bob", goodPassword, "2001:db8::ffff"), earshot.CodeRateLimited)
		refused(t, "with a zone", try("bob", goodPassword, "2001:db8::ffff%eth0"), earshot.CodeRateLimited)
		refused(t, "the next customer", try("bob", goodPassword, "2001:db8:0:1::"), "")
		h.deactivate(t, h.add(t, "gone")) // the right password of an account that is not active is a failure like others
		for range 10 {
			refused(t, "not active", try("gone", goodPassword, "192.0.2.7"), earshot.CodeUnauthenticated)
		}
		refused(t, "not active, too often", try("gone", goodPassword, "192.0.2.7"), earshot.CodeRateLimited)
		time.Sleep(time.Minute)
		refused(t, "a minute later", try("bob", goodPassword, "2001:db8::"), "")
		_, _, err = h.LogIn(t.Context(), "bob", goodPassword, netip.Addr{})
		refused(t, "from no address", err, "")
	})
}

// However many addresses and names are tried, the memory of it is bounded.
func TestMemoryOfFailuresIsBounded(t *testing.T) { // not in parallel: it measures memory
	th := newThrottle(time.Minute, 30, 10)
	long := strings.Repeat("x", 2000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range uint32(4 * tracked) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i)
		try, err := th.begin(netip.AddrFrom4(b), long+string(b[:]))
		if err != nil {
			t.Fatal(err)
		}
		try.end(true)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if th.addresses.Len() > tracked || th.names.Len() > tracked {
		t.Errorf("%d addresses, %d names", th.addresses.Len(), th.names.Len())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes", grown)
	}
	// One address with many names fills the table of names no further than its own budget.
	th = newThrottle(10_000*time.Hour, 30, 10) // nothing comes back meanwhile
	for i := range 10_000 {
		if try, err := th.begin(addr("192.0.2.1"), fmt.Sprint(i)); err == nil {
			try.end(true)
		}
	}
	if th.names.Len() > 30 {
		t.Errorf("%d names of one address", th.names.Len())
	}
}

// With all hashers at work and the queue full, the next is told to come back, and whoever gives up leaves the queue.
func TestBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.HashersAtOnce, cfg.QueuedLogins = 2, 3
		h := newHouse(t, cfg)
		h.add(t, "ana")
		release := make(chan struct{})
		var running, most atomic.Int64
		inner := h.hasher.derive
		h.hasher.derive = func(password []byte, with argonHash) []byte {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			<-release
			return inner(password, with)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		var group sync.WaitGroup
		codes := make([]earshot.Code, 5)
		for i := range codes {
			mine := t.Context()
			if i >= 3 {
				synctest.Wait() // the last two wait in the queue, and will give up
				mine = ctx
			}
			group.Go(func() {
				_, _, err := h.LogIn(mine, "ana", goodPassword, addr(fmt.Sprintf("192.0.2.%d", i)))
				codes[i] = earshot.CodeOf(err)
			})
		}
		synctest.Wait()
		_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.50"))
		refused(t, "one too many", err, earshot.CodeBusy)
		if earshot.AsError(err).RetryAfter <= 0 {
			t.Error("not told when to come back")
		}
		_, _, err = h.SignUp(t.Context(), SignUp{Username: "bob", Password: goodPassword}, addr("192.0.2.50"))
		refused(t, "sign-up", err, earshot.CodeBusy)
		giveUp()
		synctest.Wait()
		if n := h.hasher.admitted.Load(); n != 3 {
			t.Errorf("%d in the queue after two gave up", n)
		}
		close(release)
		group.Wait()
		if most.Load() != 2 {
			t.Errorf("%d hashed at once", most.Load())
		}
		for i, c := range codes {
			if (c == "") != (i < 3) {
				t.Errorf("log-in %d: code %q", i, c)
			}
		}
		if n := h.hasher.admitted.Load(); n != 0 {
			t.Errorf("%d left in the queue", n)
		}
	})
}
