package client

import (
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	for code, want := range map[int]verdict{
		0: lost, 1000: later, 1001: moment, 1002: never, 1003: never, 1006: later, 1007: never, 1009: never, 1011: later,
		4000: now, 4001: now, 4002: now, 4099: now, 4100: later, 4199: later, 4500: logIn, 4501: never, 4599: never, 4600: later,
		3000: later, -1: later, 1 << 40: later,
	} {
		if got := verdictOf(code); got != want {
			t.Errorf("%d: %v, want %v", code, got, want)
		}
	}
}

func TestWaits(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		verdict         verdict
		tries           int
		returnIn, least time.Duration
		from, to        time.Duration
	}{
		"now":                      {verdict: now, to: 100 * time.Millisecond},
		"now, said again":          {verdict: now, tries: 1, from: s, to: 2 * s},
		"lost":                     {verdict: lost, to: s},
		"lost again":               {verdict: lost, tries: 1, from: s, to: 2 * s},
		"moment":                   {verdict: moment, from: s, to: 5 * s},
		"moment that was said":     {verdict: moment, returnIn: 20 * s, to: 20 * s},
		"moment, it did not help":  {verdict: moment, tries: 3, returnIn: 20 * s, from: 4 * s, to: 8 * s},
		"later":                    {verdict: later, from: s / 2, to: s},
		"later, thrice":            {verdict: later, tries: 3, from: 4 * s, to: 8 * s},
		"later, for a day":         {verdict: later, tries: 100_000, from: 15 * s, to: 30 * s},
		"later, and it said when":  {verdict: later, least: 45 * s, from: 45 * s, to: 45 * s},
		"lost, after a rate limit": {verdict: lost, tries: 2, least: 3 * s, from: 3 * s, to: 4 * s},
	} {
		t.Run(name, func(t *testing.T) {
			for r, want := range map[float64]time.Duration{0: c.from, 1: c.to} {
				got := waitFor(c.verdict, c.tries, func() float64 { return r }, c.returnIn, c.least)
				if got != want {
					t.Errorf("with %v of chance: %v, want %v", r, got, want)
				}
			}
		})
	}
}
