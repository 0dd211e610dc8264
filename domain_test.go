package earshot_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

func TestUsernames(t *testing.T) {
	good := []string{"ana", "Ana.B+c@d-e_f", "日本語", "ña", "हिन्दी", "x", strings.Repeat("ä", 150), "123", "²"}
	bad := []string{
		"", " ", "a b", "a\tb", "a\x00", "a/b", "a#b", "<b>", "a\u202eb", "a\u200bb", "😀", "\xff", "a,b", "a'b", ".", "..",
		strings.Repeat("a", 151), strings.Repeat("a", 10_000),
	}
	for _, name := range good {
		if err := earshot.ValidateUsername(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range bad {
		if err := earshot.ValidateUsername(name); earshot.CodeOf(err) != earshot.CodeInvalid || earshot.AsError(err).Field != "username" {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}

func TestRoomNames(t *testing.T) {
	for _, name := range []string{"a", "lobby", "Team-A_1.x", "会議室", strings.Repeat("ä", 80)} {
		if err := earshot.ValidateRoomName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "-a", ".a", "_a", "a b", "a@b", "a+b", "#a", "a\n", "a\u202e", "\u0301a", "a\u115f", "a\ufe0f", "\xff",
		strings.Repeat("a", 81), strings.Repeat("a", 10_000),
	} {
		if err := earshot.ValidateRoomName(name); earshot.CodeOf(err) != earshot.CodeInvalid {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("the disk is on fire")
	tests := []struct {
		err     error
		code    earshot.Code
		message string
	}{
		{nil, "", ""},
		{cause, earshot.CodeInternal, "Something went wrong in the server. The fault has been logged."},
		{fmt.Errorf("while joining: %w", earshot.FieldError("room", "No %s.", "room")), earshot.CodeInvalid, "No room."},
		{earshot.WrapError(earshot.CodeBusy, cause, "Wait."), earshot.CodeBusy, "Wait."},
	}
	for _, tc := range tests {
		if got := earshot.CodeOf(tc.err); got != tc.code {
			t.Errorf("%v has code %q, want %q", tc.err, got, tc.code)
		}
		if tc.err == nil {
			continue
		}
		e := earshot.AsError(tc.err)
		if e.Message != tc.message {
			t.Errorf("%v shows %q, want %q", tc.err, e.Message, tc.message)
		}
		if e.Err != nil && !strings.Contains(e.Error(), cause.Error()) {
			t.Errorf("the log does not tell the cause: %v", e)
		}
	}
	if !errors.Is(earshot.WrapError(earshot.CodeBusy, cause, "Wait."), cause) {
		t.Error("the cause is not in the chain")
	}
}

func TestPasswordHashIsNotPrinted(t *testing.T) {
	u := earshot.User{Username: "ana", Password: "argon2$secret"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "hash", u.Password)
	for _, text := range []string{fmt.Sprint(u), fmt.Sprintf("%+v", u), fmt.Sprintf("%#v", u), fmt.Sprintf("%q", u.Password), log.String()} {
		if strings.Contains(text, "secret") {
			t.Errorf("printed: %s", text)
		}
	}
	for hash, usable := range map[earshot.PasswordHash]bool{"": false, "!": false, "!x": false, "argon2$x": true} {
		if hash.Usable() != usable {
			t.Errorf("%d bytes of hash: usable %v", len(hash), hash.Usable())
		}
	}
}
