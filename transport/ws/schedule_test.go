package ws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	gobwas "github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
)

// heard is what one connection heard in one stay in a room.
type heard struct {
	room  int64
	after uint64
	seqs  []uint64
	texts []string
}

// atOnce is how many connect or join at the same time. A thousand handshakes at once are all done at the very end of them, and
// a join is written to the database, one after the other, and refused if its turn does not come in the server's time: how long
// that takes for a thousand is a question of the machine.
const atOnce = 16

// pulse ends a schedule in which nobody has got on for as long as patience says. How long one of a thousand waits for its
// turn depends on the machine; that somebody's turn comes does not.
type pulse struct {
	ctx   context.Context
	timer *time.Timer
	// turns is taken by whoever connects or joins.
	turns chan struct{}
}

func newPulse(t *testing.T) *pulse {
	t.Helper()
	ctx, cut := context.WithCancel(context.Background())
	p := &pulse{ctx: ctx, timer: time.AfterFunc(patience, cut), turns: make(chan struct{}, atOnce)}
	t.Cleanup(func() {
		p.timer.Stop()
		cut()
	})
	return p
}

// beat is for whoever has got on.
func (p *pulse) beat() { p.timer.Reset(patience) }

// walker is a connection that acts at random: it joins, posts, leaves, stalls, and may die at any moment.
type walker struct {
	t      *testing.T
	pulse  *pulse
	nc     net.Conn
	rng    *rand.Rand
	stays  []*heard
	in     map[int64]*heard
	acked  map[[2]uint64]string
	posted map[int64]string // texts by ref
	ref    int64
	closed gobwas.StatusCode
	dead   bool
}

// frame is any frame of the server, as far as the walkers look at it.
type frame struct {
	Type string `json:"type"`
	Ref  int64  `json:"ref"`
	Room int64  `json:"room"`
	Seq  uint64 `json:"seq"`
	Text string `json:"text"`
	Code string `json:"code"`
}

// TestRandomScheduleOfConnections has a thousand connections act at random and holds what they heard to the promises:
// one order, once, nothing from before joining, nothing missing while there. Those that stall are closed, or catch up.
func TestRandomScheduleOfConnections(t *testing.T) {
	for name, opts := range map[string]setup{"plain": {}, "TLS": {secure: true}, "HTTP2": {secure: true, http2: true}} {
		t.Run(name, func(t *testing.T) {
			opts.WriteBuffer = 16 << 10
			opts.Ping = time.Hour // whoever has acted reads nothing until all have, however long that takes
			walkers := 1000
			if opts.http2 {
				walkers = 200 // they share a connection, as one that comes with so many streams would
			}
			randomSchedule(t, opts, walkers)
		})
	}
}

func randomSchedule(t *testing.T, opts setup, walkers int) {
	t.Helper()
	const steps = 10
	rooms := walkers / 10
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := newHouse(t, opts, func(c *hub.Config) { c.SessionsPerUser, c.RoomsPerUser = walkers, rooms })
	h.addUsers("owner")
	var ids []int64
	for i := range rooms {
		ids = append(ids, int64(h.addRoom("owner", fmt.Sprintf("r%d", i), earshot.AccessPublic)))
	}
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("u%d", i))
	}
	h.addUsers(names...)
	all, pulse := make([]*walker, walkers), newPulse(t)
	var wg sync.WaitGroup
	for i := range walkers {
		w := &walker{
			t: t, pulse: pulse, rng: rand.New(rand.NewPCG(seed, uint64(i))), in: make(map[int64]*heard),
			acked: make(map[[2]uint64]string), posted: make(map[int64]string),
		}
		all[i] = w
		// Two rooms each, so that more is said than come and gone.
		own := []int64{ids[i%rooms], ids[i*7%rooms]}
		wg.Go(func() { w.live(h, names[i%len(names)], own, steps) })
	}
	wg.Wait()
	// Everybody has acted. Those who are left hear the rest: joining again tells the number up to which they must have.
	for _, w := range all {
		wg.Go(w.last)
	}
	wg.Wait()
	verifyWalks(t, all)
}

// live connects and acts.
func (w *walker) live(h *house, user string, rooms []int64, steps int) {
	w.pulse.turns <- struct{}{}
	nc, rest, err := h.dialNet(w.pulse.ctx, user)
	<-w.pulse.turns
	if err != nil {
		w.t.Errorf("dial: %v", err)
		w.dead = true
		return
	}
	w.pulse.beat()
	context.AfterFunc(w.pulse.ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	w.nc = nc
	if rest != nil {
		early, _ := rest.Peek(rest.Buffered())
		w.nc = &replay{Conn: nc, early: bytes.NewReader(bytes.Clone(early))}
	}
	for range steps {
		room := rooms[w.rng.IntN(len(rooms))]
		switch n := w.rng.IntN(20); {
		case n == 0:
			w.die()
			return
		case n == 1:
			// It stalls: nothing is read while others talk. What it missed it reads later, or it is closed as too slow.
			w.ref++
			w.send(`{"type":"ping","ref":%d}`, w.ref)
		case w.in[room] == nil:
			w.join(room)
		case n < 5:
			w.ask(`{"type":"leave","ref":%d,"room":%d}`, room)
		default:
			text := fmt.Sprintf("%p-%d", w, w.ref+1)
			w.posted[w.ref+1] = text
			w.ask(`{"type":"post","ref":%d,"room":%d,"nonce":"`+text+`","text":"`+text+`"}`, room)
		}
		if w.dead {
			return
		}
	}
}

func (w *walker) die() {
	if tcp, ok := tcpOf(w.nc); ok && w.rng.IntN(2) == 0 {
		_ = tcp.SetLinger(0)
	}
	_ = w.nc.Close()
	w.dead = true
}

func (w *walker) send(format string, args ...any) {
	_, err := w.nc.Write(compile(gobwas.OpText, true, fmt.Sprintf(format, args...)))
	w.dead = w.dead || err != nil
}

// join asks to join when it is this walker's turn.
func (w *walker) join(room int64) {
	w.pulse.turns <- struct{}{}
	defer func() { <-w.pulse.turns }()
	w.ask(`{"type":"join","ref":%d,"room":%d}`, room)
}

// ask sends a command and reads until it is answered.
func (w *walker) ask(format string, room int64) {
	w.ref++
	w.send(format, w.ref, room)
	w.readTo(w.ref)
}

// readTo reads until the answer with this ref, or the end.
func (w *walker) readTo(ref int64) {
	for !w.dead {
		f, err := websockettest.ReadFrame(w.nc)
		if err != nil {
			w.dead = true
			if w.pulse.ctx.Err() != nil {
				w.t.Errorf("no answer to %d, and nobody else gets one", ref)
			}
			return
		}
		w.pulse.beat()
		if f.Header.OpCode == gobwas.OpClose {
			w.closed, _ = gobwas.ParseCloseFrameData(f.Payload)
			w.dead = true
			return
		}
		if f.Header.OpCode == gobwas.OpText && w.take(f.Payload) == ref {
			return
		}
	}
}

// take notes a frame, and gives the ref that it answers.
func (w *walker) take(payload []byte) int64 {
	var f frame
	if err := json.Unmarshal(payload, &f); err != nil {
		w.t.Errorf("%s: %v", payload, err)
	}
	switch f.Type {
	case "joined":
		if s := w.in[f.Room]; s != nil {
			// Asked again at the end: nothing up to this number may be missing.
			if last := s.after + uint64(len(s.seqs)); last != f.Seq {
				w.t.Errorf("room %d: at the end heard up to %d, the room is at %d", f.Room, last, f.Seq)
			}
			return f.Ref
		}
		s := &heard{room: f.Room, after: f.Seq}
		w.stays, w.in[f.Room] = append(w.stays, s), s
	case "left":
		delete(w.in, f.Room)
	case "posted":
		w.acked[[2]uint64{uint64(f.Room), f.Seq}] = w.posted[f.Ref]
	case "error":
		w.t.Errorf("refused: %s", payload)
	case "message", "entered", "departed":
		s := w.in[f.Room]
		if s == nil {
			w.t.Errorf("heard in a room that it is not in: %s", payload)
			return 0
		}
		s.seqs, s.texts = append(s.seqs, f.Seq), append(s.texts, string(payload))
	}
	return f.Ref
}

// last asks every room once more, and goes.
func (w *walker) last() {
	for room := range w.in {
		if w.dead {
			return
		}
		w.join(room)
	}
	if !w.dead {
		_ = w.nc.Close()
	}
}

// verifyWalks holds all stays together.
func verifyWalks(t *testing.T, all []*walker) {
	t.Helper()
	said := make(map[[2]uint64]string)
	deliveries, dead, slow := 0, 0, 0
	for _, w := range all {
		if w.closed == 4000 {
			slow++
		} else if w.closed != 0 {
			t.Errorf("closed with %d", w.closed)
		}
		if w.dead {
			dead++
		}
		for _, s := range w.stays {
			deliveries += len(s.seqs)
			for i, seq := range s.seqs {
				if seq != s.after+uint64(i)+1 {
					t.Fatalf("room %d, joined at %d: heard %v", s.room, s.after, s.seqs)
				}
				key := [2]uint64{uint64(s.room), seq}
				if other, ok := said[key]; ok && other != s.texts[i] {
					t.Fatalf("room %d, number %d is %s for one and %s for another", s.room, seq, other, s.texts[i])
				}
				said[key] = s.texts[i]
			}
		}
	}
	acknowledged := 0
	for _, w := range all {
		for key, text := range w.acked {
			var f frame
			if err := json.Unmarshal([]byte(said[key]), &f); err == nil && f.Text != text {
				t.Errorf("acknowledged as %v: %q, heard %q", key, text, f.Text)
			}
			acknowledged++
		}
	}
	t.Logf("%d connections, %d died, %d of them as too slow; %d posts acknowledged, %d deliveries", len(all), dead, slow, acknowledged, deliveries)
	if deliveries < 10*len(all) || acknowledged < len(all) {
		t.Errorf("only %d deliveries and %d posts: the schedule tries nothing", deliveries, acknowledged)
	}
}
