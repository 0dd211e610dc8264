package account

import (
	"context"
	"crypto/rand"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// maxRawName is the longest name, in bytes, that is normalised at all: room for earshot.MaxUsername characters that come
// in several parts each. Normalising costs time, and can make a text eighteen times as long.
const maxRawName = earshot.MaxUsername * 4 * utf8.UTFMax

// lookupKey gives what a name that somebody typed is looked up by; CodeNotFound if no account can have it.
func lookupKey(username string) (earshot.NameKey, error) {
	if username == "" || len(username) > maxRawName || !utf8.ValidString(username) {
		return "", earshot.Errorf(earshot.CodeNotFound, "There is no such user.")
	}
	return names.Key(username), nil
}

// checkName gives the form of a new name that is stored, or says what is wrong with it. It is for everybody; what is
// refused to strangers only is in checkLookAlike.
func checkName(raw string) (string, earshot.UserKeys, error) {
	if len(raw) > maxRawName {
		return "", earshot.UserKeys{}, earshot.FieldError("username", "A username has at most %d characters.", earshot.MaxUsername)
	}
	name := names.Normalize(raw)
	if err := earshot.ValidateUsername(name); err != nil {
		return "", earshot.UserKeys{}, err
	}
	// Django lets these through. A name must be seen, though, and must not hang on what is written before it.
	if strings.ContainsFunc(name, names.Invisible) {
		return "", earshot.UserKeys{}, earshot.FieldError("username", "A username may not hold invisible characters.")
	}
	if first, _ := utf8.DecodeRuneInString(name); unicode.Is(unicode.M, first) {
		return "", earshot.UserKeys{}, earshot.FieldError("username", "A username may not begin with a combining mark.")
	}
	return name, earshot.UserKeys{Name: names.Key(name), Skeleton: names.Skeleton(name)}, nil
}

// reserved are words that make others believe that the server or its staff speaks. Administrators may have them.
func reserved() []string {
	return []string{"admin", "administrator", "root", "staff", "earshot", "system", "moderator"}
}

// checkLookAlike refuses a name that somebody gives themselves and that a reader could take for somebody else's.
func (s *Service) checkLookAlike(ctx context.Context, name string, keys earshot.UserKeys) error {
	alike, err := s.lookAlike(ctx, name, keys)
	if err != nil || alike == likeNobody {
		return err
	}
	message := "That name looks like somebody else's. Please choose another."
	if alike == likeStaff {
		message = "That name is reserved, or looks like the name of somebody on the staff. Please choose another."
	}
	return &earshot.Error{Code: earshot.CodeConflict, Field: "username", Message: message}
}

// resemblance is whom a new name could be taken for.
type resemblance int

const (
	likeNobody resemblance = iota
	likeOther
	likeStaff
)

// lookAlike tells whom a reader could take the name for.
func (s *Service) lookAlike(ctx context.Context, name string, keys earshot.UserKeys) (resemblance, error) {
	bare := names.Skeleton(strings.Trim(name, "@.+-_"))
	for _, word := range reserved() {
		if like := names.Skeleton(word); bare == like || keys.Skeleton == like {
			return likeStaff, nil
		}
	}
	alike := likeNobody
	// As it is written, and in small letters: in some scripts the small letters look like others than the capitals.
	for _, skeleton := range []string{keys.Skeleton, names.Skeleton(string(keys.Name))} {
		users, err := s.stores.Users.UsersBySkeleton(ctx, skeleton, 1) // the staff first
		if err != nil {
			return likeNobody, err
		}
		for i := range users {
			if isStaff(&users[i]) {
				return likeStaff, nil
			}
			alike = likeOther
		}
	}
	return alike, nil
}

// unusablePassword is what no password matches, in Django's form: "!" and something random, so that what is derived from
// it (a reset link) is different each time.
func unusablePassword() earshot.PasswordHash { return earshot.PasswordHash("!" + rand.Text()) }
