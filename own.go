package earshot

import (
	"context"
	"time"
)

// PasswordChange is a password that somebody gives to their own account.
type PasswordChange struct {
	User UserID
	// Checked is the hash of the password until now: the change is made if it still is that.
	Checked, Fresh PasswordHash
	// From is the log-in that the change was asked with. It ends without a note, because it goes on as Session; if it has ended
	// already, nothing is changed. What Session keeps of From is its Origin, but for the hint, which does not open with another
	// secret. Both are zero where nobody was logged in.
	From    SecretHash
	Session *BrowserSession
}

// OwnAccountStore is what people do with their own account.
type OwnAccountStore interface {
	// SetPassword changes the password, ends every browser session of the user, and begins the one of the change if there is
	// one: all or nothing. It notes the ended ones, but for From, and gives them. CodeConflict if the user has another
	// password by now, is not active, or is gone, or if From has ended.
	SetPassword(ctx context.Context, change PasswordChange, log ...Action) (ended []SecretHash, err error)
	// UsersByEmail gives those who are active and have confirmed this address, without regard to the case of ASCII letters, by
	// name, at most most. Whoever only says that the address is theirs is left out: they would push out those whose it is.
	UsersByEmail(ctx context.Context, email string, most int) ([]User, error)
	// ConfirmEmail notes that the address is the user's. CodeConflict if the user has another by now, or is gone.
	ConfirmEmail(ctx context.Context, id UserID, email string) error
	// DeleteSelf removes the user as DeleteUser does. CodeConflict if the user has another password by now than the one that
	// was checked, or is gone; CodeLimit for the last superuser who is active.
	DeleteSelf(ctx context.Context, id UserID, checked PasswordHash) error
	// PersonalData gives all that is stored about the user; CodeNotFound if the user is unknown.
	PersonalData(ctx context.Context, id UserID) (PersonalData, error)
}

// SecretStore keeps what the server signs with.
type SecretStore interface {
	// ServerSecret gives the secret of a name. The first to ask has fresh kept as it, and all get the same.
	ServerSecret(ctx context.Context, name string, fresh []byte) ([]byte, error)
}

// PersonalData is what is stored about one person: for each kind of thing, a list of them, each by the names of its fields.
// Secrets and hashes are not in it. Times are time.Time in UTC.
type PersonalData map[string][]map[string]any

// Avatar is a user's picture, ready to be shown.
type Avatar struct {
	// MediaType is image/png or image/jpeg.
	MediaType string
	// Tag is what the picture is told from others by; it is made of its bytes.
	Tag       string
	Picture   []byte
	ChangedAt time.Time
}

// Profile is what people show of themselves besides their names.
type Profile struct {
	ID          UserID
	DisplayName string
	// Avatar is the tag of the user's picture; empty where there is none.
	Avatar string
}

// Namesake is whose username is, or looks like, something that was asked about.
type Namesake struct {
	ID   UserID
	Keys UserKeys
}

// ProfileStore keeps pictures, and gives what users show of themselves.
type ProfileStore interface {
	// SetAvatar gives the user the picture, in the place of another. CodeNotFound if the user is unknown.
	SetAvatar(ctx context.Context, id UserID, avatar Avatar) error
	// Avatar gives the picture of the user whose name has this key; CodeNotFound if there is none.
	Avatar(ctx context.Context, key NameKey) (Avatar, error)
	// DeleteAvatar removes the picture; one that is not there is no error.
	DeleteAvatar(ctx context.Context, id UserID) error
	// Profiles gives those of the users that are there, by id.
	Profiles(ctx context.Context, ids []UserID) ([]Profile, error)
	// Namesakes gives those whose username has one of the keys, and those of the staff and the superusers whose username has
	// one of the skeletons, by id. At most a few hundred may be asked about at once.
	Namesakes(ctx context.Context, keys []NameKey, skeletons []string) ([]Namesake, error)
}
