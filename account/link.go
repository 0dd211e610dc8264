package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
)

// linkKind is what a link lets somebody do.
type linkKind byte

const (
	// linkReset gives a new password to whoever reads the mail of a confirmed address.
	linkReset linkKind = 'r'
	// linkHanded does so for whom an administrator hands it to, also where there was no password before.
	linkHanded linkKind = 'h'
	// linkConfirm proves that an address is the user's.
	linkConfirm linkKind = 'c'
)

const (
	linkPrefix = "el_"
	// keySize is that of the server's secret, and linkSize that of a link's token: kind, user, time, and an HMAC-SHA-256.
	keySize  = 32
	linkSize = 1 + 8 + 8 + sha256.Size
	// patientLink is how long links last that nobody waits for in front of a screen: Django's PASSWORD_RESET_TIMEOUT.
	patientLink = 3 * 24 * time.Hour
)

// linkAge is how long a link of the kind lasts.
func (s *Service) linkAge(kind linkKind) time.Duration {
	if kind == linkReset {
		return s.cfg.Mail.ResetAge
	}
	return patientLink
}

// linkKey is what links are signed with. It is made once for a database, so that the command line, and the next server,
// have the same.
func (s *Service) linkKey(ctx context.Context) ([]byte, error) {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	if s.key == nil {
		key, err := s.stores.Secrets.ServerSecret(ctx, "links", random(keySize))
		if err != nil {
			return nil, err
		}
		s.key = key
	}
	return s.key, nil
}

// newLink makes the token of a link. Nothing of it is stored: like Django's it is signed over what changes when it is used,
// so that it works once, and not after another change of the same.
func (s *Service) newLink(ctx context.Context, kind linkKind, user *earshot.User) (string, error) {
	key, err := s.linkKey(ctx)
	if err != nil {
		return "", err
	}
	return linkPrefix + base64.RawURLEncoding.EncodeToString(signLink(key, kind, user, now())), nil
}

// signLink gives a token: what it is for, and the sum over that and the state of the user that it holds for.
func signLink(key []byte, kind linkKind, user *earshot.User, at time.Time) []byte {
	token := make([]byte, 0, linkSize)
	token = append(token, byte(kind))
	token = binary.BigEndian.AppendUint64(token, uint64(user.ID))   //nolint:gosec // G115: the same bits come back
	token = binary.BigEndian.AppendUint64(token, uint64(at.Unix())) //nolint:gosec // G115: as above
	sum := hmac.New(sha256.New, key)
	sum.Write(token)
	write := func(texts ...string) {
		for _, t := range texts {
			sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(t)))) //nolint:gosec // G115: the store's texts are short
			sum.Write([]byte(t))
		}
	}
	write(user.Email)
	if kind == linkConfirm {
		confirmed := byte(0)
		if user.EmailConfirmed {
			confirmed = 1
		}
		sum.Write([]byte{confirmed})
	} else {
		write(string(user.Password))
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(user.LastLogin.UnixMilli())))
	}
	return sum.Sum(token)
}

// openLink gives the user whom the token, of one of the kinds, is for; CodeForbidden with the field "token"
// for one that is not good, whatever is the reason.
func (s *Service) openLink(ctx context.Context, text string, kinds ...linkKind) (earshot.User, error) {
	encoded, ok := strings.CutPrefix(text, linkPrefix)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(linkSize) {
		return earshot.User{}, errBadLink()
	}
	token, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || !slices.Contains(kinds, linkKind(token[0])) {
		return earshot.User{}, errBadLink()
	}
	kind := linkKind(token[0])
	at := time.Unix(int64(binary.BigEndian.Uint64(token[9:])), 0)                             //nolint:gosec // G115: as it was written
	user, err := s.stores.Users.User(ctx, earshot.UserID(binary.BigEndian.Uint64(token[1:]))) //nolint:gosec // G115: as above
	if isCode(err, earshot.CodeNotFound) {
		return earshot.User{}, errBadLink()
	}
	if err != nil {
		return earshot.User{}, err
	}
	key, err := s.linkKey(ctx)
	if err != nil {
		return earshot.User{}, err
	}
	right := hmac.Equal(token, signLink(key, kind, &user, at))
	// What is signed is not from the future, but clocks are set back.
	if age := time.Since(at); !right || age < -time.Minute || age > s.linkAge(kind) || !user.IsActive {
		return earshot.User{}, errBadLink()
	}
	// Who has no password got in by other means, or not at all, and a mail is not to change that (as in Django).
	if kind == linkReset && (!user.Password.Usable() || !user.EmailConfirmed) {
		return earshot.User{}, errBadLink()
	}
	return user, nil
}

func errBadLink() error {
	return &earshot.Error{
		Code: earshot.CodeForbidden, Field: "token",
		Message: "This link is not good any more: it was used, is too old, or is not whole. Ask for another one.",
	}
}
