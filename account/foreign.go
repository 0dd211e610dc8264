package account

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // G505: PBKDF2 with it is weak by today's measure, and is verified once before it is replaced
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/earshot-chat/earshot"
)

// Bounds on what a hash of another algorithm may ask for: some seconds of a slow core, and 128 MiB. Django's defaults are
// well within, with the iterations that its releases add each year.
const (
	maxIterations = 5_000_000
	maxBcryptCost = 14
	maxScryptMem  = 128 << 20 // bytes
	maxScryptWork = 256 << 20 // bytes that are gone through
	maxEncoded    = 512
	maxTextSalt   = 128
)

// HashFault says why no password can be checked against a stored hash; empty if one can, or the hash is an unusable one.
// It is for whoever takes hashes over from elsewhere.
func HashFault(stored earshot.PasswordHash) string {
	if !stored.Usable() {
		return ""
	}
	_, err := parseHash(stored)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errTooDear):
		return "its hash asks for more work or memory than this server gives to one"
	default:
		return "its hash is of an algorithm or form that is not understood"
	}
}

// errTooDear is for a hash that is well formed, and would cost too much to check.
var errTooDear = errors.New("a password hash beyond the bounds of work")

// known is a stored hash, taken apart: a password can be checked against it.
type known interface {
	// matches computes the hash of the password and compares.
	matches(h *hasher, password []byte) bool
	// current is false for a hash that is to be replaced by one of today's algorithm and cost.
	current(h *hasher) bool
}

// parseHash takes a stored hash apart, by the name of its algorithm before the first $, as Django writes it
// (django.contrib.auth.hashers). Errors: errTooDear, errNotHash for everything else.
func parseHash(stored earshot.PasswordHash) (known, error) {
	if len(stored) > maxEncoded {
		return nil, errNotHash
	}
	algorithm, rest, _ := strings.Cut(string(stored), "$")
	switch algorithm {
	case "argon2":
		return decodeHash(stored)
	case "pbkdf2_sha256":
		return parsePBKDF2(rest, sha256.New, sha256.Size)
	case "pbkdf2_sha1":
		return parsePBKDF2(rest, sha1.New, sha1.Size)
	case "bcrypt_sha256":
		return parseBcrypt(rest, true)
	case "bcrypt":
		return parseBcrypt(rest, false)
	case "scrypt":
		return parseScrypt(rest)
	}
	return nil, errNotHash
}

// foreign is what hashes of other algorithms have in common.
type foreign struct {
	// compute gives the hash of a password, nil if it cannot.
	compute func(password []byte) []byte
	sum     []byte
}

func (f foreign) matches(_ *hasher, password []byte) bool {
	return subtle.ConstantTimeCompare(f.compute(password), f.sum) == 1
}

func (foreign) current(*hasher) bool { return false }

// parsePBKDF2 reads ITERATIONS$SALT$SUM (RFC 8018, section 5.2); the salt is used as the text that it is.
func parsePBKDF2(rest string, digest func() hash.Hash, size int) (known, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 || parts[1] == "" || len(parts[1]) > maxTextSalt {
		return nil, errNotHash
	}
	iterations, errN := natural(parts[0])
	sum, errS := base64.StdEncoding.Strict().DecodeString(parts[2])
	if errN != nil || errS != nil || len(sum) != size {
		return nil, errNotHash
	}
	if iterations > maxIterations {
		return nil, errTooDear
	}
	return foreign{sum: sum, compute: func(password []byte) []byte {
		key, err := pbkdf2.Key(digest, string(password), []byte(parts[1]), iterations, size)
		if err != nil { // in the mode of FIPS 140, which refuses short salts
			return nil
		}
		return key
	}}, nil
}

// bcryptForm is what Python's bcrypt writes: version, cost, and 22 and 31 letters of salt and sum.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// parseBcrypt reads $2b$COST$SALTSUM. Where digested, what was hashed is the password's SHA-256 in hexadecimal, as bcrypt
// takes 72 bytes only.
func parseBcrypt(rest string, digested bool) (known, error) {
	form := bcryptForm.FindStringSubmatch(rest)
	if form == nil {
		return nil, errNotHash
	}
	cost, err := strconv.Atoi(form[1])
	if err != nil || cost < bcrypt.MinCost {
		return nil, errNotHash
	}
	if cost > maxBcryptCost {
		return nil, errTooDear
	}
	return bcryptHash{encoded: []byte(rest), digested: digested}, nil
}

// bcryptHash is a hash that package bcrypt takes apart itself.
type bcryptHash struct {
	encoded  []byte
	digested bool
}

func (b bcryptHash) matches(_ *hasher, password []byte) bool {
	if b.digested {
		sum := sha256.Sum256(password)
		password = hex.AppendEncode(nil, sum[:])
	}
	return bcrypt.CompareHashAndPassword(b.encoded, password) == nil
}

func (bcryptHash) current(*hasher) bool { return false }

// parseScrypt reads N$SALT$R$P$SUM (RFC 7914); the salt is used as the text that it is.
func parseScrypt(rest string) (known, error) {
	const size = 64
	parts := strings.Split(rest, "$")
	if len(parts) != 5 || parts[1] == "" || len(parts[1]) > maxTextSalt {
		return nil, errNotHash
	}
	n, errN := natural(parts[0])
	r, errR := natural(parts[2])
	p, errP := natural(parts[3])
	sum, errS := base64.StdEncoding.Strict().DecodeString(parts[4])
	if errors.Join(errN, errR, errP, errS) != nil || len(sum) != size || n < 2 || n&(n-1) != 0 {
		return nil, errNotHash
	}
	// Their product overflows only where r or p is over its bound.
	if memory := int64(n) * int64(r) * 128; r > 1024 || p > 1024 || memory > maxScryptMem || memory*int64(p) > maxScryptWork {
		return nil, errTooDear
	}
	return foreign{sum: sum, compute: func(password []byte) []byte {
		key, err := scrypt.Key(password, []byte(parts[1]), n, r, p, size)
		if err != nil {
			return nil
		}
		return key
	}}, nil
}

// natural reads a number from 1 to 10 digits long, written in the one way.
func natural(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0, errNotHash
	}
	return int(n), nil
}
