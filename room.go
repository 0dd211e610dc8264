package earshot

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// RoomID is the number of a room in the store. Zero is no room.
type RoomID int64

// Bounds of a room's texts, in characters.
const (
	MaxRoomName  = 80
	MaxRoomTitle = 200
	MaxRoomTopic = 500
)

// Access says who may enter a room.
type Access string

// The kinds of access.
const (
	// AccessPublic: every user.
	AccessPublic Access = "public"
	// AccessStaff: users with IsStaff or IsSuperuser. Others do not see that the room exists.
	AccessStaff Access = "staff"
	// AccessPrivate: the owner and the members. Others do not see that the room exists.
	AccessPrivate Access = "private"
)

// Valid tells whether a is one of the kinds.
func (a Access) Valid() bool {
	switch a {
	case AccessPublic, AccessStaff, AccessPrivate:
		return true
	}
	return false
}

// Room is a place with a name, a topic and rules of who may enter. What is said in it is not part of it.
type Room struct {
	ID RoomID
	// Name is short and unique without regard to case: what people type after a #.
	Name string
	// Title is what people read above the conversation.
	Title string
	// Topic is what the room is about now; may be empty.
	Topic  string
	Access Access
	// Owner may change and delete the room; zero for a room without one.
	Owner     UserID
	CreatedAt time.Time
	// Slow is how many seconds must lie between two messages of a user, up to MaxSlow; 0 is none.
	Slow int
	// Lock says what only those who keep order may do.
	Lock Lock
}

// Validate reports the first field that breaks the rules.
func (r *Room) Validate() error {
	if err := ValidateRoomName(r.Name); err != nil {
		return err
	}
	if err := validateLine("title", r.Title, MaxRoomTitle); err != nil {
		return err
	}
	if r.Title == "" {
		return FieldError("title", "A room needs a title.")
	}
	if err := validateLine("topic", r.Topic, MaxRoomTopic); err != nil {
		return err
	}
	if !r.Access.Valid() {
		return FieldError("access", "Access is public, staff or private.")
	}
	if r.Slow < 0 || r.Slow > MaxSlow {
		return FieldError("slow_seconds", "Slow mode is from 0 to %d seconds.", MaxSlow)
	}
	if !r.Lock.Valid() {
		return FieldError("locked", "A room is locked for posts or for entry, or, with nothing in it, not.")
	}
	return nil
}

// ValidateRoomName holds a room's name to letters and digits of any script, and - _ . between them.
func ValidateRoomName(name string) error {
	if name == "" {
		return FieldError("name", "A room needs a name.")
	}
	if !utf8.ValidString(name) {
		return FieldError("name", "A room's name must be valid UTF-8.")
	}
	if utf8.RuneCountInString(name) > MaxRoomName {
		return FieldError("name", "A room's name has at most %d characters.", MaxRoomName)
	}
	for i, r := range name {
		sign := r == '-' || r == '_' || r == '.'
		if sign && i > 0 {
			continue
		}
		mark := unicode.Is(unicode.M, r)
		if sign || (mark && i == 0) || !usernameRune(r) || r == '@' || r == '+' || unseen(r) {
			return FieldError("name", "A room's name may hold letters, digits and - _ . and starts with a letter or digit.")
		}
	}
	return nil
}

// unseen tells whether a letter or mark is shown as nothing, so that two names could look the same (Unicode TR 36,
// section 2): Hangul fillers, variation selectors, the grapheme joiner and such.
func unseen(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)
}

// validateLine holds a text to one line of printable characters without those that change the reading direction: a
// bidirectional control in a title can make it read as something else (Unicode TR 36, section 3.2).
func validateLine(field, text string, most int) error {
	if !utf8.ValidString(text) {
		return FieldError(field, "The %s must be valid UTF-8.", field)
	}
	if utf8.RuneCountInString(text) > most {
		return FieldError(field, "The %s has at most %d characters.", field, most)
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return FieldError(field, "The %s may not hold line breaks, control or text-direction characters.", field)
		}
	}
	return nil
}
