package trial

import (
	"regexp"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot/bench/proc"
	"github.com/earshot-chat/earshot/bench/report"
)

// watch looks at a server now and again.
type watch struct {
	server *proc.Server
	every  time.Duration
	next   time.Time
	// rss is in bytes; open is empty where this process may not look.
	rss, threads, open []float64
	openErr            error
}

func newWatch(server *proc.Server, every time.Duration) *watch {
	return &watch{server: server, every: every, next: time.Now().Add(every)}
}

// turn looks if it is time to, and tells whether it did.
func (w *watch) turn(now time.Time) (bool, error) {
	if now.Before(w.next) {
		return false, nil
	}
	w.next = w.next.Add(w.every)
	rss, err := w.server.Resident()
	if err != nil {
		return false, err
	}
	threads, err := w.server.Threads()
	if err != nil {
		return false, err
	}
	w.rss, w.threads = append(w.rss, float64(rss)), append(w.threads, float64(threads))
	if open, err := w.server.Open(); err == nil {
		w.open = append(w.open, float64(open))
	} else {
		w.openErr = err
	}
	return true, nil
}

// fifths gives the medians of the second and the last fifth. What is not there gives NaN.
func fifths(v []float64) (second, last float64) {
	n := len(v)
	return report.Median(v[n/5 : 2*n/5]), report.Median(v[4*n/5:])
}

// goroutines finds the figures in a log that has a line now and again with goroutines=N or "goroutines":N.
func goroutines(log string) []float64 {
	var found []float64
	for _, m := range regexp.MustCompile(`\bgoroutines"?[=:](\d+)`).FindAllStringSubmatch(log, -1) {
		if n, err := strconv.ParseFloat(m[1], 64); err == nil {
			found = append(found, n)
		}
	}
	return found
}
