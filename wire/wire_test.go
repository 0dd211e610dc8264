package wire_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// at is when the events of these tests happen.
func at() time.Time { return time.UnixMilli(1_700_000_000_123) }

// TestEventsMatchTheirTypes holds the frames that are written by hand to the types that say what they are.
func TestEventsMatchTheirTypes(t *testing.T) {
	ana := earshot.UserRef{ID: 7, Name: "ana"}
	nasty := "\"<script>\\\u2028\x00\tä\U0001F600"
	var crowd []earshot.UserRef
	for i := range 25 {
		crowd = append(crowd, earshot.UserRef{ID: earshot.UserID(i), Name: strings.Repeat("x", i)})
	}
	room := &earshot.Room{ID: 3, Name: "lobby", Title: nasty, Topic: nasty, Access: earshot.AccessStaff, Owner: 7}
	anaOut := wire.User{ID: 7, Name: "ana"}
	tests := []eventFrame{
		{
			earshot.Event{Kind: earshot.KindMessage, Room: 3, Seq: 9, At: at(), Author: ana, Nonce: `n"1`, Text: []byte(nasty)},
			&wire.Message{Type: "message", Room: 3, Seq: 9, At: at().UnixMilli(), User: anaOut, Nonce: `n"1`, Text: nasty},
		},
		{
			earshot.Event{Kind: earshot.KindEntered, Room: 3, Seq: 9, At: at(), Users: []earshot.UserRef{ana}, Count: 4},
			&wire.Presence{Type: "entered", Room: 3, Seq: 9, At: at().UnixMilli(), Users: []wire.User{anaOut}, Count: 4},
		},
		{
			earshot.Event{Kind: earshot.KindDeparted, Room: 3, Seq: 9, At: at(), Users: crowd, Count: 0},
			&wire.Presence{
				Type: "departed", Room: 3, Seq: 9, At: at().UnixMilli(), Users: wire.UsersOf(crowd[:earshot.MaxNamed]), More: 5,
			},
		},
		{
			earshot.Event{Kind: earshot.KindTyping, Room: 3, At: at(), Users: crowd},
			&wire.Typing{Type: "typing", Room: 3, Users: wire.UsersOf(crowd[:earshot.MaxNamed]), More: 5},
		},
		{
			earshot.Event{Kind: earshot.KindStatus, Room: 3, At: at(), Users: []earshot.UserRef{ana}, Status: earshot.StatusAway},
			&wire.Status{Type: "status", Room: 3, Users: []wire.User{anaOut}, Status: "away"},
		},
		{
			earshot.Event{
				Kind: earshot.KindProfile, Room: 3, At: at(), Author: ana,
				Profile: &earshot.Profile{ID: ana.ID, DisplayName: "Ana \"<María>\" \u202e", Avatar: "5af3"},
			},
			&wire.Profile{Type: "profile", Room: 3, User: anaOut, DisplayName: "Ana \"<María>\" \u202e", Avatar: "5af3"},
		},
		{
			earshot.Event{Kind: earshot.KindRoomChanged, Room: 3, Seq: 9, At: at(), Changed: room},
			&wire.Changed{Type: "changed", Room: 3, Info: wire.RoomOf(room), Seq: 9, At: at().UnixMilli()},
		},
		{
			earshot.Event{Kind: earshot.KindRoomClosed, Room: 3, Seq: 9, At: at()},
			&wire.Closed{Type: "closed", Room: 3, Seq: 9, At: at().UnixMilli()},
		},
	}
	for _, tc := range append(tests, framesAboutMessages()...) {
		before := []byte("before")
		got := wire.AppendEvent(before, &tc.event)
		if !bytes.HasPrefix(got, before) {
			t.Errorf("kind %d does not append", tc.event.Kind)
		}
		sameJSON(t, got[len(before):], tc.want)
	}
	posted := &wire.Posted{Type: "posted", Ref: 1<<53 - 1, Room: 3, Seq: 1 << 63, At: 5, Nonce: `"`, Heard: 2}
	sameJSON(t, wire.AppendPosted(nil, posted), posted)
}

// eventFrame is an event and what its frame is to be read as.
type eventFrame struct {
	event earshot.Event
	want  any
}

func framesAboutMessages() []eventFrame {
	ana, anaOut := earshot.UserRef{ID: 7, Name: "ana"}, wire.User{ID: 7, Name: "ana"}
	const nasty = "\"<script>\\\u2028\x00\t\u00e4"
	return []eventFrame{
		{
			earshot.Event{Kind: earshot.KindMessage, Room: 3, Seq: 9, At: at(), Author: ana, Nonce: "n", Of: 1 << 63, Size: -2},
			&wire.Message{Type: "message", Room: 3, Seq: 9, At: at().UnixMilli(), User: anaOut, Nonce: "n", Reply: 1 << 63, Size: -2},
		},
		{
			earshot.Event{Kind: earshot.KindEdited, Room: 3, Seq: 9, At: at(), Author: ana, Of: 4, Text: []byte(nasty)},
			&wire.Edited{Type: "edited", Room: 3, Seq: 9, At: at().UnixMilli(), User: anaOut, Of: 4, Text: nasty},
		},
		{
			earshot.Event{Kind: earshot.KindTakenBack, Room: 3, Seq: 9, At: at(), Author: ana, Of: 4},
			&wire.TakenBack{Type: "taken_back", Room: 3, Seq: 9, At: at().UnixMilli(), User: anaOut, Of: 4},
		},
		{
			earshot.Event{Kind: earshot.KindReaction, Room: 3, Seq: 9, At: at(), Author: ana, Of: 4, Text: []byte("\U0001F600"), On: true},
			&wire.Reaction{Type: "reaction", Room: 3, Seq: 9, At: at().UnixMilli(), User: anaOut, Of: 4, Emoji: "\U0001F600", On: true},
		},
		{
			earshot.Event{Kind: earshot.KindSeen, Room: 3, At: at(), Seen: map[earshot.UserID]uint64{8: 1 << 63, 7: 4}},
			&wire.Sighting{Type: "seen", Room: 3, Seen: []wire.SeenBy{{ID: 7, Seq: 4}, {ID: 8, Seq: 1 << 63}}},
		},
	}
}

// sameJSON reads data, by another library than the one that wrote it, into want's type, and knows every field.
func sameJSON(t *testing.T, data []byte, want any) {
	t.Helper()
	got := reflect.New(reflect.TypeOf(want).Elem()).Interface()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(got); err != nil {
		t.Errorf("%s: %v", data, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nreads as %+v\nwant     %+v", data, got, want)
	}
}

func TestErrorHidesTheInside(t *testing.T) {
	frame := string(wire.Append(nil, wire.ErrorOf(4, bytes.ErrTooLarge)))
	if strings.Contains(frame, "too large") || !strings.Contains(frame, `"code":"internal"`) {
		t.Errorf("%s", frame)
	}
	err := &earshot.Error{Code: earshot.CodeRateLimited, Message: "Slow.", Field: "text", RetryAfter: 1500 * time.Millisecond}
	want := `{"type":"error","ref":4,"code":"rate_limited","message":"Slow.","field":"text","retry_ms":1500}`
	if got := string(wire.Append(nil, wire.ErrorOf(4, err))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// aboutEvents are frames of the commands that are about an event, as decodings are.
func aboutEvents() []decoding {
	on, off := true, false
	return []decoding{
		{
			"a loud reply", `{"type":"post","ref":1,"room":2,"text":"a","nonce":"n","reply":18446744073709551615,"size":2}`,
			wire.Command{Type: "post", Ref: 1, Room: 2, Text: wire.Text("a"), Nonce: "n", Reply: 1<<64 - 1, Size: 2},
			"", "",
		},
		{
			"edit", `{"type":"edit","ref":1,"room":2,"seq":9,"text":"a","nonce":"n"}`,
			wire.Command{Type: "edit", Ref: 1, Room: 2, Seq: 9, Text: wire.Text("a"), Nonce: "n"},
			"", "",
		},
		{"take back", `{"type":"take_back","ref":1,"room":2,"seq":9}`, wire.Command{Type: "take_back", Ref: 1, Room: 2, Seq: 9}, "", ""},
		{
			"react", `{"type":"react","ref":1,"room":2,"seq":9,"emoji":"\ud83d\ude00","on":true}`,
			wire.Command{Type: "react", Ref: 1, Room: 2, Seq: 9, Emoji: wire.Text("\U0001F600"), On: &on},
			"", "",
		},
		{
			"react no more", `{"type":"react","ref":1,"room":2,"seq":9,"emoji":"x","on":false}`,
			wire.Command{Type: "react", Ref: 1, Room: 2, Seq: 9, Emoji: wire.Text("x"), On: &off},
			"", "",
		},
		{"seen needs no ref", `{"type":"seen","room":2,"seq":9}`, wire.Command{Type: "seen", Room: 2, Seq: 9}, "", ""},
		{"edit of nothing", `{"type":"edit","ref":1,"room":2,"nonce":"n"}`, wire.Command{Type: "edit", Ref: 1, Room: 2, Nonce: "n"}, earshot.CodeMalformed, "seq"},
		{"edit without a nonce", `{"type":"edit","ref":1,"room":2,"seq":9}`, wire.Command{Type: "edit", Ref: 1, Room: 2, Seq: 9}, earshot.CodeMalformed, "nonce"},
		{"edit of zero", `{"type":"edit","ref":1,"room":2,"seq":0,"nonce":"n"}`, wire.Command{Type: "edit", Ref: 1, Room: 2, Nonce: "n"}, earshot.CodeMalformed, "seq"},
		{"negative edit", `{"type":"edit","ref":1,"room":2,"seq":-9}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "seq"},
		{"fraction of an edit", `{"type":"edit","ref":1,"room":2,"seq":1.5}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "seq"},
		{"huge edit", `{"type":"edit","ref":1,"room":2,"seq":18446744073709551616}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "seq"},
		{"edit of text", `{"type":"edit","ref":1,"room":2,"seq":"9"}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "seq"},
		{"take back nothing", `{"type":"take_back","ref":1,"room":2}`, wire.Command{Type: "take_back", Ref: 1, Room: 2}, earshot.CodeMalformed, "seq"},
		{"take back nowhere", `{"type":"take_back","ref":1,"seq":2}`, wire.Command{Type: "take_back", Ref: 1, Seq: 2}, earshot.CodeMalformed, "room"},
		{"no emoji", `{"type":"react","ref":1,"room":2,"seq":9,"on":true}`, wire.Command{Type: "react", Ref: 1, Room: 2, Seq: 9, On: &on}, earshot.CodeMalformed, "emoji"},
		{"emoji of number", `{"type":"react","ref":1,"room":2,"seq":9,"emoji":5}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "emoji"},
		{
			"on nor off", `{"type":"react","ref":1,"room":2,"seq":9,"emoji":"x"}`,
			wire.Command{Type: "react", Ref: 1, Room: 2, Seq: 9, Emoji: wire.Text("x")},
			earshot.CodeMalformed, "on",
		},
		{"on of text", `{"type":"react","ref":1,"room":2,"seq":9,"emoji":"x","on":"yes"}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "on"},
		{"negative reply", `{"type":"post","ref":1,"room":2,"text":"a","nonce":"n","reply":-1}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "reply"},
		{"size of text", `{"type":"post","ref":1,"room":2,"text":"a","nonce":"n","size":"loud"}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "size"},
		{"seen nothing", `{"type":"seen","room":2}`, wire.Command{Type: "seen", Room: 2}, earshot.CodeMalformed, "seq"},
	}
}

// decodings are frames and what they are to be read as.
func decodings() []decoding {
	deep := strings.Repeat("[", 20_000)
	long := strings.Repeat("x", 60_000)
	return []decoding{
		{"join", `{"type":"join","ref":1,"room":2}`, wire.Command{Type: "join", Ref: 1, Room: 2}, "", ""},
		{"order and space", " { \"room\" : 2 ,\n\"ref\":1,\"type\":\"leave\"} ", wire.Command{Type: "leave", Ref: 1, Room: 2}, "", ""},
		{
			"post", `{"type":"post","ref":1,"room":2,"text":"a\u0000\"b","nonce":"n"}`,
			wire.Command{Type: "post", Ref: 1, Room: 2, Text: wire.Text("a\x00\"b"), Nonce: "n"},
			"", "",
		},
		{
			"resume", `{"type":"resume","ref":1,"token":"t","seen":[{"room":2,"seq":9}]}`,
			wire.Command{Type: "resume", Ref: 1, Token: "t", Seen: []wire.Seen{{Room: 2, Seq: 9}}},
			"", "",
		},
		{"status", `{"type":"status","ref":1,"status":"away"}`, wire.Command{Type: "status", Ref: 1, Status: "away"}, "", ""},
		{"no token", `{"type":"resume","ref":1}`, wire.Command{Type: "resume", Ref: 1}, earshot.CodeMalformed, "token"},
		{"no status", `{"type":"status","ref":1}`, wire.Command{Type: "status", Ref: 1}, earshot.CodeMalformed, "status"},
		{"seen of text", `{"type":"resume","ref":1,"seen":[{"room":"2"}]}`, wire.Command{Ref: 1, Seen: nil}, earshot.CodeMalformed, "seen"},
		{"negative seq", `{"type":"resume","ref":1,"seen":[{"seq":-1}]}`, wire.Command{Ref: 1, Seen: nil}, earshot.CodeMalformed, "seen"},
		{"typing needs no ref", `{"type":"typing","room":2}`, wire.Command{Type: "typing", Room: 2}, "", ""},
		{"ping needs no room", `{"type":"ping","ref":3}`, wire.Command{Type: "ping", Ref: 3}, "", ""},
		{"empty", ``, wire.Command{}, earshot.CodeMalformed, ""},
		{"not JSON", `hello`, wire.Command{}, earshot.CodeMalformed, ""},
		{"null", `null`, wire.Command{}, earshot.CodeMalformed, "type"},
		{"array", `[]`, wire.Command{}, earshot.CodeMalformed, ""},
		{"number", `5`, wire.Command{}, earshot.CodeMalformed, ""},
		{"cut off", `{"type":"join","ref":1,"roo`, wire.Command{Ref: 1}, earshot.CodeMalformed, ""},
		{"two objects", `{"type":"join","ref":1,"room":2}{}`, wire.Command{Ref: 1}, earshot.CodeMalformed, ""},
		{"deep", deep, wire.Command{}, earshot.CodeMalformed, ""},
		{"deep in a field", `{"ref":1,"text":` + deep, wire.Command{Ref: 1}, earshot.CodeMalformed, "text"},
		{"no type", `{"ref":1,"room":2}`, wire.Command{Ref: 1, Room: 2}, earshot.CodeMalformed, "type"},
		{"unknown command", `{"type":"sing","ref":1,"room":2}`, wire.Command{Type: "sing", Ref: 1, Room: 2}, earshot.CodeUnknownCommand, "type"},
		{"no ref", `{"type":"join","room":2}`, wire.Command{Type: "join", Room: 2}, earshot.CodeMalformed, "ref"},
		{"ref of text", `{"type":"join","ref":"1","room":2}`, wire.Command{}, earshot.CodeMalformed, "ref"},
		{"negative ref", `{"type":"join","ref":-1,"room":2}`, wire.Command{}, earshot.CodeMalformed, "ref"},
		{"ref over 2^53", `{"type":"join","ref":9007199254740992,"room":2}`, wire.Command{}, earshot.CodeMalformed, "ref"},
		{"ref with a fraction", `{"type":"join","ref":1.5,"room":2}`, wire.Command{}, earshot.CodeMalformed, "ref"},
		{"no room", `{"type":"join","ref":1}`, wire.Command{Type: "join", Ref: 1}, earshot.CodeMalformed, "room"},
		{"room of text", `{"type":"join","ref":1,"room":"2"}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "room"},
		{"huge room", `{"type":"join","ref":1,"room":99999999999999999999}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "room"},
		{"text of number", `{"type":"post","ref":1,"room":2,"nonce":"n","text":5}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "text"},
		{"no nonce", `{"type":"post","ref":1,"room":2,"text":"x"}`, wire.Command{Type: "post", Ref: 1, Room: 2, Text: wire.Text("x")}, earshot.CodeMalformed, "nonce"},
		{"doubled field", `{"type":"join","ref":1,"room":2,"room":3}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "room"},
		{"unknown field", `{"type":"join","ref":1,"room":2,"` + long + `":1}`, wire.Command{Ref: 1}, earshot.CodeMalformed, ""},
		{"other case", `{"type":"join","ref":1,"Room":2}`, wire.Command{Ref: 1}, earshot.CodeMalformed, ""},
		{"not UTF-8", "{\"type\":\"post\",\"ref\":1,\"room\":2,\"nonce\":\"n\",\"text\":\"\xff\"}", wire.Command{Ref: 1}, earshot.CodeMalformed, "text"},
		{"lone surrogate", `{"type":"post","ref":1,"room":2,"nonce":"n","text":"\ud800"}`, wire.Command{Ref: 1}, earshot.CodeMalformed, "text"},
	}
}

type decoding struct {
	name, frame string
	want        wire.Command
	code        earshot.Code
	field       string
}

func TestDecode(t *testing.T) {
	for _, tc := range append(decodings(), aboutEvents()...) {
		t.Run(tc.name, func(t *testing.T) {
			got, err := wire.Decode([]byte(tc.frame))
			if code := earshot.CodeOf(err); code != tc.code {
				t.Fatalf("code %q (%v), want %q", code, err, tc.code)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if err == nil {
				return
			}
			e := earshot.AsError(err)
			if e.Field != tc.field {
				t.Errorf("field %q, want %q", e.Field, tc.field)
			}
			if len(e.Error()) > 200 {
				t.Errorf("the error repeats what was sent: %.300s", e.Error())
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"type":"join","ref":1,"room":2}`,
		`{"type":"post","ref":1,"room":2,"text":"a\ud83d\ude00","nonce":"n"}`,
		`{"type":"occupants","ref":1,"room":2,"after":"x"}`,
		`{"type":"resume","ref":1,"token":"t","seen":[{"room":2,"seq":9},{}]}`,
		`{"type":"status","ref":1,"status":"dnd"}`,
		`{"type":"post","ref":1,"room":2,"text":"a","nonce":"n","reply":4,"size":-2}`,
		`{"type":"edit","ref":1,"room":2,"seq":9,"text":"a","nonce":"n"}`,
		`{"type":"react","ref":1,"room":2,"seq":9,"emoji":"\ud83d\ude00","on":false}`,
		`{"type":"seen","room":2,"seq":18446744073709551615}`,
		`{"type":"sing","ref":-1}`, `null`, `[[[[`, "\xff", `{"ref":1e3,"room":1E400}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		cmd, err := wire.Decode(frame)
		if cmd.Ref < 0 || cmd.Ref > 1<<53-1 {
			t.Errorf("ref %d", cmd.Ref)
		}
		if err != nil {
			switch code := earshot.CodeOf(err); code {
			case earshot.CodeMalformed, earshot.CodeUnknownCommand:
			default:
				t.Errorf("code %q", code)
			}
			return
		}
		if !utf8.Valid(cmd.Text) || !utf8.ValidString(cmd.Nonce) || !utf8.ValidString(cmd.After) {
			t.Errorf("text that is not UTF-8 came through: %q", frame)
		}
		// What was understood means the same when it is written again.
		again, err := wire.Decode(wire.Append(nil, &cmd))
		if err != nil || !reflect.DeepEqual(again, cmd) {
			t.Errorf("%q reads as %+v, written again as %+v (%v)", frame, cmd, again, err)
		}
	})
}

// hundred is a text of 100 bytes, as people type.
const hundred = "The trouble with having an open mind, of course, is that people will insist on putting things in it."

func BenchmarkAppendEvent(b *testing.B) {
	ev := earshot.Event{
		Kind: earshot.KindMessage, Room: 3, Seq: 123456, At: at(), Author: earshot.UserRef{ID: 7, Name: "ana"},
		Nonce: "0123456789abcdef", Text: []byte(hundred),
	}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.AppendEvent(buf[:0], &ev)
	}
}

func BenchmarkDecodePost(b *testing.B) {
	frame := wire.Append(nil, &wire.Command{Type: wire.CommandPost, Ref: 5, Room: 3, Nonce: "0123456789abcdef", Text: wire.Text(hundred)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Decode(frame); err != nil {
			b.Fatal(err)
		}
	}
}
