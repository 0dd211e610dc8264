package hub_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/hub/hubtest"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// lines is an encoding that people can read: one line an event.
type lines struct{}

func (lines) AppendEvent(dst []byte, ev *earshot.Event) []byte {
	switch ev.Kind {
	case earshot.KindMessage:
		return fmt.Appendf(dst, "%d#%d %s: %s%s\n", ev.Room, ev.Seq, ev.Author.Name, ev.Text, manner(ev))
	case earshot.KindEdited:
		return fmt.Appendf(dst, "%d#%d %s edits %d: %s\n", ev.Room, ev.Seq, ev.Author.Name, ev.Of, ev.Text)
	case earshot.KindTakenBack:
		return fmt.Appendf(dst, "%d#%d %s takes back %d\n", ev.Room, ev.Seq, ev.Author.Name, ev.Of)
	case earshot.KindReaction:
		return fmt.Appendf(dst, "%d#%d %s: %s at %d, %t\n", ev.Room, ev.Seq, ev.Author.Name, ev.Text, ev.Of, ev.On)
	case earshot.KindSeen:
		return fmt.Appendf(dst, "%d seen %v\n", ev.Room, ev.Seen)
	case earshot.KindEntered, earshot.KindDeparted:
		word := "entered"
		if ev.Kind == earshot.KindDeparted {
			word = "departed"
		}
		return fmt.Appendf(dst, "%d#%d %s %s, %d inside\n", ev.Room, ev.Seq, word, who(ev), ev.Count)
	case earshot.KindTyping:
		return fmt.Appendf(dst, "%d %s types\n", ev.Room, who(ev))
	case earshot.KindStatus:
		return fmt.Appendf(dst, "%d %s is %s\n", ev.Room, who(ev), ev.Status)
	case earshot.KindProfile:
		return fmt.Appendf(dst, "%d %s is called %q and looks like %q\n", ev.Room, ev.Author.Name, ev.Profile.DisplayName, ev.Profile.Avatar)
	case earshot.KindRoomChanged:
		return fmt.Appendf(dst, "%d#%d is now %s\n", ev.Room, ev.Seq, ev.Changed.Title)
	case earshot.KindRoomClosed:
		return fmt.Appendf(dst, "%d#%d closed\n", ev.Room, ev.Seq)
	}
	return dst
}

// manner tells what a message has besides its text.
func manner(ev *earshot.Event) (text string) {
	if ev.Of != 0 {
		text += fmt.Sprintf(" (to %d)", ev.Of)
	}
	if ev.Size != 0 {
		text += fmt.Sprintf(" (size %d)", ev.Size)
	}
	return text
}

// who names the first three.
func who(ev *earshot.Event) string {
	var names []string
	for _, u := range ev.Users {
		names = append(names, u.Name)
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("and %d", len(names)-3+ev.More))
	}
	return strings.Join(names, " ")
}

func occupants(users ...earshot.User) []earshot.Occupant {
	var inside []earshot.Occupant
	for i := range users {
		inside = append(inside, earshot.Occupant{UserRef: users[i].Ref()})
	}
	return inside
}

// wire records what a session hears.
type wire struct {
	mu     sync.Mutex
	heard  strings.Builder
	closed earshot.CloseReason
}

func (*wire) Encoding() hub.Encoding { return lines{} }

func (w *wire) Write(frames []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard.Write(frames)
}

func (w *wire) Removed(room earshot.RoomID, why *earshot.Error) {
	w.Write(fmt.Appendf(nil, "removed from %d: %s\n", room, why.Code))
}

func (w *wire) Muted(room earshot.RoomID, mute earshot.Sanction) {
	w.Write(fmt.Appendf(nil, "muted in %d: %t %s\n", room, time.Now().Before(mute.Until), mute.Reason))
}

func (w *wire) Close(why earshot.CloseReason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = why
}

// lines gives what was heard since the last call, when everything has come to rest.
func (w *wire) lines() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	text := strings.TrimSuffix(w.heard.String(), "\n")
	w.heard.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (w *wire) reason() earshot.CloseReason {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// house is a hub on a real store and the local relay.
type house struct {
	*hub.Hub
	t     testing.TB
	store *sqlstore.Store
	relay *local.Relay
}

func newHouse(t testing.TB, change func(*hub.Config)) *house {
	t.Helper()
	relay := local.New()
	base := hubtest.New(t, relay, change)
	h := &house{t: t, store: base.Store, relay: relay, Hub: base.Hub}
	return h
}

// user makes an account.
func (h *house) user(name string, change ...func(*earshot.User)) earshot.User {
	h.t.Helper()
	return h.base().User(name, change...)
}

// base is what the house is built on, which may have another hub by now.
func (h *house) base() *hubtest.House { return &hubtest.House{T: h.t, Store: h.store, Hub: h.Hub} }

func staff(u *earshot.User) { u.IsStaff, u.Permissions = true, earshot.StaffPermissions() }

func (h *house) room(by earshot.User, name string, access earshot.Access) earshot.RoomID {
	h.t.Helper()
	return h.base().Room(by, name, access)
}

// client is a session and what it hears.
type client struct {
	*hub.Session
	*wire
	t testing.TB
}

func (h *house) connect(u earshot.User) *client {
	h.t.Helper()
	c, err := h.tryConnect(u, earshot.SecretHash{byte(u.ID)})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) tryConnect(u earshot.User, credential earshot.SecretHash) (*client, error) {
	c := &client{wire: &wire{}, t: h.t}
	_, err := h.Connect(u, credential, func(s *hub.Session) hub.Conn {
		c.Session = s
		return c.wire
	})
	return c, err
}

func (c *client) join(room earshot.RoomID) hub.Joined {
	c.t.Helper()
	joined, err := c.tryJoin(room)
	if err != nil {
		c.t.Fatal(err)
	}
	return joined
}

func (c *client) tryJoin(room earshot.RoomID) (joined hub.Joined, err error) {
	answers := 0
	err = c.Join(c.t.Context(), room, func(j hub.Joined) {
		joined = j
		answers++
	})
	if (err == nil) != (answers == 1) {
		c.t.Errorf("join: error %v, %d answers", err, answers)
	}
	return joined, err
}

func (c *client) say(room earshot.RoomID, text string) hub.Posted {
	c.t.Helper()
	posted, err := c.Post(c.t.Context(), room, earshot.Draft{Text: []byte(text), Nonce: rand.Text()})
	if err != nil {
		c.t.Fatal(err)
	}
	return posted
}

func (c *client) hears(want ...string) {
	c.t.Helper()
	if got := c.lines(); !slices.Equal(got, want) {
		c.t.Errorf("%s heard\n  %s\nwant\n  %s", c.User().Username, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func wantCode(t testing.TB, err error, want earshot.Code) {
	t.Helper()
	if got := earshot.CodeOf(err); got != want {
		t.Errorf("error %v with code %q, want %q", err, got, want)
	}
}

func TestTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)

		j := a.join(room)
		if j.Seq != 0 || j.Count != 1 || j.Room.Name != "lobby" || !slices.Equal(j.Occupants, occupants(ana)) {
			t.Errorf("ana joined %+v", j)
		}
		if got := a.say(room, "alone"); got.Seq != 2 || got.Heard != 0 {
			t.Errorf("posted alone: %+v", got)
		}
		j = b.join(room)
		if j.Seq != 2 || j.Count != 2 || !slices.Equal(j.Occupants, occupants(ana, ben)) {
			t.Errorf("ben joined %+v", j)
		}
		if got := b.say(room, "hello"); got.Seq != 4 || got.Heard != 1 {
			t.Errorf("posted to ana: %+v", got)
		}
		if err := a.Typing(t.Context(), room); err != nil {
			t.Error(err)
		}
		if err := b.Leave(room); err != nil {
			t.Error(err)
		}
		a.say(room, "gone?")
		a.hears("1#1 entered ana, 1 inside", "1#2 ana: alone", "1#3 entered ben, 2 inside", "1#4 ben: hello",
			"1 ana types", "1#5 departed ben, 1 inside", "1#6 ana: gone?")
		b.hears("1#3 entered ben, 2 inside", "1#4 ben: hello", "1 ana types")

		_, err := b.Post(t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: "n"})
		wantCode(t, err, earshot.CodeNotInRoom)
		wantCode(t, b.Typing(t.Context(), room), earshot.CodeNotInRoom)
		wantCode(t, b.Leave(room), earshot.CodeNotInRoom)
		_, err = b.Occupants(room, "")
		wantCode(t, err, earshot.CodeNotInRoom)
		_, err = b.tryJoin(4711)
		wantCode(t, err, earshot.CodeNotFound)
	})
}

func TestTypingIsToldNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		b.join(room)
		a.join(room)
		types := func(times int) {
			for range times {
				if err := a.Typing(t.Context(), room); err != nil {
					t.Error(err)
				}
			}
		}
		types(5)
		b.hears("1#1 entered ben, 1 inside", "1#2 entered ana, 2 inside", "1 ana types")
		time.Sleep(2 * time.Second) // the bubble's clock
		types(5)
		b.hears("1 ana types")
		a.say(room, "so")
		types(5)
		b.hears("1#3 ana: so", "1 ana types")
	})
}

func TestManySessionsAreOneOccupant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		b := h.connect(ben)
		b.join(room)
		first, second := h.connect(ana), h.connect(ana)
		first.join(room)
		if j := second.join(room); j.Count != 2 {
			t.Errorf("count %d after the second tab", j.Count)
		}
		if got := b.say(room, "hi"); got.Heard != 1 {
			t.Errorf("heard by %d, want 1", got.Heard)
		}
		first.End()
		second.End()
		second.End()
		b.hears("1#1 entered ben, 1 inside", "1#2 entered ana, 2 inside", "1#3 ben: hi", "1#4 departed ana, 1 inside")
		if got := h.Stats(); got != (hub.Stats{Sessions: 1, Users: 1, Rooms: 1}) {
			t.Errorf("stats %+v", got)
		}
		b.End()
		if got := h.Stats(); got != (hub.Stats{}) {
			t.Errorf("stats after all left %+v", got)
		}
		// The numbering goes on for as long as the relay lives: a number is never given twice.
		c := h.connect(ana)
		if j := c.join(room); j.Seq < 4 || j.Count != 1 {
			t.Errorf("joined the emptied room: %+v", j)
		}
	})
}

func TestJoinAgainIsAnsweredWithoutASeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana := h.user("ana")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a := h.connect(ana)
		a.join(room)
		for i := range 50 {
			a.say(room, "x")
			if err := a.Join(t.Context(), room, func(j hub.Joined) {
				a.Write(fmt.Appendf(nil, "joined at %d\n", j.Seq))
			}); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if got := h.Stats().Rooms; got != 1 {
					t.Errorf("%d rooms", got)
				}
			}
		}
		// After "joined at n" no event with a number up to n may follow.
		at := uint64(0)
		for _, line := range a.lines() {
			var room, seq uint64
			if _, err := fmt.Sscanf(line, "joined at %d", &seq); err == nil {
				at = seq
			} else if _, err := fmt.Sscanf(line, "%d#%d", &room, &seq); err != nil || seq <= at {
				t.Errorf("after joined at %d: %q", at, line)
			}
		}
	})
}

func TestLargeRoomIsToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		owner := h.user("owner")
		room := h.room(owner, "hall", earshot.AccessPublic)
		o := h.connect(owner)
		o.join(room)
		var crowd []*client
		for i := range 500 {
			c := h.connect(h.user(fmt.Sprintf("u%03d", i)))
			c.join(room)
			crowd = append(crowd, c)
		}
		if got := o.lines(); len(got) != 100 {
			t.Errorf("%d lines, want one for each of the first 100", len(got))
		}
		if got := o.say(room, "hi").Heard; got != 500 {
			t.Errorf("heard by %d, told or not; want 500", got)
		}
		time.Sleep(time.Second) // the hub's own gathering time; the clock is synctest's
		o.hears("1#101 owner: hi", "1#102 entered u099 u100 u101 and 398, 501 inside")
		j := o.join(room)
		if len(j.Occupants) != 100 || !j.More || j.Count != 501 {
			t.Errorf("first page: %d of %d, more %v", len(j.Occupants), j.Count, j.More)
		}
		var all []earshot.Occupant
		for page := j.Page; ; {
			all = append(all, page.Occupants...)
			if !page.More {
				break
			}
			var err error
			if page, err = o.Occupants(room, all[len(all)-1].Name); err != nil {
				t.Fatal(err)
			}
		}
		if len(all) != 501 || !slices.IsSortedFunc(all, func(a, b earshot.Occupant) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("%d occupants over all pages", len(all))
		}
		if err := o.Typing(t.Context(), room); err != nil {
			t.Error(err)
		}
		for _, c := range crowd {
			c.End()
		}
		time.Sleep(2 * time.Second)
		got := o.lines()
		if len(got) == 0 || len(got) > 110 || !strings.HasSuffix(got[len(got)-1], ", 1 inside") {
			t.Errorf("%d lines of departures, the last %q", len(got), got[max(len(got)-1, 0):])
		}
	})
}

func TestCloseLetsOutWhatWasAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *hub.Config) { c.PostsPerSecond = float64(rate.Inf) })
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		a.join(room)
		b.join(room)
		acknowledged := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			for { // until the hub is closed, however late that is
				_, err := a.Post(context.Background(), room, earshot.Draft{Text: []byte("x"), Nonce: rand.Text()})
				switch earshot.CodeOf(err) {
				case "":
					acknowledged++
				case earshot.CodeBusy: // the workers are behind
				default:
					wantCode(t, err, earshot.CodeStopping)
					return
				}
			}
		})
		wg.Go(func() {
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		heard := 0
		for _, line := range b.lines() {
			if strings.HasSuffix(line, "ana: x") {
				heard++
			}
		}
		if heard != acknowledged {
			t.Errorf("heard %d of %d acknowledged", heard, acknowledged)
		}
		if a.reason() != earshot.CloseStopping || b.reason() != earshot.CloseStopping {
			t.Errorf("closed with %v and %v", a.reason(), b.reason())
		}
		_, err := h.tryConnect(ana, earshot.SecretHash{9})
		wantCode(t, err, earshot.CodeStopping)
		_, err = a.tryJoin(room)
		if err == nil {
			// The room that a is in already is answered; a new one is not.
			_, err = a.tryJoin(room + 1)
		}
		wantCode(t, err, earshot.CodeStopping)
	})
}
