package earshot

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Forever is the end of what has none: a ban or a mute for good. It is a time that every store and every client can hold.
func Forever() time.Time { return time.UnixMilli(foreverMillis).UTC() }

// foreverMillis is the last millisecond of the year 9999, the last that RFC 3339 can write.
const foreverMillis = 253402300799999

// IsForever tells whether a ban or a mute has no end.
func IsForever(until time.Time) bool { return until.UnixMilli() >= foreverMillis }

// Bounds of what moderators do.
const (
	// MaxReason is the longest reason, in characters.
	MaxReason = 500
	// MaxSlow is the most seconds that may have to lie between two messages of a user.
	MaxSlow = 6 * 60 * 60
	// MaxSanctions is how many bans, and how many mutes, a room may have at a time: they are in memory while it is live.
	MaxSanctions = 1000
	// MaxTerm is the longest time for which a ban or a mute can hold that is not for good.
	MaxTerm = 10 * 365 * 24 * time.Hour
)

// Lock says what nobody but those who keep order may do in a room.
type Lock string

// The locks.
const (
	// LockNone: the room is open.
	LockNone Lock = ""
	// LockPosts: nobody else says anything, edits, reacts or is seen typing. All may enter and listen.
	LockPosts Lock = "posts"
	// LockEntry: nobody else enters. Those who are inside stay, speak, and come back over another connection.
	LockEntry Lock = "entry"
)

// Valid tells whether l is one of the locks.
func (l Lock) Valid() bool { return l == LockNone || l == LockPosts || l == LockEntry }

// SanctionKind says what a user may not do in a room.
type SanctionKind string

// The kinds of sanction. Their names are kept in databases.
const (
	// SanctionBan: the user may not be in the room.
	SanctionBan SanctionKind = "ban"
	// SanctionMute: the user hears, but cannot say anything, edit, react, or be seen typing.
	SanctionMute SanctionKind = "mute"
)

// Sanction is a ban or a mute of a user in one room.
type Sanction struct {
	Kind SanctionKind
	Room RoomID
	User UserRef
	// By is who did it; its ID is zero on the command line and where that user is gone.
	By UserRef
	At time.Time
	// Until is when it ends, Forever if it does not.
	Until time.Time
	// Reason is told to the user. It may be empty and may have several lines.
	Reason string
}

// Ban keeps a user, or everybody at some addresses, off the whole server.
type Ban struct {
	ID int64
	// User is who is banned; zero for a ban of addresses.
	User UserRef
	// Range is which addresses are, as ParseRange writes it; empty for a ban of a user.
	Range string
	// By, At, Until and Reason are as in Sanction.
	By     UserRef
	At     time.Time
	Until  time.Time
	Reason string
}

// BanKind says of what a ban from the server is.
type BanKind string

// The kinds of ban.
const (
	// BanOfAny is for a query only: either kind.
	BanOfAny BanKind = ""
	// BanOfUser keeps a user off.
	BanOfUser BanKind = "user"
	// BanOfRange keeps everybody at some addresses off.
	BanOfRange BanKind = "range"
)

// Valid tells whether k is a kind that can be asked for.
func (k BanKind) Valid() bool { return k == BanOfAny || k == BanOfUser || k == BanOfRange }

// BanQuery says which bans from the server are wanted. The zero value is all there are.
type BanQuery struct {
	// ID wants the ban of this number; zero is any.
	ID int64
	// At wants those that hold then; zero also those that have ended.
	At   time.Time
	Kind BanKind
	// Search is a part of the key of the name of who is banned or who did it, of the range, or of the reason, of which the ASCII
	// letters are compared without regard to case. Ranges, as ParseRange writes them, are found besides.
	Search NameKey
	Ranges []string
	// Below wants smaller ids: the last of the page before. Zero is the first page.
	Below int64
	// Limit is the most there are to a page; zero or less is no limit.
	Limit int
}

// FoundSanction is a sanction in a list of those of several rooms.
type FoundSanction struct {
	Sanction
	RoomName string
}

// SanctionMark is a place in the list of the sanctions of all rooms: that of one of them. The zero value is the beginning.
type SanctionMark struct {
	At   time.Time
	Room RoomID
	User UserID
}

// Mark gives the sanction's place.
func (s *Sanction) Mark() SanctionMark { return SanctionMark{At: s.At, Room: s.Room, User: s.User.ID} }

// SanctionQuery says which sanctions of all rooms are wanted.
type SanctionQuery struct {
	Kind SanctionKind
	// At wants those that hold then.
	At time.Time
	// Search is as in BanQuery, and also a part of the key of the room's name.
	Search NameKey
	// After is the place of the last of the page before.
	After SanctionMark
	// Limit is the most there are to a page; zero or less is no limit.
	Limit int
}

// ValidateReason holds a reason to MaxReason visible characters and line breaks.
func ValidateReason(reason string) error {
	if utf8.RuneCountInString(reason) > MaxReason {
		return FieldError("reason", "A reason has at most %d characters.", MaxReason)
	}
	for line := range strings.SplitSeq(reason, "\n") {
		if err := validateLine("reason", line, MaxReason); err != nil {
			return err
		}
	}
	return nil
}

// Term gives the end of what begins now and holds for so many seconds; 0 is for good. CodeInvalid for a time that cannot be.
func Term(now time.Time, seconds int64) (time.Time, error) {
	if seconds == 0 {
		return Forever(), nil
	}
	if seconds < 0 || seconds > int64(MaxTerm/time.Second) {
		return time.Time{}, FieldError("seconds", "A time is from 1 second to 10 years; leave it out for good.")
	}
	return now.Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Millisecond), nil
}

// Ending says in a sentence's words until when something holds.
func Ending(until time.Time) string {
	if IsForever(until) {
		return "for good"
	}
	return "until " + until.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// Banned is the error for one who is banned, from where the words say: "this room". The reason follows, if there is one.
func Banned(from string, until, now time.Time, reason string) *Error {
	e := Errorf(CodeBanned, "You are banned from %s %s.", from, Ending(until))
	e.Because = reason
	if reason = strings.Join(strings.FieldsFunc(reason, unicode.IsSpace), " "); reason != "" {
		e.Message += " Reason: " + reason
	}
	return e.waiting(until, now)
}

// Muted is the error for one who may say nothing in a room.
func Muted(until, now time.Time) *Error {
	return Errorf(CodeMuted, "You are muted in this room %s.", Ending(until)).waiting(until, now)
}

// waiting says how long it is until then, unless it is for ever.
func (e *Error) waiting(until, now time.Time) *Error {
	if !IsForever(until) {
		e.RetryAfter = max(until.Sub(now), time.Millisecond)
	}
	return e
}
