// Package work says what the candidates have to do, and what is noted of it.
package work

import "time"

// Work is one workload.
type Work struct {
	// Key is its letter.
	Key string
	// Title is what it is, in a few words.
	Title string
	// Conns is how many connections there are, each of its own user; RoomSize is how many are in a room; PerUser is in how
	// many rooms each is.
	Conns, RoomSize, PerUser int
	// Idle measures memory at rest, before and after traffic.
	Idle bool
	// Once has it run in the first round only: it takes long beside what more rounds would tell.
	Once bool
	// Connect measures how fast connections come in.
	Connect bool
	// InFlight, Stay and Rate are those of load.Plan.
	InFlight int
	Stay     bool
	Rate     float64
	// Warm and For are how long load is put on without and with counting, Settle how long nothing is done before memory is
	// read.
	Warm, For, Settle time.Duration
	// Forget is how long is waited after traffic instead of Settle, where that is longer: servers that keep for a while what
	// was said, for those who come back, have let it go by then.
	Forget time.Duration
}

// Rooms is how many rooms there are.
func (w Work) Rooms() int { return w.Conns * w.PerUser / w.RoomSize }

// RoomsOf is which rooms a user is in. Users share the first of their rooms with their neighbours in number; for each further
// one they are shuffled anew, always in the same way.
func (w Work) RoomsOf(user int) []int {
	rooms := make([]int, w.PerUser)
	perRound := w.Conns / w.RoomSize
	for round := range rooms {
		place := (user*w.step(round) + round) % w.Conns
		rooms[round] = round*perRound + place/w.RoomSize
	}
	return rooms
}

// step is a number without a common divisor with the number of users, so that multiplying by it shuffles them.
func (w Work) step(round int) int {
	step := 1
	for range round {
		step += 2
		for gcd(step, w.Conns) != 1 {
			step += 2
		}
	}
	return step
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// All returns the workloads. Quick ones have at most 1,000 connections and are short: good for a look, not for figures.
func All(quick bool) []Work {
	works := full()
	if !quick {
		return works
	}
	for i := range works {
		w := &works[i]
		if w.Conns == 10000 {
			w.Conns, w.Title = 1000, w.Title+" (quick: a tenth)"
			w.RoomSize = min(w.RoomSize, 1000)
		}
		w.Warm, w.For, w.Settle, w.Forget = w.Warm/4, w.For/5, w.Settle/5, 0
	}
	return works
}

func full() []Work {
	return []Work{
		{
			Key: "a", Title: "10,000 idle connections in rooms of ten", Conns: 10000, RoomSize: 10, PerUser: 1,
			Idle: true, Once: true, Rate: 2000, For: 10 * time.Second, Settle: 20 * time.Second, Forget: 75 * time.Second,
		},
		{
			Key: "b", Title: "one room of 1,000, closed loop, 4 in flight", Conns: 1000, RoomSize: 1000, PerUser: 1,
			InFlight: 4, Stay: true, Warm: time.Second, For: 5 * time.Second,
		},
		{
			Key: "c", Title: "100 rooms of ten, closed loop, 1 in flight in each", Conns: 1000, RoomSize: 10, PerUser: 1,
			InFlight: 100, Stay: true, Warm: time.Second, For: 5 * time.Second,
		},
		{
			Key: "d", Title: "2,000 messages/s into 100 rooms of ten", Conns: 1000, RoomSize: 10, PerUser: 1,
			Rate: 2000, Warm: time.Second, For: 10 * time.Second,
		},
		{
			Key: "e", Title: "20 messages/s into one room of 1,000", Conns: 1000, RoomSize: 1000, PerUser: 1,
			Rate: 20, Warm: time.Second, For: 10 * time.Second,
		},
		{
			Key: "f", Title: "one room of 10,000, closed loop, 4 in flight", Conns: 10000, RoomSize: 10000, PerUser: 1,
			Once: true, InFlight: 4, Stay: true, Warm: time.Second, For: 5 * time.Second,
		},
		{
			Key: "g", Title: "10,000 connections, opened and joined as fast as they go", Conns: 10000, RoomSize: 10, PerUser: 1,
			Connect: true,
		},
		{
			Key: "h", Title: "1,000 users, each in 20 rooms of ten, closed loop, 100 in flight in rooms by chance",
			Conns: 1000, RoomSize: 10, PerUser: 20, Once: true, InFlight: 100, Warm: time.Second, For: 5 * time.Second,
		},
	}
}

// Outcome is what one run of one workload with one candidate gave. What a workload does not measure is 0.
type Outcome struct {
	// Work and Candidate say of what.
	Work      string `json:"work"`
	Candidate string `json:"candidate"`
	// Failed is why there are no figures.
	Failed string `json:"failed,omitempty"`
	// Connects is how many connections a second were opened, logged in and joined; ConnectCPU is the server's processor time
	// for one, in microseconds.
	Connects   float64 `json:"connects_per_s"`
	ConnectCPU float64 `json:"connect_cpu_us"`
	// RSSEmpty is the server's resident memory without connections, in bytes; RSS is what a connection adds, and RSSAfter the
	// same after it has had messages.
	RSSEmpty int64   `json:"rss_empty"`
	RSS      float64 `json:"rss_per_conn"`
	RSSAfter float64 `json:"rss_per_conn_after"`
	// Rate is deliveries a second, and CPU the server's processor time for one, in microseconds.
	Rate float64 `json:"deliveries_per_s"`
	CPU  float64 `json:"cpu_us"`
	// P50, P99 and P999 are from sending to receipt, in microseconds.
	P50  float64 `json:"p50_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	// Deliveries is how many were looked at; Missing, Twice and Strays must be 0. Where there is a Late one in an open loop,
	// the server did not keep up, and the figures of its deliveries say nothing and are 0.
	Deliveries int64 `json:"deliveries"`
	Late       int64 `json:"late"`
	Missing    int64 `json:"missing"`
	Twice      int64 `json:"twice"`
	Strays     int64 `json:"strays"`
}
