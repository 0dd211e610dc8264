package httpd

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"github.com/earshot-chat/earshot"
)

// inviteReply is what POST /invitations answers.
type inviteReply struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// invitationReply is an invitation in the list. Its link is not in it: nobody knows that any more.
type invitationReply struct {
	// ID names it to withdraw it.
	ID string `json:"id"`
	// By is who made it; empty for the command line.
	By        string    `json:"by"`
	UsesLeft  int       `json:"uses_left"`
	Groups    []string  `json:"groups"`
	ExpiresAt time.Time `json:"expires_at"`
}

// The defaults of an invitation, and how long it may last: the rest of its rules are account's.
const (
	maxInviteDays  = 30
	defInviteUses  = 1
	defInviteDays  = 7
	hoursOfOneDay  = 24 * time.Hour
	invitationPath = "/signup?invitation="
)

func (s *Server) invite(w http.ResponseWriter, r *http.Request, by caller) error {
	in, err := readBody[struct {
		Uses   *int     `json:"uses"`
		Days   *int     `json:"days"`
		Groups []string `json:"groups"`
	}](w, r)
	if err != nil {
		return err
	}
	uses, days := orDefault(in.Uses, defInviteUses), orDefault(in.Days, defInviteDays)
	if days < 1 || days > maxInviteDays {
		return earshot.FieldError("days", "An invitation lasts 1 to %d days.", maxInviteDays)
	}
	secret, expires, err := s.opts.Accounts.Invite(r.Context(), by.User.ID, uses, time.Duration(days)*hoursOfOneDay, in.Groups...)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, inviteReply{URL: InvitationURL(s.baseURL(r), secret), ExpiresAt: expires})
}

func (s *Server) listInvitations(w http.ResponseWriter, r *http.Request, by caller) error {
	list, err := s.opts.Accounts.Invitations(r.Context(), by.User)
	if err != nil {
		return err
	}
	answer := struct {
		Invitations []invitationReply `json:"invitations"`
	}{make([]invitationReply, len(list))}
	for i, inv := range list {
		answer.Invitations[i] = invitationReply{
			ID: hex.EncodeToString(inv.Hash[:]), By: inv.By, UsesLeft: inv.UsesLeft, Groups: append([]string{}, inv.Groups...),
			ExpiresAt: inv.ExpiresAt,
		}
	}
	return reply(w, http.StatusOK, answer)
}

func (s *Server) withdrawInvitation(w http.ResponseWriter, r *http.Request, by caller) error {
	var hash earshot.SecretHash
	id := pathValue(r, "id")
	if len(id) != hex.EncodedLen(len(hash)) {
		return errNoInvitation()
	}
	if _, err := hex.Decode(hash[:], []byte(id)); err != nil {
		return errNoInvitation()
	}
	if err := s.opts.Accounts.Withdraw(r.Context(), by.User, hash); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func errNoInvitation() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such invitation.")
}

// InvitationURL is the link that invites to the server at base.
func InvitationURL(base, secret string) string {
	return base + invitationPath + url.QueryEscape(secret)
}
