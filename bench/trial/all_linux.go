package trial

import "time"

// Choice is what can be chosen about the trials.
type Choice struct {
	// Quick ones are of a tenth of the size and short: good for a look, not for figures.
	Quick bool
	// Soak is how long the trial of that name takes, Away how long everybody is away in the storm.
	Soak, Away time.Duration
	// Rounds is how often slow measures both phases, Greedy its Slow.Greedy, at most 50.
	Rounds, Greedy int
}

// All returns the trials.
func All(c Choice) []Trial {
	hold := &Hold{
		Held: 17900, Churn: 100, Rate: 500, Warm: 20 * time.Second, For: time.Minute, Settle: 75 * time.Second,
	}
	life := &Soak{Conns: 1000, Rate: 500, Drops: 5, Visits: 5, Near: 8 * time.Second, Far: 20 * time.Second, For: c.Soak, Every: 10 * time.Second}
	// The write buffer is the least that the server takes, and a phase is longer than the server bears silence.
	slow := &Slow{
		Conns: 1000, Deaf: 50, Greedy: min(c.Greedy, 50), Rate: 1000, Rounds: c.Rounds, Phase: 30 * time.Second, Warm: 65 * time.Second, Rest: 3 * time.Second,
		WriteBuffer: 320 << 10,
	}
	storm := &Storm{
		Cut: 10000, Stay: 500, Rooms: 4, Rate: 200, Over: time.Second, Away: c.Away, Calm: 10 * time.Second,
		After: 10 * time.Second, Within: 5 * time.Second,
	}
	if c.Quick {
		hold.Held, hold.Warm, hold.For = 1700, 2*time.Second, 10*time.Second
		life.Conns, life.For, life.Every = 200, min(c.Soak, 30*time.Second), time.Second
		slow.Conns, slow.Rounds, slow.Warm = 200, min(c.Rounds, 2), 5*time.Second
		storm.Cut, storm.Stay, storm.Calm, storm.Away = 1000, 50, 2*time.Second, min(c.Away, 3*time.Second)
	}
	return []Trial{hold, life, slow, storm}
}
