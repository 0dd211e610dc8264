package earshot

import (
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// UserID is the number of a user in the store. Zero is nobody.
type UserID int64

// MaxUsername is the longest username, in characters (Django: AbstractUser.username.max_length).
const MaxUsername = 150

// Bounds of what else there is to a user, in characters (Django: AbstractUser.email, and both names together).
const (
	MaxEmail       = 254
	MaxDisplayName = 300
)

// PasswordHash is an encoded password in the form algorithm$parameters$…, or an unusable one, which starts with "!" as
// Django's do. It prints as a placeholder so that no log line shows one.
type PasswordHash string

// String hides the hash.
func (PasswordHash) String() string { return "[password hash]" }

// GoString hides the hash from %#v.
func (PasswordHash) GoString() string { return "[password hash]" }

// LogValue hides the hash from log/slog.
func (PasswordHash) LogValue() slog.Value { return slog.StringValue("[password hash]") }

// Usable tells whether any password can match.
func (h PasswordHash) Usable() bool { return h != "" && h[0] != '!' }

// User is an account, of a person or a bot.
type User struct {
	ID       UserID
	Username string
	// Email may be empty. It is not unique.
	Email string
	// EmailConfirmed tells that whoever reads the mail of Email said so, or that whoever runs the server gave it. No link
	// that lets somebody in is sent to another.
	EmailConfirmed bool
	// DisplayName is what the user is called besides the name; it may be empty. Others see it as far as account.Service.Profiles
	// shows it.
	DisplayName string
	Password    PasswordHash
	// IsActive is false for an account that may not log in; its sessions end when it becomes so.
	IsActive bool
	// IsStaff lets the user into staff-only rooms. What the user may do beyond that is a matter of permissions.
	IsStaff bool
	// IsSuperuser has every permission.
	IsSuperuser bool
	// Permissions is what the user was granted, Inherited what the user's groups were: ask May.
	Permissions PermissionSet
	Inherited   PermissionSet
	DateJoined  time.Time
	// LastLogin is zero for a user who never logged in.
	LastLogin time.Time
	// BannedUntil is when a ban from the server ends; zero for one who was never banned.
	BannedUntil time.Time
}

// IsBanned tells whether the user is banned from the server at now.
func (u *User) IsBanned(now time.Time) bool { return now.Before(u.BannedUntil) }

// UserRef is what others see of a user.
type UserRef struct {
	ID   UserID
	Name string
}

// Ref gives what others see of the user.
func (u *User) Ref() UserRef { return UserRef{ID: u.ID, Name: u.Username} }

// Validate reports the first field that breaks the rules. It expects a username that is already normalised (NFKC).
func (u *User) Validate() error {
	if err := ValidateUsername(u.Username); err != nil {
		return err
	}
	if err := ValidateEmail(u.Email); err != nil {
		return err
	}
	return ValidateDisplayName(u.DisplayName)
}

// ValidateEmail refuses what cannot be an address of mail: a part before and one after an @, no blanks, at most MaxEmail
// characters. An empty one is none.
func ValidateEmail(email string) error {
	if err := validateLine("email", email, MaxEmail); err != nil || email == "" {
		return err
	}
	at := strings.LastIndexByte(email, '@')
	if at < 1 || at == len(email)-1 || strings.ContainsFunc(email, unicode.IsSpace) || strings.ContainsAny(email, "<>,;") {
		return FieldError("email", "That is not a mail address.")
	}
	return nil
}

// ValidateDisplayName holds a name to one line of at most MaxDisplayName visible characters. An empty one is none.
func ValidateDisplayName(name string) error {
	return validateLine("display_name", name, MaxDisplayName)
}

// ValidateUsername holds a name to Django's UnicodeUsernameValidator, ^[\w.@+-]+\Z with at most MaxUsername characters:
// letters, digits and marks of any script, underscore, and the four signs.
func ValidateUsername(name string) error {
	if name == "" {
		return FieldError("username", "A username is needed.")
	}
	if !utf8.ValidString(name) {
		return FieldError("username", "A username must be valid UTF-8.")
	}
	if utf8.RuneCountInString(name) > MaxUsername {
		return FieldError("username", "A username has at most %d characters.", MaxUsername)
	}
	if name == "." || name == ".." {
		return FieldError("username", "A username cannot be . or .. : they mean something else in an address.")
	}
	for _, r := range name {
		if !usernameRune(r) {
			return FieldError("username", "A username may hold letters, digits and @ . + - _ only.")
		}
	}
	return nil
}

// usernameRune is Python's \w for str plus Django's four signs. Python counts as \w what isalnum() does, and the
// underscore; combining marks are not in it, but NFKC leaves some letters with marks, so names of Indic scripts need
// them: they are let in here.
func usernameRune(r rune) bool {
	switch r {
	case '_', '.', '@', '+', '-':
		return true
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.In(r, unicode.Mn, unicode.Mc)
}
