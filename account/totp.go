package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/earshot-chat/earshot"
)

const (
	// totpSecretBytes is as long as the hash that is used (RFC 4226, section 4, R6).
	totpSecretBytes = 20
	// totpPeriod is how long a code is shown (RFC 6238, section 4.1).
	totpPeriod = 30 * time.Second
	// totpSkew is how many time steps before and after the present one are taken, for clocks that go wrong and people who
	// type (RFC 6238, section 5.2).
	totpSkew = 1
	// totpDigits is how many digits a code has.
	totpDigits = 6
	// recoveryCodes is how many recovery codes there are at once. Each has 80 random bits, which nobody guesses from its
	// hash either.
	recoveryCodes  = 10
	recoveryLength = 16
)

// TOTPKey is what an authenticator is given.
type TOTPKey struct {
	// Secret is for typing, in base32, and URI for showing as a picture.
	Secret, URI string
}

// Security is what a user has done for the log-in's safety.
type Security struct {
	// HasPassword is false for a user whom no password lets in.
	HasPassword bool
	TOTP        bool
	// SecondFactor is whether one is asked for at the log-in: an authenticator or a passkey.
	SecondFactor bool
	// Passkeys is how many there are.
	Passkeys int
	// RecoveryCodes is how many are left.
	RecoveryCodes int
}

// Security tells what the user has.
func (s *Service) Security(ctx context.Context, user earshot.UserID) (Security, error) {
	u, err := s.activeUser(ctx, user)
	if err != nil {
		return Security{}, err
	}
	factors, err := s.factors(ctx, user)
	if err != nil {
		return Security{}, err
	}
	have := Security{HasPassword: u.Password.Usable(), SecondFactor: len(factors) > 0}
	for _, f := range factors {
		have.TOTP = have.TOTP || f == FactorTOTP
	}
	keys, err := s.stores.Passkeys.Passkeys(ctx, user)
	if err != nil {
		return Security{}, err
	}
	have.Passkeys = len(keys)
	have.RecoveryCodes, err = s.stores.Recovery.CountRecoveryCodes(ctx, user)
	return have, err
}

// BeginTOTP makes a secret for whoever is logged in, to be put into an authenticator. It is a second factor only after
// ConfirmTOTP. Errors as those of confirmAdding, and CodeConflict if there is one already.
func (s *Service) BeginTOTP(ctx context.Context, by Login, proof Proof, from netip.Addr) (TOTPKey, error) {
	if err := s.confirmAdding(ctx, by, proof, from); err != nil {
		return TOTPKey{}, err
	}
	secret := random(totpSecretBytes)
	err := s.stores.TOTP.BeginTOTP(ctx, earshot.TOTP{User: by.User.ID, Secret: secret, CreatedAt: now()})
	if err != nil {
		return TOTPKey{}, err
	}
	text := encodeTOTP(secret)
	// https://github.com/google/google-authenticator/wiki/Key-Uri-Format: %20 and not + for a space.
	uri := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + strings.ReplaceAll(s.cfg.Issuer, ":", " ") + ":" + by.User.Username,
		RawQuery: strings.ReplaceAll(url.Values{"secret": {text}, "issuer": {s.cfg.Issuer}}.Encode(), "+", "%20"),
	}
	return TOTPKey{Secret: text, URI: uri.String()}, nil
}

// ConfirmTOTP makes the secret of BeginTOTP the user's second factor, once a code shows that the authenticator has it, and
// gives recovery codes, which are told this once. Errors: CodeInvalid with the field "code"; CodeConflict if nothing was
// begun, or it is confirmed already; CodeRateLimited.
func (s *Service) ConfirmTOTP(ctx context.Context, by Login, code string, from netip.Addr) ([]string, error) {
	if by.ByToken {
		return nil, errNotByToken()
	}
	try, err := s.codes.begin(from, "")
	if err != nil {
		return nil, err
	}
	wrong := true
	defer func() { try.end(wrong) }()
	totp, err := s.stores.TOTP.TOTP(ctx, by.User.ID)
	if isCode(err, earshot.CodeNotFound) || totp.Confirmed {
		return nil, earshot.Errorf(earshot.CodeConflict, "There is nothing to confirm.")
	}
	if err != nil {
		return nil, err
	}
	step, ok := matchTOTP(totp.Secret, code, now())
	if !ok {
		return nil, earshot.FieldError("code", "The code is wrong. Is the clock of the device right?")
	}
	wrong = false
	codes, hashes := makeRecoveryCodes()
	totp.LastStep = step
	if err := s.stores.TOTP.ConfirmTOTP(ctx, totp, hashes, factorEntry(ctx, earshot.VerbAddFactor, by, FactorTOTP)); err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveTOTP takes the authenticator from whoever is logged in and shows that they are who they are; recovery codes go with
// the last second factor. Errors as those of confirm, and CodeConflict for the last one where one is required.
func (s *Service) RemoveTOTP(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	if err := s.confirm(ctx, by, proof, from); err != nil {
		return err
	}
	s.removing.Lock()
	defer s.removing.Unlock()
	if err := s.mayRemove(ctx, &by.User, 0); err != nil {
		return err
	}
	if err := s.stores.TOTP.DeleteTOTP(ctx, by.User.ID, factorEntry(ctx, earshot.VerbRemoveFactor, by, FactorTOTP)); err != nil {
		return err
	}
	return s.dropUselessCodes(ctx, by.User.ID)
}

// dropUselessCodes takes the recovery codes of a user who has no second factor.
func (s *Service) dropUselessCodes(ctx context.Context, user earshot.UserID) error {
	factors, err := s.factors(ctx, user)
	if err != nil || len(factors) > 0 {
		return err
	}
	return s.stores.Recovery.ReplaceRecoveryCodes(ctx, user, nil)
}

// RenewRecoveryCodes gives whoever is logged in new recovery codes; those of before are good no more. Errors as those of
// confirm, and CodeConflict if there is no second factor.
func (s *Service) RenewRecoveryCodes(ctx context.Context, by Login, proof Proof, from netip.Addr) ([]string, error) {
	if err := s.confirm(ctx, by, proof, from); err != nil {
		return nil, err
	}
	factors, err := s.factors(ctx, by.User.ID)
	if err != nil {
		return nil, err
	}
	if len(factors) == 0 {
		return nil, earshot.Errorf(earshot.CodeConflict, "Recovery codes stand in for a second factor: set one up first.")
	}
	return s.newRecoveryCodes(ctx, by.User.ID)
}

// ResetSecondFactors takes all second factors and recovery codes from the user of a name, who has lost them. It is for
// whoever runs the server. CodeNotFound if there is no such user.
func (s *Service) ResetSecondFactors(ctx context.Context, username string) error {
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return err
	}
	if err := s.stores.TOTP.DeleteTOTP(ctx, user.ID); err != nil {
		return err
	}
	keys, err := s.stores.Passkeys.Passkeys(ctx, user.ID)
	for i := range keys {
		err = errors.Join(err, s.stores.Passkeys.DeletePasskey(ctx, user.ID, keys[i].ID))
	}
	if err = errors.Join(err, s.stores.Recovery.ReplaceRecoveryCodes(ctx, user.ID, nil)); err != nil {
		return err
	}
	// Nothing else is changed, but a server that runs is left word of it: where a second factor is required, log-ins end.
	_, err = s.stores.Edit.ChangeUser(ctx, user.ID, earshot.UserChange{}, earshot.Entry(ctx, earshot.VerbRemoveFactor, user.Username, "kind", "all"))
	return err
}

func encodeTOTP(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// matchTOTP finds the time step of a code, around the moment.
func matchTOTP(secret []byte, code string, at time.Time) (step int64, ok bool) {
	code = digits(code)
	if len(code) != totpDigits {
		return 0, false
	}
	text := encodeTOTP(secret)
	present := at.Unix() / int64(totpPeriod/time.Second)
	for s := present - totpSkew; s <= present+totpSkew; s++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(s), hotp.ValidateOpts{ //nolint:gosec // G115: after 1970
			Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1, // what all authenticators have
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// digits takes off a typed code what people add.
func digits(code string) string {
	if len(code) > 100 {
		return ""
	}
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(code)
}

// newRecoveryCodes makes codes in the place of those there are.
func (s *Service) newRecoveryCodes(ctx context.Context, user earshot.UserID) ([]string, error) {
	codes, hashes := makeRecoveryCodes()
	return codes, s.stores.Recovery.ReplaceRecoveryCodes(ctx, user, hashes)
}

// makeRecoveryCodes makes codes such as ABCD-EFGH-IJKL-MNOP, and what is stored of each.
func makeRecoveryCodes() ([]string, []earshot.SecretHash) {
	codes, hashes := make([]string, recoveryCodes), make([]earshot.SecretHash, recoveryCodes)
	for i := range codes {
		text := rand.Text()[:recoveryLength] // letters of base32, five bits each
		hashes[i] = sha256.Sum256([]byte("recovery " + text))
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
	}
	return codes, hashes
}

// recoveryHash gives what is stored of a recovery code that was typed. False for a text that cannot be one.
func recoveryHash(code string) (earshot.SecretHash, bool) {
	text := typedCode(code)
	if len(text) != recoveryLength {
		return earshot.SecretHash{}, false
	}
	return sha256.Sum256([]byte("recovery " + text)), true
}
