package account

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/earshot-chat/earshot"
)

// cost is how dear a hash of argon2id is (RFC 9106, section 3.1).
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// ownCost is what new passwords are hashed with: OWASP's second recommendation for argon2id.
func ownCost() cost { return cost{memory: 19 * 1024, passes: 2, threads: 1} }

// Bounds on what is read from the store, so that an odd row is a wrong password and not a dead server. Django's default
// (100 MiB, 2 passes, 8 threads) is well within.
const (
	maxMemory      = 128 * 1024 // KiB
	maxPasses      = 16
	maxThreads     = 16
	maxWork        = 512 * 1024 // KiB times passes
	minSalt        = 8
	maxSalt        = 64
	minSum, maxSum = 16, 64
)

// argonHash is a password hash, taken apart.
type argonHash struct {
	cost
	// older is true for argon2i, which Django made until 3.2, and false for argon2id (RFC 9106, section 1).
	older     bool
	salt, sum []byte
}

// What a hash begins with: Django's name of the algorithm, then the PHC string form without its first $.
const (
	encodedPrefix = "argon2$argon2id$v="
	olderPrefix   = "argon2$argon2i$v="
)

// errNotHash is for a text that is no password hash in one of Django's forms.
var errNotHash = errors.New("not a password hash that is understood")

// encode writes the hash as Django does, argon2$argon2id$v=19$m=19456,t=2,p=1$SALT$SUM, so that accounts can move in both
// directions (django.contrib.auth.hashers.Argon2PasswordHasher).
func (h argonHash) encode() earshot.PasswordHash {
	b64, prefix := base64.RawStdEncoding, encodedPrefix
	if h.older {
		prefix = olderPrefix
	}
	return earshot.PasswordHash(fmt.Sprintf("%s%d$m=%d,t=%d,p=%d$%s$%s", prefix, argon2.Version,
		h.memory, h.passes, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.sum)))
}

// matches implements known.
func (h argonHash) matches(by *hasher, password []byte) bool {
	return subtle.ConstantTimeCompare(by.derive(password, h), h.sum) == 1
}

// current implements known.
func (h argonHash) current(by *hasher) bool {
	return !h.older && h.cost == by.decoy.cost && len(h.salt) >= len(by.decoy.salt) && len(h.sum) == len(by.decoy.sum)
}

// decodeHash takes an encoded hash apart. It accepts exactly what encode writes, within the bounds above. Errors:
// errTooDear, errNotHash.
func decodeHash(encoded earshot.PasswordHash) (argonHash, error) {
	const fields = 6
	parts := strings.SplitN(string(encoded), "$", fields+1)
	if len(parts) != fields || len(encoded) > 512 {
		return argonHash{}, errNotHash
	}
	var (
		h    argonHash
		errs [5]error
		n    [3]uint64
	)
	params := strings.SplitN(parts[3], ",", len(n)+1)
	if len(params) != len(n) {
		return argonHash{}, errNotHash
	}
	for i, name := range []string{"m=", "t=", "p="} {
		n[i], errs[i] = strconv.ParseUint(strings.TrimPrefix(params[i], name), 10, 32)
	}
	h.salt, errs[3] = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.sum, errs[4] = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	h.older = strings.HasPrefix(string(encoded), olderPrefix)
	switch {
	case errors.Join(errs[:]...) != nil, !h.older && !strings.HasPrefix(string(encoded), encodedPrefix):
		return argonHash{}, errNotHash
	case n[0] > maxMemory, n[1] > maxPasses, n[2] > maxThreads, n[0]*n[1] > maxWork:
		return argonHash{}, errTooDear
	}
	h.cost = cost{memory: uint32(n[0]), passes: uint32(n[1]), threads: uint8(n[2])} //nolint:gosec // G115: bounded above
	switch {
	case h.passes < 1, h.threads < 1, h.memory < 8*uint32(h.threads),
		len(h.salt) < minSalt, len(h.salt) > maxSalt, len(h.sum) < minSum, len(h.sum) > maxSum,
		h.encode() != encoded: // signs, leading zeros, another version or kind
		return argonHash{}, errNotHash
	}
	return h, nil
}
