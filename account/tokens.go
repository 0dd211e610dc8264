package account

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// The bounds of personal access tokens.
const (
	// MaxTokens is how many a user may have.
	MaxTokens = 100
	// MaxTokenName is the longest name of one, in characters.
	MaxTokenName = 100
	// MaxTokenAge is how long one may last that ends at all.
	MaxTokenAge = 366 * 24 * time.Hour
)

// NewToken is a token to be made.
type NewToken struct {
	// Name is what its user will know it by.
	Name string
	// Scopes are one or more.
	Scopes []earshot.Scope
	// Age is how long it lasts, up to MaxTokenAge; zero is until it is revoked.
	Age time.Duration
}

// TokenInfo is a token as its user sees it.
type TokenInfo struct {
	// ID names the token. Neither the secret nor what is stored of it follows from it.
	ID, Name string
	Scopes   earshot.ScopeSet
	// ExpiresAt is zero for one that does not expire, UsedAt for one that was not used yet.
	CreatedAt, UsedAt, ExpiresAt time.Time
}

func tokenInfo(t *earshot.Token) TokenInfo {
	return TokenInfo{
		ID: publicID(t.Hash), Name: t.Name, Scopes: t.Scopes, CreatedAt: t.CreatedAt, UsedAt: t.UsedAt, ExpiresAt: t.ExpiresAt,
	}
}

// ByToken tells who is behind a token. CodeUnauthenticated if there is no such token, it has expired, or its user is not
// active; CodeBanned.
func (s *Service) ByToken(ctx context.Context, secret string) (Login, error) {
	hash, ok := hashSecret(tokenPrefix, secret)
	if !ok {
		return Login{}, errNoLogin()
	}
	token, err := s.stores.Tokens.Token(ctx, hash)
	if err != nil {
		return Login{}, notFoundIsNoLogin(err)
	}
	if !token.ExpiresAt.IsZero() && !now().Before(token.ExpiresAt) {
		return Login{}, errNoLogin()
	}
	user, err := s.activeUser(ctx, token.User)
	if err != nil {
		return Login{}, err
	}
	if err := s.writeTokenUses(ctx, s.tokenUses.note(hash, token.UsedAt, clientOf(ctx))); err != nil {
		return Login{}, err
	}
	lacks, err := s.lacksByToken(ctx, &user)
	return Login{
		User: user, Credential: hash, ExpiresAt: token.ExpiresAt, ByToken: true, Scopes: token.Scopes, MustEnrol: lacks,
	}, err
}

// CreateToken makes a token for whoever is logged in, and gives its secret, which is not kept. Errors: CodeForbidden for
// whoever is logged in by a token: one that leaks must not make others that stay; CodeInvalid with the field; CodeLimit.
func (s *Service) CreateToken(ctx context.Context, by Login, in NewToken) (secret string, info TokenInfo, err error) {
	if by.ByToken {
		return "", TokenInfo{}, errNotByToken()
	}
	name, err := checkLabel(in.Name)
	if err != nil {
		return "", TokenInfo{}, err
	}
	for _, scope := range in.Scopes {
		if !scope.Valid() {
			return "", TokenInfo{}, earshot.FieldError("scopes", "The scopes are %s.", earshot.AllScopes())
		}
	}
	if len(in.Scopes) == 0 {
		return "", TokenInfo{}, earshot.FieldError("scopes", "A token needs at least one scope.")
	}
	if in.Age < 0 || in.Age > MaxTokenAge {
		return "", TokenInfo{}, earshot.FieldError("days", "A token lasts up to %d days, or until it is revoked.", MaxTokenAge/(24*time.Hour))
	}
	have, err := s.stores.Tokens.Tokens(ctx, by.User.ID)
	if err != nil {
		return "", TokenInfo{}, err
	}
	if len(have) >= MaxTokens {
		return "", TokenInfo{}, earshot.Errorf(earshot.CodeLimit, "You have %d tokens, which is the most there can be. Revoke some.", len(have))
	}
	secret, hash := newSecret(tokenPrefix)
	token := earshot.Token{Hash: hash, User: by.User.ID, CreatedAt: now(), Name: name, Scopes: earshot.ScopesOf(in.Scopes...)}
	if in.Age > 0 {
		token.ExpiresAt = token.CreatedAt.Add(in.Age).Truncate(time.Millisecond)
	}
	entry := earshot.Entry(ctx, earshot.VerbCreateToken, by.User.Username, "scopes", token.Scopes.String())
	if err := s.stores.Tokens.CreateTokens(ctx, []earshot.Token{token}, entry); err != nil {
		return "", TokenInfo{}, err
	}
	return secret, tokenInfo(&token), nil
}

// checkLabel gives the form in which a name is kept that a user gives to something of their own.
func checkLabel(name string) (string, error) {
	if len(name) > MaxTokenName*utf8.UTFMax*4 || !utf8.ValidString(name) { // normalising costs time
		return "", earshot.FieldError("name", "A name is a text of at most %d characters.", MaxTokenName)
	}
	name = strings.TrimSpace(names.Normalize(name))
	switch {
	case name == "":
		return "", earshot.FieldError("name", "A name is needed.")
	case utf8.RuneCountInString(name) > MaxTokenName:
		return "", earshot.FieldError("name", "A name has at most %d characters.", MaxTokenName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return "", earshot.FieldError("name", "A name may hold visible characters only.")
	}
	return name, nil
}

// Tokens gives the tokens of the user, the newest first.
func (s *Service) Tokens(ctx context.Context, user earshot.UserID) ([]TokenInfo, error) {
	if err := s.writeTokenUses(ctx, s.tokenUses.take()); err != nil {
		return nil, err
	}
	all, err := s.stores.Tokens.Tokens(ctx, user)
	if err != nil {
		return nil, err
	}
	list := make([]TokenInfo, len(all))
	for i := range all {
		list[i] = tokenInfo(&all[i])
	}
	return list, nil
}

// EndToken revokes a token of the user and ends what hangs on it. CodeNotFound if the user has none with this id.
func (s *Service) EndToken(ctx context.Context, user earshot.UserID, id string) error {
	all, err := s.stores.Tokens.Tokens(ctx, user)
	if err != nil {
		return err
	}
	for i := range all {
		if publicID(all[i].Hash) != id {
			continue
		}
		return s.endToken(ctx, user, all[i].Hash)
	}
	return earshot.Errorf(earshot.CodeNotFound, "There is no such token.")
}

// endToken revokes a token of the user, and ends what hangs on it.
func (s *Service) endToken(ctx context.Context, of earshot.UserID, hash earshot.SecretHash) error {
	whose := ""
	if user, err := s.stores.Users.User(ctx, of); err == nil {
		whose = user.Username
	}
	if err := s.stores.Tokens.DeleteToken(ctx, hash, earshot.Entry(ctx, earshot.VerbDeleteToken, whose)); err != nil {
		return err
	}
	s.ended(hash)
	return nil
}

// errNotByToken answers whoever tries with a token what is for people only.
func errNotByToken() error {
	return &earshot.Error{
		Code: earshot.CodeForbidden, Field: "scope", Message: "This is for people who are logged in with a browser: no token may do it.",
	}
}

// CreateTokens makes a token for each of the users, all or none, and returns their secrets in order. They are not kept:
// whoever loses one makes another. They have every scope and do not expire. It is for the command line. A name may come several times. CodeNotFound names the user that is not there.
func (s *Service) CreateTokens(ctx context.Context, usernames []string) ([]string, error) {
	secrets := make([]string, len(usernames))
	tokens := make([]earshot.Token, len(usernames))
	entries := make([]earshot.Action, len(usernames))
	for i, name := range usernames {
		user, err := s.UserByName(ctx, name)
		if err != nil {
			return nil, ofAccount(i, name, err)
		}
		secret, hash := newSecret(tokenPrefix)
		secrets[i], tokens[i] = secret, earshot.Token{
			Hash: hash, User: user.ID, CreatedAt: now(), Scopes: earshot.AllScopes(),
		}
		entries[i] = earshot.Entry(ctx, earshot.VerbCreateToken, user.Username)
	}
	if err := s.stores.Tokens.CreateTokens(ctx, tokens, entries...); err != nil {
		return nil, err
	}
	return secrets, nil
}

// RevokeToken ends a token and what hangs on it. One that is not there is no error.
func (s *Service) RevokeToken(ctx context.Context, secret string) error {
	hash, ok := hashSecret(tokenPrefix, secret)
	if !ok {
		return nil
	}
	token, err := s.stores.Tokens.Token(ctx, hash)
	if isCode(err, earshot.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.endToken(ctx, token.User, hash)
}
