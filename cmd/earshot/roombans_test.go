package main

import (
	"strings"
	"testing"

	protocol "github.com/earshot-chat/earshot/wire"
)

func TestRoomBansFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "Ana\nben\n", "user", "create", "--from", "-")
	wants(t, data, "", "room", "create", "Hall", "--owner", "ana")
	wants(t, data, "", "room", "create", "den")
	if text := wants(t, data, "", "ban", "BEN", "--room", "hall", "--for", "1h", "--reason", "spam"); !strings.Contains(text, "ben is banned from #Hall until ") {
		t.Errorf("%s", text)
	}
	list := parsed[[]banJSON](t, wants(t, data, "", "bans", "--room", "HALL", "--json"))
	if len(list) != 1 || list[0].User != "ben" || list[0].Room != "Hall" || list[0].Until == nil || list[0].Reason != "spam" || list[0].ID != 0 {
		t.Errorf("%+v", list)
	}
	if text := wants(t, data, "", "bans", "--room", "hall"); !strings.Contains(text, "ben") || !strings.Contains(text, `"spam"`) {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "bans", "--room", "den") + wants(t, data, "", "bans"); text != "" {
		t.Errorf("%s", text)
	}
	for _, args := range [][]string{{"ban", "ana", "--room", "hall"}, {"ban", "ben", "--room", "hall", "--reason", strings.Repeat("x", 501)}} {
		refused(t, exitFailure, "", append(args, "--data", data)...)
	}
	for _, args := range [][]string{
		{"ban", "ben", "--room", "none"},
		{"ban", "ben", "nobody", "--room", "den"},
		{"ban", "192.0.2.1", "--room", "den"},
		{"unban", "ben", "--room", "den"},
		{"bans", "--room", "'; --"},
		{"room", "owner", "none", "ana"},
		{"room", "owner", "hall", "nobody"},
	} {
		refused(t, exitNotFound, "", append(args, "--data", data)...)
	}
	refused(t, exitUsage, "", "room", "owner", "hall", "--data", data)
	if text := wants(t, data, "", "unban", "ben", "--room", "hall"); text != "ben is not banned from #Hall any more.\n" {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "room", "owner", "hall", "BEN"); text != "The owner of room #Hall is ben.\n" {
		t.Errorf("%s", text)
	}
	refused(t, exitFailure, "", "ban", "ben", "--room", "hall", "--data", data)
	wants(t, data, "", "room", "owner", "hall", "--nobody")
	entries := parsed[[]actionJSON](t, wants(t, data, "", "log", "--json", "--subject", "hall"))
	var verbs []string
	for _, e := range entries {
		verbs = append(verbs, string(e.Action))
	}
	if got := strings.Join(verbs, " "); got != "change_room change_room unban_from_room ban_from_room create_room" || entries[1].Details["owner"] != "ben" {
		t.Errorf("%s: %+v", got, entries)
	}
}

// A ban from a room on the command line holds for the open connections of a server that runs.
func TestRoomBansReachTheServer(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
	wants(t, data, "", "room", "create", "hall")
	r := serve(t, data)
	ana := connect(t, r.url, token)
	say(t, ana, `{"type":"join","ref":1,"room":1}`)
	hear(t, ana, protocol.FrameJoined)
	wants(t, data, "", "ban", "ana", "--room", "hall")
	if frame := hear(t, ana, protocol.FrameRemoved); frame["code"] != "banned" {
		t.Errorf("%v", frame)
	}
}

func TestGroupsOfNewUsers(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	wants(t, data, "", "group", "create", "Old name", "add_room")
	wants(t, data, "", "group", "create", "other")
	wants(t, data, "", "group", "rename", "old NAME", "Crew")
	refused(t, exitFailure, "", "group", "rename", "other", "CREW", "--data", data)
	refused(t, exitFailure, "", "group", "rename", "other", " ", "--data", data)
	refused(t, exitNotFound, "", "group", "rename", "old name", "x", "--data", data)
	wants(t, data, "dora\nemil\n", "user", "create", "--from", "-", "--group", "crew", "--group", "other")
	refused(t, exitNotFound, "zoe\n", "user", "create", "--from", "-", "--group", "none", "--data", data)
	shown := parsed[userJSON](t, wants(t, data, "", "user", "show", "--json", "dora"))
	if strings.Join(shown.Groups, ",") != "Crew,other" {
		t.Errorf("%+v", shown)
	}
	refused(t, exitNotFound, "", "user", "show", "zoe", "--data", data)
	entries := parsed[[]actionJSON](t, wants(t, data, "", "log", "--json", "--subject", "dora"))
	if len(entries) != 1 || entries[0].Details["groups"] != "Crew other" {
		t.Errorf("%+v", entries)
	}
}
