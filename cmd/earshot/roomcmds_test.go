package main

import (
	"slices"
	"strings"
	"testing"

	protocol "github.com/earshot-chat/earshot/wire"
)

func TestRoomsFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "Ana\nben\ncai\n", "user", "create", "--from", "-")
	room := func(args ...string) roomJSON {
		t.Helper()
		return parsed[roomJSON](t, wants(t, data, "", append([]string{"room"}, append(args, "--json")...)...))
	}
	if r := room("create", "Hall", "--owner", "ANA"); r.Name != "Hall" || r.Title != "Hall" || *r.Owner != "Ana" || r.Access != "public" || r.ID != 1 {
		t.Errorf("%+v", r)
	}
	if r := room("change", "ＨＡＬＬ", "--title", "The hall", "--topic", "Echoes", "--access", "private"); r.Title != "The hall" || r.Topic != "Echoes" || r.Access != "private" {
		t.Errorf("%+v", r)
	}
	if r := room("change", "hall", "--topic", ""); r.Topic != "" || r.Title != "The hall" {
		t.Errorf("%+v", r)
	}
	if r := room("lock", "hall"); r.Locked != "posts" {
		t.Errorf("%+v", r)
	}
	if r := room("lock", "hall", "--entry"); r.Locked != "entry" {
		t.Errorf("%+v", r)
	}
	if r := room("slow", "hall", "1m30s"); r.SlowSeconds != 90 {
		t.Errorf("%+v", r)
	}
	if r := room("member", "add", "hall", "BEN", "cai"); !slices.Equal(r.Members, []string{"ben", "cai"}) {
		t.Errorf("%+v", r)
	}
	wants(t, data, "", "room", "member", "add", "hall", "ben")
	if text := wants(t, data, "", "room", "show", "HALL"); !strings.HasPrefix(text, "#Hall: The hall\n  access: private\n  owner: Ana\n  slow: 1m30s\n  locked: entry\n  members: ben cai\n  created: ") {
		t.Errorf("%s", text)
	}
	if r := room("member", "remove", "hall", "ben"); !slices.Equal(r.Members, []string{"cai"}) {
		t.Errorf("%+v", r)
	}
	if list := parsed[[]string](t, wants(t, data, "", "room", "member", "list", "hall", "--json")); !slices.Equal(list, []string{"cai"}) {
		t.Errorf("%v", list)
	}
	if text := wants(t, data, "", "room", "member", "list", "hall"); text != "cai\n" {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "room", "unlock", "hall") + wants(t, data, "", "room", "slow", "hall", "0"); text != "Room #Hall is not locked any more.\nRoom #Hall is not slow any more.\n" {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "room", "mute", "hall", "ben", "cai", "--for", "1h", "--reason", "loud"); strings.Count(text, "is muted in #Hall until ") != 2 {
		t.Errorf("%s", text)
	}
	if list := parsed[[]banJSON](t, wants(t, data, "", "room", "mutes", "hall", "--json")); len(list) != 2 || list[0].User != "ben" || list[0].Reason != "loud" || list[0].Room != "Hall" {
		t.Errorf("%+v", list)
	}
	if text := wants(t, data, "", "room", "unmute", "hall", "ben", "cai"); text != "ben is not muted in #Hall any more.\ncai is not muted in #Hall any more.\n" {
		t.Errorf("%s", text)
	}
	if r := room("owner", "hall", "BEN"); r.Owner == nil || *r.Owner != "ben" {
		t.Errorf("%+v", r)
	}
	if r := room("owner", "hall", "--nobody"); r.Owner != nil {
		t.Errorf("%+v", r)
	}
	wants(t, data, "", "room", "create", "den")
	if list := parsed[[]string](t, wants(t, data, "", "room", "delete", "HALL", "den", "--json")); !slices.Equal(list, []string{"Hall", "den"}) {
		t.Errorf("%v", list)
	}
	var verbs []string
	for _, e := range parsed[[]actionJSON](t, wants(t, data, "", "log", "--json", "--subject", "hall")) {
		verbs = append(verbs, string(e.Action))
	}
	if got := strings.Join(verbs, " "); got != "delete_room change_room change_room unmute unmute mute mute change_room change_room remove_member add_member add_member "+
		"change_room change_room change_room change_room change_room create_room" {
		t.Errorf("%s", got)
	}
}

// TestRoomCommandsRefuse gives what makes no sense, and what is not there: nothing is done, and the exit code says which.
func TestRoomCommandsRefuse(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\n", "user", "create", "--from", "-")
	wants(t, data, "", "room", "create", "hall", "--owner", "ana")
	before := wants(t, data, "", "room", "show", "hall", "--json")
	entries := wants(t, data, "", "log", "--json")
	for _, line := range []string{
		"room", "room show", "room change hall", "room change hall --access nobody", "room lock", "room slow hall", "room slow hall soon", "room slow hall -1s",
		"room slow hall 1500ms", "room slow hall 100h", "room member", "room member add hall", "room delete", "room owner hall", "room owner hall ana --nobody",
		"room mute hall", "room mute hall ben --for 1ms", "room lok hall", "room member ad hall ben", "room show hall --jsn",
	} {
		refused(t, exitUsage, "", append(strings.Fields(line), "--data", data)...)
	}
	for _, line := range []string{
		"room show none", "room show ';--", "room change none --title x", "room lock none", "room unlock none", "room slow none 1s", "room delete hall none",
		"room member add hall ben nobody", "room member remove hall ben nobody", "room member list none", "room mute hall ben nobody", "room unmute hall ben", "room mutes none",
	} {
		refused(t, exitNotFound, "", append(strings.Fields(line), "--data", data)...)
	}
	for _, line := range []string{"room create HALL", "room member remove hall ana", "room mute hall ana", "room create a/b"} {
		refused(t, exitFailure, "", append(strings.Fields(line), "--data", data)...)
	}
	refused(t, exitFailure, "", "room", "change", "hall", "--title", "", "--data", data)
	refused(t, exitFailure, "", "room", "change", "hall", "--title", "two\nlines", "--data", data)
	if wants(t, data, "", "room", "show", "hall", "--json") != before || wants(t, data, "", "log", "--json") != entries {
		t.Error("something was done all the same")
	}
	if text := refused(t, exitUsage, "", "room", "lok", "hall"); !strings.Contains(text, `did you mean`) || !strings.Contains(text, `"lock"`) {
		t.Errorf("%s", text)
	}
	if list := parsed[[]createdTokenJSON](t, wants(t, data, "", "token", "create", "ana", "ben", "--json")); len(list) != 2 || list[1].Username != "ben" || list[1].Token == "" {
		t.Errorf("%+v", list)
	}
}

// What is done to rooms on the command line holds for the open connections of a server that runs.
func TestRoomCommandsReachTheServer(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
	wants(t, data, "", "room", "create", "hall", "--access", "private")
	wants(t, data, "", "room", "create", "den")
	wants(t, data, "", "room", "member", "add", "hall", "ana")
	r := serve(t, data)
	ana := connect(t, r.url, token)
	for room := range 2 {
		say(t, ana, `{"type":"join","ref":%[1]d,"room":%[1]d}`, room+1)
		hear(t, ana, protocol.FrameJoined)
	}
	wants(t, data, "", "room", "change", "hall", "--title", "The hall")
	if info, ok := hear(t, ana, protocol.FrameChanged)["info"].(map[string]any); !ok || info["title"] != "The hall" {
		t.Errorf("%v", info)
	}
	wants(t, data, "", "room", "mute", "hall", "ana", "--reason", "loud")
	if frame := hear(t, ana, protocol.FrameMuted); frame["reason"] != "loud" {
		t.Errorf("%v", frame)
	}
	wants(t, data, "", "room", "member", "remove", "hall", "ana")
	if frame := hear(t, ana, protocol.FrameRemoved); frame["room"] != 1.0 {
		t.Errorf("%v", frame)
	}
	wants(t, data, "", "room", "delete", "den")
	if frame := hear(t, ana, protocol.FrameClosed); frame["room"] != 2.0 {
		t.Errorf("%v", frame)
	}
}
