package httpd

import (
	"net/http"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// tokenReply is "Token" in docs/protocol.md.
type tokenReply struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Scopes    []earshot.Scope `json:"scopes"`
	CreatedAt time.Time       `json:"created_at"`
	// UsedAt and ExpiresAt are left out where there is none.
	UsedAt    time.Time `json:"used_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Secret is told once, to whoever makes the token.
	Secret string `json:"secret,omitzero"`
}

type tokensReply struct {
	Tokens []tokenReply `json:"tokens"`
}

func replyOfToken(t *account.TokenInfo) tokenReply {
	return tokenReply{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes.List(), CreatedAt: t.CreatedAt, UsedAt: t.UsedAt, ExpiresAt: t.ExpiresAt,
	}
}

func replyOfTokens(tokens []account.TokenInfo) tokensReply {
	answer := tokensReply{Tokens: make([]tokenReply, len(tokens))}
	for i := range tokens {
		answer.Tokens[i] = replyOfToken(&tokens[i])
	}
	return answer
}

func (s *Server) listTokens(w http.ResponseWriter, r *http.Request, by caller) error {
	tokens, err := s.opts.Accounts.Tokens(r.Context(), by.User.ID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, replyOfTokens(tokens))
}

func (s *Server) createToken(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Name   string          `json:"name"`
		Scopes []earshot.Scope `json:"scopes"`
		// Days is null or left out for a token that does not expire.
		Days *int `json:"days"`
	}](w, r)
	if err != nil {
		return err
	}
	fresh := account.NewToken{Name: in.Name, Scopes: in.Scopes}
	if in.Days != nil {
		const most = int(account.MaxTokenAge / hoursOfOneDay)
		if *in.Days < 1 || *in.Days > most { // before it is multiplied
			return earshot.FieldError("days", "A token lasts 1 to %d days, or until it is revoked.", most)
		}
		fresh.Age = time.Duration(*in.Days) * hoursOfOneDay
	}
	secret, info, err := s.opts.Accounts.CreateToken(r.Context(), by.Login, fresh)
	if err != nil {
		return err
	}
	answer := replyOfToken(&info)
	answer.Secret = secret
	return reply(w, http.StatusCreated, answer)
}

func (s *Server) endToken(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.EndToken(r.Context(), by.User.ID, pathValue(r, "id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
