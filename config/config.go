// Package config holds what can be set about a server: one struct, filled from a TOML file, the environment and the
// command line, each over the one before.
//
// The name of a setting is the same in all three: limits.text_bytes in the file (a key of the table [limits]) is
// EARSHOT_LIMITS_TEXT_BYTES in the environment and --limits-text-bytes on the command line. docs/operations.md has the
// table of all of them; a test holds it to the struct.
package config

import (
	"path/filepath"
	"strings"
	"time"
)

// Config is every setting of a server.
type Config struct {
	Storage `embed:""`
	Address `embed:""`

	// Name is what the server is called on its pages.
	Name string `help:"What the server is called on its pages." default:"Earshot" placeholder:"TEXT" toml:"name"`
	// Origins are allowed to open the socket besides those that follow from Listen and PublicURL.
	Origins []string `help:"Further origins, such as https://chat.example.org, from whose pages the socket may be opened." placeholder:"ORIGIN" toml:"origins"`
	// SignUp is open, invite or closed.
	SignUp string `help:"Who may sign up: open (everybody who reaches the server), invite (whoever has an invitation link) or closed." default:"invite" placeholder:"POLICY" toml:"sign_up"`
	// CreateRooms is everyone or staff.
	CreateRooms string `help:"Who may create rooms: everyone or staff." default:"everyone" placeholder:"POLICY" toml:"create_rooms"`

	// ConfirmEmail has people who sign up give an address, and confirm it before they are let in.
	ConfirmEmail bool `help:"Have people who sign up give an address of mail, and let them in when they have opened the link that is sent to it." toml:"confirm_email"`
	// ResetAge is how long a link holds by which a password is set anew.
	ResetAge time.Duration `help:"For how long a link that was mailed to set a password anew is good. Mail lies about for years, and nobody who asked waits longer than an hour." default:"1h" placeholder:"TIME" toml:"reset_age"`

	SMTP SMTP `embed:"" prefix:"smtp-" toml:"smtp"`

	OIDC OIDC `embed:"" prefix:"oidc-" toml:"oidc"`

	Limits Limits `embed:"" prefix:"limits-" toml:"limits"`
	Resume Resume `embed:"" prefix:"resume-" toml:"resume"`

	// PingInterval is how often the server asks each connection for a sign of life.
	PingInterval time.Duration `help:"How often the server asks each connection for a sign of life; one that gives none for twice as long is closed." default:"12s" placeholder:"TIME" toml:"ping_interval"`
	// WriteBuffer is how much may wait for one connection, in bytes.
	WriteBuffer int `help:"How many bytes may wait for one connection that does not take them, before it is closed." default:"1048576" placeholder:"BYTES" toml:"write_buffer"`

	// Multichat is on, quiet or off.
	Multichat string `help:"Whether clients of Django Channels' example multichat are let in at /chat/stream/: on, quiet (they are not told who enters and leaves) or off." default:"on" placeholder:"MODE" toml:"multichat"`

	Log Log `embed:"" prefix:"log-" toml:"log"`

	Actions Actions `embed:"" prefix:"actions-" toml:"actions"`
}

// Storage says where what is kept is kept. Every command needs it.
type Storage struct {
	// Data is the directory of the database file.
	Data string `help:"The directory in which the server keeps its files. It is made, for its owner only, where it is not there." default:"data" placeholder:"DIR" toml:"data"`
	// DB is where the database is, if not a file in Data.
	DB string `help:"The database: a file for SQLite or a postgres:// URL. By default earshot.db in the data directory." placeholder:"FILE|URL" toml:"db"`
}

// DSN is what the store is opened with.
func (s Storage) DSN() string {
	if s.DB != "" {
		return s.DB
	}
	return filepath.Join(s.Data, "earshot.db")
}

// NeedsDirectory tells whether the database is a file in Data.
func (s Storage) NeedsDirectory() bool { return s.DB == "" }

// Address says where the server is found.
type Address struct {
	// Listen is the address the server listens on, host:port. Port 0 takes a free one.
	Listen string `help:"The address to listen on. A host left out, as in :8000, is every network interface." default:"127.0.0.1:8000" placeholder:"HOST:PORT" toml:"listen"`
	// PublicURL is the server as people reach it: scheme and host, and a port where it is not the scheme's own.
	PublicURL string `help:"The address at which people reach the server, such as https://chat.example.org, where it is another than the one listened on. With https, cookies are sent over TLS only." placeholder:"URL" toml:"public_url"`

	TLS TLS `embed:"" prefix:"tls-" toml:"tls"`

	Proxies `embed:""`
}

// Secure tells whether people reach the server over TLS only.
func (a Address) Secure() bool {
	return a.TLS.On() || strings.HasPrefix(strings.ToLower(a.PublicURL), "https://")
}

// TLS says whether the server itself speaks TLS, and with which certificate: one of Cert with Key, ACME and Dev.
type TLS struct {
	// Cert and Key are the names of PEM files; both or neither.
	Cert string `help:"The certificate for TLS, a PEM file with those of the authorities in between behind it. It is read again when it changes." placeholder:"FILE" toml:"cert"`
	Key  string `help:"The private key of the certificate, a PEM file." placeholder:"FILE" toml:"key"`
	// ACME are the host names for which certificates are got from an authority (RFC 8555).
	ACME []string `name:"acme" help:"Get certificates for these host names from an authority, by ACME, and renew them. Giving it is agreeing to the authority's terms, which for Let's Encrypt are at https://letsencrypt.org/repository/." placeholder:"HOST" toml:"acme"`
	// ACMEEmail is whom the authority may write to.
	ACMEEmail string `name:"acme-email" help:"The address to which the authority may write about the certificates." placeholder:"ADDRESS" toml:"acme_email"`
	// ACMEDirectory is where the authority is; empty for Let's Encrypt.
	ACMEDirectory string `name:"acme-directory" help:"The ACME directory of the authority, where it is another than Let's Encrypt." placeholder:"URL" toml:"acme_directory"`
	// ACMECA is the name of a PEM file.
	ACMECA string `name:"acme-ca" help:"The certificates by which the authority's own server is known, a PEM file, where the system does not know them." placeholder:"FILE" toml:"acme_ca"`
	// Dev makes a certificate at each start, which is in no file.
	Dev bool `help:"Speak TLS with a certificate that the server makes for itself at each start, for trying: browsers warn of it." toml:"dev"`
	// Redirect is an address to listen on, host:port, that only sends to https; empty for none.
	Redirect string `help:"An address, such as :80, at which plain HTTP is answered with a redirect to https, and with nothing else." placeholder:"HOST:PORT" toml:"redirect"`
	// HTTP2Sockets offers the socket over HTTP/2 (RFC 8441).
	HTTP2Sockets bool `name:"http2-sockets" help:"Offer browsers the socket over the HTTP/2 connection of the page (RFC 8441); without, the socket has a connection of its own, which costs the server less memory." default:"true" negatable:"" toml:"http2_sockets"`
	// HSTS is how long browsers may come back over TLS only; 0 does not say so. It does not hold with Dev.
	HSTS time.Duration `name:"hsts" help:"For how long a browser that was here over TLS refuses to come without (Strict-Transport-Security); 0 leaves it free. Not said with --tls-dev." default:"4320h" placeholder:"TIME" toml:"hsts"`
}

// On tells whether the server itself speaks TLS.
func (t TLS) On() bool { return t.Dev || t.Cert != "" || len(t.ACME) > 0 }

// Limits is what the server holds each client to. It tells them in its first frame.
type Limits struct {
	// TextBytes is the longest text of a message, in bytes of UTF-8.
	TextBytes int `help:"The longest text of a message, in bytes of UTF-8." default:"8192" placeholder:"BYTES" toml:"text_bytes"`
	// FrameBytes is the longest frame a client may send, in bytes.
	FrameBytes int `help:"The longest frame a client may send on the socket, in bytes." default:"65536" placeholder:"BYTES" toml:"frame_bytes"`
	// Rooms is how many rooms one session may be in.
	Rooms int `help:"How many rooms one session may be in at once." default:"100" placeholder:"COUNT" toml:"rooms"`
	// RoomsPerUser is how many rooms a user who is not on the staff may own.
	RoomsPerUser int `help:"How many rooms a user who is not on the staff may own." default:"50" placeholder:"COUNT" toml:"rooms_per_user"`
	// SessionsPerUser is how many sessions (tabs, devices, scripts) a user may have at once.
	SessionsPerUser int `help:"How many sessions (tabs, devices, scripts) a user may have at once." default:"50" placeholder:"COUNT" toml:"sessions_per_user"`
	// PostsPerSecond is how many messages a user may post in the long run.
	PostsPerSecond float64 `help:"How many messages a second a user may post in the long run." default:"20" placeholder:"RATE" toml:"posts_per_second"`
	// PostsBurst is how many messages a user may post at once.
	PostsBurst int `help:"How many messages a user may post at once before that rate holds." default:"100" placeholder:"COUNT" toml:"posts_burst"`
}

// Resume says what is kept, in memory only, for those whose connection is lost.
type Resume struct {
	// Window is for how long a session outlives its connection and what is said is kept for it; 0 keeps nothing.
	Window time.Duration `help:"For how long a session outlives a lost connection, and what is said is kept in memory for it; 0 keeps nothing." default:"1m" placeholder:"TIME" toml:"window"`
	// Grace is how long the occupant of a lost connection is not told as departed.
	Grace time.Duration `help:"For how long a lost connection is told to nobody: who is back by then has neither departed nor entered." default:"10s" placeholder:"TIME" toml:"grace"`
	// RoomBytes is how much of what is said is kept in one room.
	RoomBytes int `help:"How many bytes of what is said are kept in one room." default:"1048576" placeholder:"BYTES" toml:"room_bytes"`
	// Bytes is how much is kept in all rooms together.
	Bytes int `help:"How many bytes of what is said are kept in all rooms together." default:"67108864" placeholder:"BYTES" toml:"bytes"`
}

// Log says what is logged and how. What is said in rooms never is.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `help:"The least that is logged: debug, info, warn or error. Every request is logged at debug only." default:"info" placeholder:"LEVEL" toml:"level"`
	// Format is text or json.
	Format string `help:"The form of the log: text or json." default:"text" placeholder:"FORM" toml:"format"`
}

// Actions says how long the log of actions reaches back: who changed, banned or deleted whom or what. It is in the
// database, and what is said in rooms is not in it.
type Actions struct {
	// Days is how old an entry may become.
	Days int `help:"How many days back the log of actions reaches." default:"365" placeholder:"DAYS" toml:"days"`
	// Entries is how many there may be: the oldest go first.
	Entries int `help:"How many entries the log of actions keeps at most; the oldest go first." default:"100000" placeholder:"COUNT" toml:"entries"`
}
