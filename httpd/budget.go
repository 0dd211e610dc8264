package httpd

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/earshot-chat/earshot"
)

const (
	// callsPerSecond and callsBurst are how many API calls a user may make: more than a page with many tabs, and a bound on
	// what one account can have the store do.
	callsPerSecond = 20
	callsBurst     = 200
	// picturesPerSecond and picturesBurst are how many pictures of users one may fetch: a page with a large room asks for
	// hundreds when it is first opened, and must go on making calls.
	picturesPerSecond = 50
	picturesBurst     = 1000
	// budgeted is how many users are remembered. Whoever is forgotten has a full budget again, and must have been passed by
	// so many others meanwhile.
	budgeted = 10_000
)

// budgets are what each user may still call.
type budgets struct {
	perSecond rate.Limit
	burst     int

	mu    sync.Mutex
	users *simplelru.LRU[earshot.UserID, *rate.Limiter]
}

func newBudgets(perSecond rate.Limit, burst int) (*budgets, error) {
	users, err := simplelru.NewLRU[earshot.UserID, *rate.Limiter](budgeted, nil)
	return &budgets{perSecond: perSecond, burst: burst, users: users}, err
}

// take takes one call from what the user may make; CodeRateLimited with the time to wait if there is none left.
func (b *budgets) take(user earshot.UserID, now time.Time) error {
	b.mu.Lock()
	limiter, ok := b.users.Get(user)
	if !ok {
		limiter = rate.NewLimiter(b.perSecond, b.burst)
		b.users.Add(user, limiter)
	}
	b.mu.Unlock()
	reservation := limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return &earshot.Error{
		Code: earshot.CodeRateLimited, Message: "You are calling faster than this server allows.", RetryAfter: wait,
	}
}
