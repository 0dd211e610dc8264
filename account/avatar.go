package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/picture"
)

// MaxAvatarBytes is the longest file that SetAvatar takes.
const MaxAvatarBytes = picture.MaxBytes

// picturesQueued is how many may wait for their picture to be made small.
const picturesQueued = 8

// SetAvatar makes the file the picture of the user, cut square and small, without what else was in the file, and gives its
// tag. One picture is worked on at a time, because each takes some 100 MB for a moment.
//
// Errors: CodeInvalid with the field "avatar" for what is no picture, or one too large; CodeTooLarge for a file over
// MaxAvatarBytes; CodeBusy if too many wait.
func (s *Service) SetAvatar(ctx context.Context, user earshot.UserID, file []byte) (tag string, err error) {
	if err := picture.Check(file); err != nil { // before it may wait: it costs nothing
		return "", err
	}
	if s.picturing.Add(1) > picturesQueued {
		s.picturing.Add(-1)
		return "", &earshot.Error{
			Code: earshot.CodeBusy, RetryAfter: busyRetry, Message: "Too many pictures are being worked on. Please try again in a few seconds.",
		}
	}
	defer s.picturing.Add(-1)
	select {
	case s.easel <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	small, mediaType, err := picture.Square(file)
	<-s.easel
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(small)
	tag = hex.EncodeToString(sum[:8])
	return tag, s.stores.Profiles.SetAvatar(ctx, user, earshot.Avatar{MediaType: mediaType, Tag: tag, Picture: small, ChangedAt: now()})
}

// DeleteAvatar removes the picture of the user; one that is not there is no error.
func (s *Service) DeleteAvatar(ctx context.Context, user earshot.UserID) error {
	return s.stores.Profiles.DeleteAvatar(ctx, user)
}

// Avatar gives the picture of the user of a name; CodeNotFound if there is none, or no such user.
func (s *Service) Avatar(ctx context.Context, username string) (earshot.Avatar, error) {
	key, err := lookupKey(username)
	if err != nil {
		return earshot.Avatar{}, err
	}
	return s.stores.Profiles.Avatar(ctx, key)
}
