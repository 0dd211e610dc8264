package hub_test

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// stay is one session's time in a room, as its own connection saw it.
type stay struct {
	room  earshot.RoomID
	after uint64 // the Seq of its answer
	heard []uint64
	texts []string
}

// ear notes what one client hears in its stays, over one connection after the other.
type ear struct {
	mu    sync.Mutex
	stays []*stay
	open  map[earshot.RoomID]*stay
	t     *rapid.T
}

// line is one connection of an ear. What is written to it after it was cut is lost.
type line struct {
	*ear
	cut bool // under ear.mu
}

func (*line) Encoding() hub.Encoding { return lines{} }

func (l *line) Write(frames []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.cut {
		l.hear(frames)
	}
}

// hear takes lines. Under mu.
func (e *ear) hear(frames []byte) {
	for line := range bytes.Lines(frames) {
		var room earshot.RoomID
		var seq uint64
		if _, err := fmt.Sscanf(string(line), "%d#%d", &room, &seq); err != nil {
			continue
		}
		s := e.open[room]
		if s == nil {
			e.t.Errorf("outside of the room heard %q", line)
			continue
		}
		s.heard = append(s.heard, seq)
		s.texts = append(s.texts, string(line))
	}
}

func (*line) Removed(earshot.RoomID, *earshot.Error) {}

func (*line) Muted(earshot.RoomID, earshot.Sanction) {}
func (*line) Close(earshot.CloseReason)              {}

// seen is how far the ear has heard its rooms.
func (e *ear) seen() (all []hub.Seen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for room, s := range e.open {
		all = append(all, hub.Seen{Room: room, Seq: s.after + uint64(len(s.heard))})
	}
	return all
}

func (e *ear) joined(room earshot.RoomID, seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &stay{room: room, after: seq}
	e.stays, e.open[room] = append(e.stays, s), s
}

func (e *ear) left(room earshot.RoomID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, room)
}

// TestRandomSchedules has many clients join, post, edit, take back, react, leave, lose their connections, come back and end
// at random, all at once, and then holds what each heard to the promises: one order, once, nothing missing from joining to leaving, and
// nothing from before.
func TestRandomSchedules(t *testing.T) {
	h := newHouse(t, func(c *hub.Config) { c.PostsPerSecond, c.JoinsPerSecond = float64(rate.Inf), float64(rate.Inf) })
	owner := h.user("owner")
	var rooms []earshot.RoomID
	for i := range 4 {
		rooms = append(rooms, h.room(owner, fmt.Sprintf("r%d", i), earshot.AccessPublic))
	}
	var users []earshot.User
	for i := range 40 {
		users = append(users, h.user(fmt.Sprintf("u%d", i)))
	}
	rapid.Check(t, func(rt *rapid.T) {
		sessions := rapid.IntRange(2, 40).Draw(rt, "sessions")
		steps := rapid.IntRange(1, 60).Draw(rt, "steps")
		seed := rapid.Uint64().Draw(rt, "seed")
		ears := make([]*ear, sessions)
		var acknowledged sync.Map
		var wg sync.WaitGroup
		for i := range sessions {
			e := &ear{open: make(map[earshot.RoomID]*stay), t: rt}
			ears[i] = e
			wg.Go(func() {
				act(rt, h, users[i], e, rooms, rand.New(rand.NewPCG(seed, uint64(i))), steps, &acknowledged)
			})
		}
		wg.Wait()
		verify(rt, ears, &acknowledged)
	})
}

// walker is one client at work.
type walker struct {
	rt   *rapid.T
	h    *house
	user earshot.User
	ear  *ear
	line *line
	*hub.Session
	// said are the numbers of its own messages in the rooms it is in.
	said map[earshot.RoomID][]uint64
}

// amend changes a message of its own, or puts an emoji to what was said last.
func (w *walker) amend(room earshot.RoomID, rng *rand.Rand, text string) {
	mine, ctx := w.said[room], context.Background()
	if len(mine) == 0 {
		return
	}
	of := mine[rng.IntN(len(mine))]
	var code earshot.Code
	switch rng.IntN(4) {
	case 0:
		code = earshot.CodeOf(w.TakeBack(ctx, room, of))
	case 1:
		code = earshot.CodeOf(w.React(ctx, room, of, []byte(smile), rng.IntN(2) == 0))
	default:
		_, err := w.Edit(ctx, room, of, earshot.Draft{Text: []byte(text), Nonce: crand.Text()})
		code = earshot.CodeOf(err)
	}
	if code != "" && code != earshot.CodeTooLate { // taken back before
		w.rt.Errorf("amend: %s", code)
	}
}

func (w *walker) connect() {
	l := &line{ear: w.ear}
	s, err := w.h.Connect(w.user, earshot.SecretHash{byte(w.user.ID)}, func(*hub.Session) hub.Conn { return l })
	if err != nil {
		w.rt.Fatalf("connect: %v", err)
	}
	w.Session, w.line = s, l
}

// lose cuts the connection and comes back over another; the server may notice before that or not.
func (w *walker) lose(noticed bool) {
	old := w.Session
	w.ear.mu.Lock()
	w.line.cut = true
	w.ear.mu.Unlock()
	if noticed {
		old.Drop()
	}
	w.connect()
	seen := w.ear.seen()
	if len(seen) == 0 {
		return
	}
	rooms, err := w.Resume(old.Token(), seen)
	if err != nil || len(rooms) != len(seen) {
		w.rt.Errorf("resume of %v: %v, %v", seen, rooms, err)
	}
	for _, to := range seen {
		for again, done := false, false; !done; again = true {
			to, done, err = w.Return(context.Background(), to, again, func(r hub.Returned) {
				if r.Lost > 0 {
					w.rt.Errorf("lost %d", r.Lost)
				}
			})
			if err != nil {
				w.rt.Errorf("return: %v", err)
				return
			}
		}
	}
}

// act is one client's life.
func act(rt *rapid.T, h *house, u earshot.User, e *ear, rooms []earshot.RoomID, rng *rand.Rand, steps int, acknowledged *sync.Map) {
	w := &walker{rt: rt, h: h, user: u, ear: e, said: make(map[earshot.RoomID][]uint64)}
	w.connect()
	ctx := context.Background()
	in := make(map[earshot.RoomID]bool)
	for i := range steps {
		room := rooms[rng.IntN(len(rooms))]
		switch n := rng.IntN(12); {
		case n == 0:
			w.lose(rng.IntN(2) == 0)
		case !in[room]:
			if err := w.Join(ctx, room, func(j hub.Joined) { e.joined(room, j.Seq) }); err == nil {
				in[room] = true
			} else {
				rt.Errorf("join: %v", err)
			}
		case n < 3:
			if err := w.Leave(room); err != nil {
				rt.Errorf("leave: %v", err)
			}
			e.left(room)
			in[room], w.said[room] = false, nil
		case n < 6:
			w.amend(room, rng, fmt.Sprintf("%s-%d", u.Username, i))
		default:
			text := fmt.Sprintf("%s-%d", u.Username, i)
			posted, err := w.Post(ctx, room, earshot.Draft{Text: []byte(text), Nonce: crand.Text()})
			if err != nil {
				rt.Errorf("post: %v", err)
			}
			acknowledged.Store([2]uint64{uint64(room), posted.Seq}, text)
			w.said[room] = append(w.said[room], posted.Seq)
		}
	}
	w.End()
	for room := range in {
		e.left(room)
	}
}

// isBlank tells the line of a message or an edit that is told again after its text was changed or taken back, and blank
// makes one of any.
func isBlank(line string) bool { return strings.HasSuffix(line, ": \n") }

func blank(line string) string {
	head, _, _ := strings.Cut(line, ": ")
	return head + ": \n"
}

// amendedAfter tells whether a message, or an edit of it, was followed by another edit or by its taking back.
func (s *stay) amendedAfter(i int) bool {
	of := fmt.Sprint(s.heard[i])
	if _, edited, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(s.texts[i]), ":"), " edits "); ok {
		of = edited
	}
	return slices.ContainsFunc(s.texts[i+1:], func(line string) bool {
		return strings.Contains(line, " edits "+of+": ") || strings.HasSuffix(line, " takes back "+of+"\n")
	})
}

// verify holds the stays to the promises.
func verify(rt *rapid.T, ears []*ear, acknowledged *sync.Map) {
	said := make(map[[2]uint64]string)
	for _, e := range ears {
		for _, s := range e.stays {
			for i, seq := range s.heard {
				if seq != s.after+uint64(i)+1 {
					rt.Fatalf("room %d, joined at %d: heard %v", s.room, s.after, s.heard)
				}
				key, text := [2]uint64{uint64(s.room), seq}, s.texts[i]
				other, ok := said[key]
				blanked := blank(text) == blank(other) && (isBlank(text) || isBlank(other))
				if ok && text != other && !blanked {
					rt.Fatalf("room %d, number %d is %q for one and %q for another", s.room, seq, other, text)
				}
				if !ok || isBlank(other) {
					said[key] = text
				}
				if isBlank(text) && !s.amendedAfter(i) {
					rt.Fatalf("room %d, number %d came without a text, and nothing followed", s.room, seq)
				}
			}
		}
	}
	acknowledged.Range(func(key, text any) bool {
		// The author was inside, so somebody heard it: at least the author.
		k, _ := key.([2]uint64)
		got, ok := said[k]
		if !ok || (!strings.Contains(got, text.(string)) && !isBlank(got)) {
			rt.Fatalf("acknowledged %v %q, heard %q", k, text, got)
		}
		return true
	})
}

// null is a Conn that takes everything.
type null struct{}

func (null) Encoding() hub.Encoding                 { return lines{} }
func (null) Write([]byte)                           {}
func (null) Removed(earshot.RoomID, *earshot.Error) {}

func (null) Muted(earshot.RoomID, earshot.Sanction) {}
func (null) Close(earshot.CloseReason)              {}

func benchHouse(b *testing.B, members int) (*hub.Session, earshot.RoomID) {
	b.Helper()
	h := newHouse(b, func(c *hub.Config) { c.PostsPerSecond, c.JoinsPerSecond = float64(rate.Inf), float64(rate.Inf) })
	room := h.room(h.user("owner"), "room", earshot.AccessPublic)
	var first *hub.Session
	for i := range members {
		s, err := h.Connect(earshot.User{ID: earshot.UserID(i + 1), Username: fmt.Sprintf("u%d", i), IsActive: true},
			earshot.SecretHash{}, func(*hub.Session) hub.Conn { return null{} })
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Join(b.Context(), room, func(hub.Joined) {}); err != nil {
			b.Fatal(err)
		}
		if i == 0 {
			first = s
		}
	}
	return first, room
}

// BenchmarkPost is a message to a room of so many, through check, relay, encoding and lanes: all but the sockets.
func BenchmarkPost(b *testing.B) {
	for _, members := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			s, room := benchHouse(b, members)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				draft := earshot.Draft{Text: []byte("hello"), Nonce: strconv.Itoa(n)}
				if _, err := s.Post(b.Context(), room, draft); err != nil && earshot.CodeOf(err) != earshot.CodeBusy {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJoin is entering and leaving a room of so many.
func BenchmarkJoin(b *testing.B) {
	for _, members := range []int{10, 1000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			s, room := benchHouse(b, members)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Leave(room); err != nil {
					b.Fatal(err)
				}
				if err := s.Join(b.Context(), room, func(hub.Joined) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
