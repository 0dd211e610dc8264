package sse

import (
	"bytes"
	"context"
	"crypto/rand"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/talk"
	"github.com/earshot-chat/earshot/wire"
)

// speaker is the session of somebody who says lines without listening. One speaks in a room by being in it: so it enters,
// speaks, and stays for the grace time after the last line, as somebody does whose connection was lost. A script that
// speaks every few seconds does not come and go each time, and one that speaks once is not long in the room.
type speaker struct {
	who     who
	mu      sync.Mutex // one line at a time
	session *hub.Session
	// over tells that the hub ended the session.
	over atomic.Bool
	// rooms are those that were entered, in that order.
	rooms []earshot.RoomID
	// leave is when nothing was said for the grace time.
	leave *time.Timer
}

// Encoding implements hub.Conn: nothing is to be heard.
func (*speaker) Encoding() hub.Encoding { return silence{} }

// Write implements hub.Conn.
func (*speaker) Write([]byte) {}

// Removed implements hub.Conn: the next line will be refused.
func (*speaker) Removed(earshot.RoomID, *earshot.Error) {}

// Muted implements hub.Conn: the next line will be refused.
func (*speaker) Muted(earshot.RoomID, earshot.Sanction) {}

// Close implements hub.Conn: the next line finds that the session is over.
func (sp *speaker) Close(earshot.CloseReason) { sp.over.Store(true) }

type silence struct{}

// AppendEvent implements hub.Encoding.
func (silence) AppendEvent(dst []byte, _ *earshot.Event) []byte { return dst }

// line says the request's body in the room.
func (s *Server) line(w http.ResponseWriter, r *http.Request, user *earshot.User, by who, room string) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		return earshot.Errorf(earshot.CodeMalformed, "Send the text itself, as text/plain, and no JSON.")
	}
	nonce := r.Header.Get("Idempotency-Key")
	if nonce == "" {
		nonce = rand.Text()
	}
	body, err := readBody(w, r, s.greeting.FrameBytes)
	defer clear(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), lineTime)
	defer cancel()
	sp, err := s.speaker(user, by, earshot.AddressOf(r.RemoteAddr))
	if err != nil {
		return err
	}
	defer sp.mu.Unlock()
	defer s.rest(sp)
	if !sp.session.Frame() {
		return &earshot.Error{
			Code: earshot.CodeRateLimited, Message: "You are sending more than this server takes.", RetryAfter: time.Second,
		}
	}
	id, err := s.room(ctx, user, room)
	if err != nil {
		return err
	}
	posted, err := sp.say(ctx, s.hub.Config().MaxRooms, id, earshot.Draft{Text: bytes.TrimRight(body, "\r\n"), Nonce: nonce})
	if err != nil {
		return err
	}
	cmd := wire.Command{Room: int64(id), Nonce: nonce}
	frame := talk.PostedOf(&cmd, posted)
	answer := append(wire.AppendPosted(nil, &frame), '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(answer) //nolint:gosec // JSON, with nosniff; who has gone is not told
	return nil
}

// lineTime is how long a line may take until it is said.
const lineTime = 10 * time.Second

// say enters the room if need be, and speaks. Who is in as many rooms as may be leaves the first.
func (sp *speaker) say(ctx context.Context, most int, id earshot.RoomID, draft earshot.Draft) (hub.Posted, error) {
	posted, err := sp.session.Post(ctx, id, draft)
	if earshot.CodeOf(err) != earshot.CodeNotInRoom {
		return posted, err
	}
	if len(sp.rooms) >= most {
		_ = sp.session.Leave(sp.rooms[0]) // it was put out of it meanwhile, perhaps
		sp.rooms = sp.rooms[1:]
	}
	err = sp.session.Join(ctx, id, func(hub.Joined) {})
	if err != nil {
		return hub.Posted{}, err
	}
	sp.rooms = append(sp.rooms, id)
	return sp.session.Post(ctx, id, draft)
}

// speaker gives the session that somebody speaks by, with its lock held.
func (s *Server) speaker(user *earshot.User, by who, from netip.Addr) (*speaker, error) {
	for {
		s.mu.Lock()
		sp := s.speakers[by]
		if s.done {
			s.mu.Unlock()
			return nil, errStopping()
		}
		if sp == nil {
			sp = &speaker{who: by}
			s.speakers[by] = sp
		}
		s.mu.Unlock()
		sp.mu.Lock()
		switch {
		case !s.speaks(sp): // another line's end came first
		case sp.session != nil && !sp.over.Load():
			return sp, nil
		default:
			sp.over.Store(false)
			sp.rooms = nil
			_, err := s.hub.Connect(*user, by.credential, func(session *hub.Session) hub.Conn {
				sp.session = session
				session.CameFrom(from)
				return sp
			})
			if err == nil {
				return sp, nil
			}
			s.dismiss(sp)
			sp.session = nil
			sp.mu.Unlock()
			return nil, err
		}
		sp.mu.Unlock()
	}
}

func (s *Server) speaks(sp *speaker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.speakers[sp.who] == sp
}

func (s *Server) dismiss(sp *speaker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.speakers[sp.who] == sp {
		delete(s.speakers, sp.who)
	}
}

// rest has the speaker leave if nothing more is said for a while. Under sp.mu.
func (s *Server) rest(sp *speaker) {
	grace := s.hub.Config().Grace
	if sp.leave == nil {
		sp.leave = time.AfterFunc(grace, func() { s.silence(sp) })
		return
	}
	sp.leave.Reset(grace)
}

// silence ends a speaker.
func (s *Server) silence(sp *speaker) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	s.dismiss(sp)
	if sp.leave != nil {
		sp.leave.Stop()
	}
	if sp.session != nil {
		sp.session.End()
	}
}
