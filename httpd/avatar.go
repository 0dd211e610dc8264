package httpd

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// profileReply is what users show of themselves.
type profileReply struct {
	ID          int64  `json:"id"`
	DisplayName string `json:"display_name"`
	// Avatar is the tag of the picture; empty where there is none.
	Avatar string `json:"avatar"`
}

// setAvatar takes the picture as the body. What kind of file it is, the file itself says: Content-Type is not believed.
func (s *Server) setAvatar(w http.ResponseWriter, r *http.Request, by caller) error {
	isPicture := func(kind string) bool { return strings.HasPrefix(kind, "image/") }
	if err := wantKind(r, isPicture, "image/png, image/jpeg, image/gif, image/webp"); err != nil {
		return err
	}
	file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, account.MaxAvatarBytes))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return earshot.Errorf(earshot.CodeTooLarge, "A picture has at most %d bytes.", account.MaxAvatarBytes)
	}
	if err != nil {
		return earshot.WrapError(earshot.CodeMalformed, err, "The request broke off.")
	}
	tag, err := s.opts.Accounts.SetAvatar(r.Context(), by.User.ID, file)
	if err != nil {
		return err
	}
	s.tellProfile(r, by.User.ID)
	return reply(w, http.StatusOK, profileReply{ID: int64(by.User.ID), DisplayName: by.User.DisplayName, Avatar: tag})
}

func (s *Server) deleteAvatar(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := s.opts.Accounts.DeleteAvatar(r.Context(), by.User.ID); err != nil {
		return err
	}
	s.tellProfile(r, by.User.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// showAvatar gives a picture. Asked for with its tag, as the page does, it is kept for ever: another picture has another
// tag. It is for those who are logged in, and so for no cache that others share.
func (s *Server) showAvatar(w http.ResponseWriter, r *http.Request, _ caller) error {
	avatar, err := s.opts.Accounts.Avatar(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", avatar.MediaType)
	h.Set("ETag", `"`+avatar.Tag+`"`)
	h.Set("Cache-Control", "private, no-cache")
	if r.URL.Query().Get("v") == avatar.Tag {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", avatar.ChangedAt, bytes.NewReader(avatar.Picture)) // it answers If-None-Match
	return nil
}

// tellProfile tells those who are in a room with the user what that shows now. Where it fails, they see it when they ask next:
// the change is made.
func (s *Server) tellProfile(r *http.Request, user earshot.UserID) {
	profiles, err := s.opts.Accounts.Profiles(r.Context(), []earshot.UserID{user})
	if err != nil {
		s.log.WarnContext(r.Context(), "telling of a changed profile failed", slog.Any("error", err))
		return
	}
	for _, p := range profiles {
		s.opts.Hub.ProfileChanged(p)
	}
}

// listProfiles gives what the users that are asked about show of themselves, for a page that sees their names.
func (s *Server) listProfiles(w http.ResponseWriter, r *http.Request, _ caller) error {
	asked := r.URL.Query()["id"]
	if len(asked) > account.MaxProfiles {
		return earshot.FieldError("id", "At most %d users can be asked about at once.", account.MaxProfiles)
	}
	ids := make([]earshot.UserID, 0, len(asked))
	for _, text := range asked {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return earshot.FieldError("id", "The id of a user is a number.")
		}
		ids = append(ids, earshot.UserID(id))
	}
	profiles, err := s.opts.Accounts.Profiles(r.Context(), ids)
	if err != nil {
		return err
	}
	answer := struct {
		Profiles []profileReply `json:"profiles"`
	}{make([]profileReply, len(profiles))}
	for i, p := range profiles {
		answer.Profiles[i] = profileReply{ID: int64(p.ID), DisplayName: p.DisplayName, Avatar: p.Avatar}
	}
	return reply(w, http.StatusOK, answer)
}
