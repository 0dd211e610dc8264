package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	protocol "github.com/earshot-chat/earshot/wire"
)

func TestBansFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "Ana\nben\n10.0.0.1\n", "user", "create", "--from", "-")
	made := parsed[[]banJSON](t, wants(t, data, "", "ban", "--json", "ana", "192.0.2.77/24", "2001:db8::1", "--for", "24h", "--reason", "spam"))
	if len(made) != 3 || made[0].User != "Ana" || made[1].Range != "192.0.2.0/24" || made[2].Range != "2001:db8::/64" || made[0].Until == nil {
		t.Errorf("%+v", made)
	}
	wants(t, data, "", "ban", "--user", "10.0.0.1")
	list := parsed[[]banJSON](t, wants(t, data, "", "bans", "--json"))
	if len(list) != 4 || list[0].User != "10.0.0.1" || list[0].Until != nil {
		t.Errorf("%+v", list)
	}
	if text := wants(t, data, "", "bans"); !strings.Contains(text, "for good") || !strings.Contains(text, "\"spam\"") {
		t.Errorf("%s", text)
	}
	wants(t, data, "", "unban", "ANA", "192.0.2.0/24", "10.0.0.1")
	if list := parsed[[]banJSON](t, wants(t, data, "", "bans", "--json")); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	for _, args := range [][]string{{"ban", "nobody"}, {"unban", "ana"}, {"unban", "nobody"}, {"unban", "198.51.100.0/24"}} {
		refused(t, exitNotFound, "", append(args, "--data", data)...)
	}
	for _, args := range [][]string{{"ban", "0.0.0.0/0"}, {"ban", "10.0.0.0/99"}, {"ban", "2001:db8::g"}, {"ban", "2001:db8::1/128"}, {"ban", "ben", "--reason", strings.Repeat("x", 501)}} {
		refused(t, exitFailure, "", append(args, "--data", data)...)
	}
	for _, args := range [][]string{{"ban"}, {"ban", "ben", "--for", "1ms"}, {"ban", "ben", "--for", "-1h"}, {"ban", "ben", "--for", "0s"}, {"log", "--action", "x"}, {"log", "--limit", "0"}} {
		refused(t, exitUsage, "", append(args, "--data", data)...)
	}

	entries := parsed[[]actionJSON](t, wants(t, data, "", "log", "--json", "--since", "1h"))
	if len(entries) != 3+4+3 || entries[0].Action != "unban" || entries[0].Subject != "10.0.0.1" || entries[0].Road != "command" {
		t.Errorf("%+v", entries)
	}
	if some := parsed[[]actionJSON](t, wants(t, data, "", "log", "--json", "--action", "ban", "--subject", "ANA")); len(some) != 1 || some[0].Details["reason"] != "spam" {
		t.Errorf("%+v", some)
	}
	if text := wants(t, data, "", "log", "--limit", "1"); strings.Count(text, "\n") != 1 || !strings.Contains(text, "(command line)  unban 10.0.0.1") {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "log", "--json", "--by", "nobody"); text != "[]\n" {
		t.Errorf("%q", text)
	}
}

// Bans from the command line hold for the open connections of a server that runs.
func TestBansReachTheServer(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\n", "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, "", "token", "create", "ana", "ben"))
	r := serve(t, data)
	ana, ben := connect(t, r.url, tokens[0]), connect(t, r.url, tokens[1])
	wants(t, data, "", "ban", "ana")
	wantBanned(t, ana)
	if _, _, err := begin(t, r.url, tokens[0]); err == nil {
		t.Error("who is banned connects again")
	}
	wants(t, data, "", "ban", "127.0.0.0/8", "::1")
	wantBanned(t, ben)
	if _, _, err := begin(t, r.url, tokens[1]); err == nil {
		t.Error("one from an address that is banned connects again")
	}
	wants(t, data, "", "unban", "127.0.0.0/8", "::1", "ana")
	late := time.After(patience)
	for _, token := range tokens {
		for {
			conn, _, err := begin(t, r.url, token)
			if err == nil {
				_ = conn.CloseNow()
				break
			}
			select {
			case <-late:
				t.Fatal("one who is not banned any more stays out")
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// wantBanned reads until the connection is closed as that of somebody who is banned.
func wantBanned(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, _, err := conn.Read(ctx)
		if err == nil {
			continue
		}
		if closed, ok := errors.AsType[websocket.CloseError](err); !ok || closed.Code != protocol.CloseBanned {
			t.Errorf("ended with %v", err)
		}
		return
	}
}
