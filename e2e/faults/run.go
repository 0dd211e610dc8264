//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
)

// Options says how much is put on the server, and for how long.
type Options struct {
	// Bin is the program, Dir a directory for its data.
	Bin, Dir string
	// Clients is how many there are, each of its own user and in a quarter of the Rooms.
	Clients, Rooms int
	// For is how long they talk.
	For time.Duration
	// Every is how often each posts.
	Every time.Duration
	// Upgrade and Kill are how often the server is upgraded and killed; 0 for never.
	Upgrade, Kill time.Duration
	// Seed is where the faults come from.
	Seed uint64
}

// Report is what a run came to.
type Report struct {
	Findings
	Kills, Upgrades int
	Faults          map[Fault]int
	// Posted is how many messages were tried; those that were not acknowledged were under way when their room was left.
	Posted int64
}

// String tells it in some lines.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages acknowledged of %d, heard %d times; %d kills, %d upgrades; connections", r.Messages, r.Posted, r.Heard,
		r.Kills, r.Upgrades)
	for _, fault := range allFaults() {
		fmt.Fprintf(&b, " %s %d,", fault, r.Faults[fault])
	}
	fmt.Fprintf(&b, " gaps told %v; %d violations", r.Gaps, len(r.Violations))
	for i, v := range r.Violations {
		if i == 20 {
			fmt.Fprintf(&b, "\n  and %d more", len(r.Violations)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %s", v)
	}
	return b.String()
}

// Run has the clients talk through the proxy for so long, lets everything come to rest, and checks what they heard.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	users := make([]string, o.Clients)
	for i := range users {
		users[i] = fmt.Sprintf("user%03d", i)
	}
	server, tokens, err := NewServer(ctx, o.Bin, o.Dir, users, o.Rooms)
	if err != nil {
		return nil, err
	}
	defer func() {
		log, ended := server.Close()
		if err = errors.Join(err, ended); err == nil && strings.Contains(log, "level=ERROR") {
			err = fmt.Errorf("the server complains: %s", log)
		}
	}()
	proxy, err := NewProxy(ctx, server.Addr, o.Seed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, proxy.Close()) }()
	people := make([]*person, o.Clients)
	var starting sync.WaitGroup
	errs := make([]error, o.Clients)
	for i := range people {
		starting.Go(func() { people[i], errs[i] = newPerson(ctx, o, i, users[i], "http://"+proxy.Addr(), tokens[i]) })
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	talking, stop := context.WithTimeout(ctx, o.For)
	defer stop()
	var work sync.WaitGroup
	for _, p := range people {
		work.Go(func() { p.talk(ctx, talking) })
	}
	harmed := harm(ctx, talking, server, o)
	proxy.Calm()
	work.Wait()
	ends, err := closeTalk(ctx, people)
	rest := errors.Join(err, settle(ctx, people, ends))
	logs := make([]*Log, len(people))
	r = &Report{Kills: server.Kills, Upgrades: server.Upgrades, Faults: proxy.Faults()}
	for i, p := range people {
		logs[i] = p.close()
		r.Posted += p.tried.Load()
	}
	r.Findings = Check(logs)
	return r, errors.Join(harmed, rest)
}

// harm kills and upgrades the server until the talk is over.
func harm(ctx, talking context.Context, server *Server, o Options) error {
	upgrades, kills := ticker(o.Upgrade), ticker(o.Kill)
	defer upgrades.Stop()
	defer kills.Stop()
	for {
		var err error
		select {
		case <-upgrades.C:
			err = server.Upgrade(ctx)
		case <-kills.C:
			err = server.Kill(ctx)
		case <-talking.Done():
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ticker is one that never ticks for 0.
func ticker(d time.Duration) *time.Ticker {
	if d == 0 {
		t := time.NewTicker(time.Hour)
		t.Stop()
		return t
	}
	return time.NewTicker(d)
}

// closeTalk says one last thing in each room: everybody is to hear at least that. (The last message before it may be one
// that some heard before a crash already, and are not told again.) It gives where those stand.
func closeTalk(ctx context.Context, people []*person) (map[earshot.RoomID]place, error) {
	ends := make(map[earshot.RoomID]place)
	for _, p := range people {
		for _, room := range p.rooms {
			if _, closed := ends[room]; closed {
				continue
			}
			if err := p.post(ctx, room, "the end of "+fmt.Sprint(room)); err != nil {
				return ends, err
			}
			ends[room] = place{p.c.Hello().Epoch, room, p.log.Posts[len(p.log.Posts)-1].Seq}
		}
	}
	return ends, nil
}

// settle waits until everybody is connected and has heard all rooms to their ends, and as far as anybody. From then on nothing is written down:
// what their going tells the others is not of the talk.
func settle(ctx context.Context, people []*person, ends map[earshot.RoomID]place) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		behind := freeze(people, ends)
		if behind == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("long after the end %d places are behind", behind)
		}
	}
}

// freeze gives how many have heard a room less far than somebody else or than its end, or of another server. If nobody has, nothing is written
// down any more, by any of them: it looks at all of them at one moment, because more may be told in the next.
func freeze(people []*person, ends map[earshot.RoomID]place) (behind int) {
	for _, p := range people {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	heads := make(map[earshot.RoomID]place)
	for _, p := range people {
		for room, at := range p.last {
			if at.seq >= heads[room].seq {
				heads[room] = at
			}
		}
	}
	for _, p := range people {
		for room, at := range p.last {
			if end := ends[room]; at != heads[room] || at.epoch != end.epoch || at.seq < end.seq {
				behind++
			}
		}
	}
	if behind == 0 {
		for _, p := range people {
			p.frozen = true
		}
	}
	return behind
}

// person is one client that talks and writes down what it hears.
type person struct {
	name  string
	rng   *rand.Rand
	every time.Duration
	rooms []earshot.RoomID
	c     *client.Client
	tried atomic.Int64
	over  chan struct{}

	mu    sync.Mutex
	log   *Log
	epoch string
	// frozen tells that nothing more is written down.
	frozen bool
	// last is how far each room was heard.
	last map[earshot.RoomID]place
	// anew are the rooms that were left and are entered again on purpose.
	anew map[earshot.RoomID]bool
}

func newPerson(ctx context.Context, o Options, number int, name, url, token string) (*person, error) {
	p := &person{
		name: name, every: o.Every, rng: rand.New(rand.NewPCG(o.Seed, uint64(number)+2)), //nolint:gosec // no secret
		over: make(chan struct{}), log: &Log{Name: name}, last: make(map[earshot.RoomID]place),
		anew: make(map[earshot.RoomID]bool),
	}
	for i := range max(o.Rooms/4, 1) {
		p.rooms = append(p.rooms, earshot.RoomID((number+i*3)%o.Rooms+1))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	p.c, err = client.Dial(ctx, client.Options{URL: url, Token: token, KeepTrying: true, Compress: number%3 == 0})
	if err != nil {
		return nil, err
	}
	go p.listen()
	for _, room := range p.rooms {
		if _, err := p.c.Join(ctx, room); err != nil {
			return nil, fmt.Errorf("%s joins: %w", name, err)
		}
	}
	return p, nil
}

// listen writes down what is heard.
func (p *person) listen() {
	defer close(p.over)
	for ev := range p.c.Events() {
		p.mu.Lock()
		line := Line{Event: ev, Epoch: p.epoch}
		switch ev := ev.(type) {
		case client.Connected:
			p.epoch = ev.Hello.Epoch
		case client.Joined:
			line.Anew = p.anew[ev.Room]
			delete(p.anew, ev.Room)
			p.last[ev.Room] = place{p.epoch, ev.Room, ev.Seq}
		case client.Gap:
			if ev.To > 0 {
				p.last[ev.Room] = place{p.epoch, ev.Room, ev.To}
			}
		}
		if room, seq, _ := numbered(ev); seq > 0 {
			p.last[room] = place{p.epoch, room, seq}
		}
		if !p.frozen {
			p.log.Lines = append(p.log.Lines, line)
		}
		p.mu.Unlock()
	}
}

// talk posts, and leaves a room now and then, until the talk is over. What was begun is brought to its end.
func (p *person) talk(ctx, talking context.Context) {
	for n := 0; ; n++ {
		pause := time.NewTimer(time.Duration(p.rng.Int64N(int64(2 * p.every))))
		select {
		case <-pause.C:
		case <-talking.Done():
			pause.Stop()
			return
		}
		room := p.rooms[p.rng.IntN(len(p.rooms))]
		if p.rng.IntN(20) == 0 {
			p.again(ctx, room)
			continue
		}
		// What is not acknowledged is not promised: the report tells how many that were.
		_ = p.post(ctx, room, fmt.Sprintf("%s-%d %s", p.name, n, strings.Repeat("x", p.rng.IntN(300))))
	}
}

// post says something, and writes down what was acknowledged.
func (p *person) post(ctx context.Context, room earshot.RoomID, text string) error {
	p.tried.Add(1)
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	posted, err := p.c.Post(ctx, room, text)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Posts = append(p.log.Posts, Post{Room: room, Seq: posted.Seq, Text: text})
	return nil
}

// again leaves the room and enters it anew.
func (p *person) again(ctx context.Context, room earshot.RoomID) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	p.mu.Lock()
	p.anew[room] = true
	p.mu.Unlock()
	if err := p.c.Leave(ctx, room); err != nil {
		return
	}
	_, _ = p.c.Join(ctx, room)
}

func (p *person) close() *Log {
	_ = p.c.Close()
	<-p.over
	return p.log
}
