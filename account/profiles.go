package account

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// MaxProfiles is how many users can be asked about at once.
const MaxProfiles = 100

// Profiles gives what users show of themselves, of those that there are; CodeInvalid for more than MaxProfiles.
//
// A display name by which somebody could pose as somebody else is left out: one that is another's username, or looks like that of
// somebody on the staff, and one with a word that begins with @, as a username does where it is mentioned. It is asked each time,
// because that other one may have come later.
func (s *Service) Profiles(ctx context.Context, ids []earshot.UserID) ([]earshot.Profile, error) {
	if len(ids) > MaxProfiles {
		return nil, earshot.FieldError("id", "At most %d users can be asked about at once.", MaxProfiles)
	}
	profiles, err := s.stores.Profiles.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	return profiles, s.unpose(ctx, profiles)
}

// unpose takes the display names out by which somebody could pose.
func (s *Service) unpose(ctx context.Context, profiles []earshot.Profile) error {
	var (
		keys      []earshot.NameKey
		skeletons []string
	)
	looks := make([]look, len(profiles))
	for i, p := range profiles {
		if mentions(p.DisplayName) {
			profiles[i].DisplayName = ""
		}
		if profiles[i].DisplayName != "" {
			looks[i] = lookOf(p.DisplayName)
			keys = append(keys, looks[i].key)
			skeletons = append(skeletons, looks[i].skeletons[:]...)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	others, err := s.stores.Profiles.Namesakes(ctx, keys, skeletons)
	if err != nil {
		return err
	}
	for i := range profiles {
		p, look := &profiles[i], looks[i]
		if slices.ContainsFunc(others, func(other earshot.Namesake) bool { return other.ID != p.ID && look.isLike(other) }) {
			p.DisplayName = ""
		}
	}
	return nil
}

// checkPose refuses a display name that Profiles would leave out.
func (s *Service) checkPose(ctx context.Context, user earshot.UserID, name string) error {
	if name == "" {
		return nil
	}
	if mentions(name) {
		return earshot.FieldError("display_name", "No word of a display name can begin with @: that is how usernames are told.")
	}
	shown := []earshot.Profile{{ID: user, DisplayName: name}}
	if err := s.unpose(ctx, shown); err != nil {
		return err
	}
	if shown[0].DisplayName == "" {
		return earshot.FieldError("display_name", "That is the username of somebody else, or looks like one of the staff's.")
	}
	return nil
}

// look is what a display name is compared by.
type look struct {
	key earshot.NameKey
	// skeletons are of the name as it is written, and in small letters: see checkLookAlike.
	skeletons [2]string
}

// lookOf leaves out what a username has none of, or has beside its letters: "a n a" and "-ana-" are read as ana.
func lookOf(name string) look {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || names.Invisible(r) {
			return -1
		}
		return r
	}, name)
	if trimmed := strings.Trim(bare, "@.+-_"); trimmed != "" {
		bare = trimmed
	}
	key := names.Key(bare)
	return look{key, [2]string{names.Skeleton(bare), names.Skeleton(string(key))}}
}

// isLike tells whether the user is whom the name is taken for; the store gives only the staff by skeleton.
func (l look) isLike(other earshot.Namesake) bool {
	return l.key == other.Keys.Name || l.skeletons[0] == other.Keys.Skeleton || l.skeletons[1] == other.Keys.Skeleton
}

// mentions tells whether a word begins with @, in any of the forms of that sign.
func mentions(name string) bool {
	for word := range strings.FieldsSeq(names.Normalize(name)) {
		if strings.HasPrefix(strings.TrimLeftFunc(word, func(r rune) bool { return names.Invisible(r) || unicode.IsPunct(r) && r != '@' }), "@") {
			return true
		}
	}
	return false
}
