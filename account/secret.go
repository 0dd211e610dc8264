package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/earshot-chat/earshot"
)

// The beginnings of secrets tell a person, and a scanner for leaked secrets, what was found, and keep one kind from
// being taken for another.
const (
	sessionPrefix    = "es_"
	tokenPrefix      = "et_"
	invitationPrefix = "ei_"
)

// secretBytes is how random a secret is. It is so much that a plain SHA-256, which is quick, protects it.
const secretBytes = 32

// newSecret makes a secret and what is stored of it.
func newSecret(prefix string) (string, earshot.SecretHash) {
	var random [secretBytes]byte
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand ends the program instead
	secret := prefix + base64.RawURLEncoding.EncodeToString(random[:])
	return secret, sha256.Sum256([]byte(secret))
}

// hashSecret gives what is stored of a secret. False for a text that cannot be one of this kind, so that nobody hashes,
// or asks the store about, whatever a stranger sends.
func hashSecret(prefix, secret string) (earshot.SecretHash, bool) {
	random, ok := strings.CutPrefix(secret, prefix)
	if !ok || len(random) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return earshot.SecretHash{}, false
	}
	return sha256.Sum256([]byte(secret)), true
}

// The form of a set-up code: 100 random bits, to be read from a terminal and typed.
const (
	setupGroups  = 4
	setupLetters = 5
)

// newSetupCode makes a code such as ABCDE-FGHIJ-KLMNO-PQRST.
func newSetupCode() string {
	letters := rand.Text() // letters of base32, five bits each
	groups := make([]string, setupGroups)
	for i := range groups {
		groups[i] = letters[i*setupLetters : (i+1)*setupLetters]
	}
	return strings.Join(groups, "-")
}

// typedCode takes off a typed code what people add: spaces, small letters, other dashes or none.
func typedCode(code string) string {
	if len(code) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if (r >= 'A' && r <= 'Z') || (r >= '2' && r <= '7') {
			return r
		}
		return -1
	}, strings.ToUpper(code))
}
