package account

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/earshot-chat/earshot"
)

// tracked is how many addresses, and how many pairs of address and name, a throttle remembers. Whoever tries from more
// addresses than this pushes out the oldest; the memory stays some megabytes.
const tracked = 10_000

// throttle counts what an address does, and what it does about one name, against a budget that fills up with time.
type throttle struct {
	per                   time.Duration
	mostAddress, mostName int

	seed maphash.Seed
	// mu is held for a few map operations; nothing is called under it.
	mu        sync.Mutex
	addresses *simplelru.LRU[netip.Prefix, *budget]
	names     *simplelru.LRU[addressName, *budget]
}

// addressName is a pair of address and name. The name is hashed, with a seed of this process, because it is as long as a
// stranger likes.
type addressName struct {
	from netip.Prefix
	name uint64
}

// budget is what is left to one address, or one pair.
type budget struct {
	left *rate.Limiter
	// pending is how many tries have begun and not ended: without them a thousand tries that come at once would all
	// find the budget full.
	pending int
}

// attempt is one try that has begun.
type attempt struct {
	throttle *throttle
	budgets  []*budget
}

// newThrottle lets mostAddress tries of an address and mostName of an address about one name be spent at once, and as
// many again in each period.
func newThrottle(per time.Duration, mostAddress, mostName int) *throttle {
	// NewLRU fails for a size below one only.
	addresses, _ := simplelru.NewLRU[netip.Prefix, *budget](tracked, nil)
	names, _ := simplelru.NewLRU[addressName, *budget](tracked, nil)
	return &throttle{
		per: per, mostAddress: mostAddress, mostName: mostName,
		seed: maphash.MakeSeed(), addresses: addresses, names: names,
	}
}

// begin begins a try, or refuses it with CodeRateLimited and the time to wait. name is empty where none is concerned.
// Every try that has begun must be ended.
func (t *throttle) begin(from netip.Addr, name string) (*attempt, error) {
	now := time.Now()
	prefix := addressPrefix(from)
	t.mu.Lock()
	defer t.mu.Unlock()
	try := &attempt{throttle: t}
	// The address first: one that is over its budget must not fill the table of names.
	byAddress := budgetOf(t.addresses, prefix, t.per, t.mostAddress)
	if wait := byAddress.wait(now); wait > 0 {
		return nil, errTooOften(wait)
	}
	try.budgets = append(try.budgets, byAddress)
	if name != "" {
		byName := budgetOf(t.names, addressName{prefix, maphash.String(t.seed, name)}, t.per, t.mostName)
		if wait := byName.wait(now); wait > 0 {
			return nil, errTooOften(wait)
		}
		try.budgets = append(try.budgets, byName)
	}
	for _, b := range try.budgets {
		b.pending++
	}
	return try, nil
}

// end ends a try. Only one that counts takes from the budgets.
func (a *attempt) end(counts bool) {
	now := time.Now()
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	for _, b := range a.budgets {
		b.pending--
		if counts {
			b.left.AllowN(now, 1)
		}
	}
}

// wait is how long it is until there is room for one more, zero if there is.
func (b *budget) wait(now time.Time) time.Duration {
	missing := 1 + float64(b.pending) - b.left.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// At least a moment: tries that are pending may end without counting.
	return max(time.Millisecond, time.Duration(missing/float64(b.left.Limit())*float64(time.Second)))
}

func budgetOf[K comparable](from *simplelru.LRU[K, *budget], key K, per time.Duration, most int) *budget {
	if b, ok := from.Get(key); ok {
		return b
	}
	b := &budget{left: rate.NewLimiter(rate.Every(per/time.Duration(most)), most)}
	from.Add(key, b)
	return b
}

// addressPrefix is what counts as one address: of IPv6 the /64, for a single customer has at least that many.
func addressPrefix(from netip.Addr) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	prefix, err := from.Prefix(bits)
	if err != nil { // no address: all of those together count as one
		return netip.Prefix{}
	}
	return prefix
}

func errTooOften(wait time.Duration) error {
	return &earshot.Error{
		Code: earshot.CodeRateLimited, RetryAfter: wait,
		Message: "That was tried too often. Please wait a little before trying again.",
	}
}
