package client

import "time"

// verdict is what the end of a connection tells a client to do.
type verdict uint8

const (
	// now: come back at once.
	now verdict = iota + 1
	// moment: the server restarts; come back spread over the time that it said.
	moment
	// lost: nobody said anything. Come back soon, then waiting longer each time.
	lost
	// later: come back, waiting longer each time.
	later
	// logIn: the log-in is not good any more.
	logIn
	// never: not as you are.
	never
)

// Close codes that are looked at by themselves.
const (
	closeGoingAway  = 1001
	closeTakenOver  = 4002
	closeLogInEnded = 4500
)

// verdictOf decides by the code alone (docs/protocol.md, "Close codes"); 0 is a connection that broke without one. Codes
// of a later server are decided by their hundred.
func verdictOf(code int) verdict {
	switch {
	case code == 0:
		return lost
	case code == closeGoingAway:
		return moment
	case code == 1002, code == 1003, code == 1007, code == 1009:
		return never
	case code == closeLogInEnded:
		return logIn
	case code >= 4000 && code < 4100:
		return now
	case code >= 4500 && code < 4600:
		return never
	}
	return later
}

const (
	// longestWait is the longest time between two tries.
	longestWait = 30 * time.Second
	// nowSpread spreads those who were told to come back now, so that many do not come in the same instant.
	nowSpread = 100 * time.Millisecond
	// lostSpread spreads the first try of those who lost the connection: a crashed server has lost all of them at once.
	lostSpread = time.Second
	// heldLong is how long a connection must have held for the waits to begin anew.
	heldLong = 10 * time.Second
	// heldShort is how long it must have held for them to become shorter.
	heldShort = time.Second
)

// waitFor is how long to wait before the next try. Tries is how many were made since a connection last held; random gives
// a number from 0 up to 1; returnIn is what a restarting server said, 0 if it said nothing; least is what a refusal said.
func waitFor(v verdict, tries int, random func() float64, returnIn, least time.Duration) time.Duration {
	spread := func(d time.Duration) time.Duration { return time.Duration(random() * float64(d)) }
	var wait time.Duration
	switch {
	case v == moment && tries == 0 && returnIn > 0:
		wait = spread(returnIn)
	case v == moment && tries == 0:
		wait = time.Second + spread(4*time.Second)
	case v == now && tries == 0:
		// Taken at its word once: a server that says it again and again would be hammered.
		wait = spread(nowSpread)
	case v == lost && tries == 0:
		wait = spread(lostSpread)
	default:
		most := min(longestWait, time.Second<<min(tries, 10))
		wait = most/2 + spread(most/2)
	}
	return max(wait, least)
}
