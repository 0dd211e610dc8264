package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds within which a setting makes sense. They are wide: they catch a slip of the hand, such as a missing unit.
const (
	maxTextBytes   = 1 << 20
	maxFrameBytes  = 16 << 20
	maxCount       = 1_000_000
	minWriteBuffer = 256 << 10 // an answer with a page of occupants, or a portion of what somebody missed
	maxWriteBuffer = 256 << 20
	minPing        = time.Second
	maxPing        = 10 * time.Minute
	maxWindow      = 10 * time.Minute // a server that remembers nothing does not remember for longer
	minWindowBytes = 16 << 10
	maxHSTS        = 2 * 365 * 24 * time.Hour
	maxWindowBytes = 1 << 30 // fits an int on every system
	// jsonWorstCase is how many bytes JSON may need for one byte of a text: \u0001.
	jsonWorstCase = 6
	// frameOverhead is room for what a frame holds besides the text.
	frameOverhead = 1024
)

// Validate reports, in one sentence each, every setting that cannot be used.
func (c *Config) Validate() error {
	errs := []error{
		c.Storage.Validate(),
		c.Address.Validate(),
		oneOf("sign_up", c.SignUp, "open", "invite", "closed"),
		oneOf("create_rooms", c.CreateRooms, "everyone", "staff"),
		oneOf("multichat", c.Multichat, "on", "quiet", "off"),
		c.validateMail(),
		c.validateOIDC(),
		c.Limits.Validate(),
		c.Resume.Validate(),
		within("write_buffer", c.WriteBuffer, minWriteBuffer, maxWriteBuffer),
		c.Log.Validate(),
		within("actions.days", c.Actions.Days, 1, 10*365),
		within("actions.entries", c.Actions.Entries, 1, maxCount),
	}
	if need := minWriteBuffer + c.Limits.FrameBytes; c.WriteBuffer < need && c.Limits.FrameBytes <= maxFrameBytes {
		errs = append(errs, fmt.Errorf("write_buffer is %d: with frames of %d bytes it must be at least %d",
			c.WriteBuffer, c.Limits.FrameBytes, need))
	}
	if c.PingInterval < minPing || c.PingInterval > maxPing {
		errs = append(errs, fmt.Errorf("ping_interval is %v: it must be from %v to %v", c.PingInterval, minPing, maxPing))
	}
	if strings.TrimSpace(c.Name) == "" || len(c.Name) > 200 {
		errs = append(errs, errors.New("name must hold from 1 to 200 bytes"))
	}
	for _, origin := range c.Origins {
		_, err := parseOrigin("origins", origin)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Validate reports what cannot be used.
func (s *Storage) Validate() error {
	if s.Data == "" && s.DB == "" {
		return errors.New("data is empty: it must name a directory")
	}
	return nil
}

// Validate reports what cannot be used.
func (a *Address) Validate() error {
	var errs []error
	errs = append(errs, hostPort("listen", a.Listen, "127.0.0.1:8000"), a.TLS.Validate(), a.Proxies.Validate())
	if a.H2C && a.TLS.On() {
		errs = append(errs, errors.New("h2c is HTTP/2 without TLS: it cannot be set where the server speaks TLS, which has HTTP/2 anyway"))
	}
	if a.PublicURL != "" {
		_, err := parseOrigin("public_url", a.PublicURL)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func hostPort(name, value, example string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%s is %q: it must be HOST:PORT, such as %s", name, value, example)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%s is %q: the port must be a number from 0 to 65535, not %q", name, value, port)
	}
	return nil
}

// Validate reports what cannot be used.
func (t *TLS) Validate() error {
	var errs []error
	if (t.Cert == "") != (t.Key == "") {
		errs = append(errs, errors.New("tls.cert and tls.key belong together: one of them is missing"))
	}
	if t.Dev && (t.Cert != "" || t.Key != "") {
		errs = append(errs, errors.New("tls.dev makes a certificate: it cannot be set together with tls.cert and tls.key"))
	}
	errs = append(errs, t.validateACME())
	if t.Redirect != "" {
		errs = append(errs, hostPort("tls.redirect", t.Redirect, ":80"))
		if !t.On() {
			errs = append(errs, errors.New("tls.redirect leads to https: it needs tls.cert and tls.key, or tls.acme, or tls.dev"))
		}
	}
	if t.HSTS != 0 && (t.HSTS < time.Second || t.HSTS > maxHSTS) {
		errs = append(errs, fmt.Errorf("tls.hsts is %v: it must be 0 or from 1s to %v", t.HSTS, maxHSTS))
	}
	return errors.Join(errs...)
}

// Validate reports what cannot be used.
func (l *Limits) Validate() error {
	errs := []error{
		within("limits.text_bytes", l.TextBytes, 1, maxTextBytes),
		within("limits.frame_bytes", l.FrameBytes, frameOverhead, maxFrameBytes),
		within("limits.rooms", l.Rooms, 1, maxCount),
		within("limits.rooms_per_user", l.RoomsPerUser, 1, maxCount),
		within("limits.sessions_per_user", l.SessionsPerUser, 1, maxCount),
		within("limits.posts_burst", l.PostsBurst, 1, maxCount),
	}
	if need := jsonWorstCase*l.TextBytes + frameOverhead; l.FrameBytes < need && l.TextBytes <= maxTextBytes {
		errs = append(errs, fmt.Errorf("limits.frame_bytes is %d: texts of %d bytes may need frames of %d, because JSON spends up to %d bytes on one",
			l.FrameBytes, l.TextBytes, need, jsonWorstCase))
	}
	if !(l.PostsPerSecond > 0 && l.PostsPerSecond <= maxCount) { // so written that NaN fails
		errs = append(errs, fmt.Errorf("limits.posts_per_second is %v: it must be over 0 and at most %d", l.PostsPerSecond, maxCount))
	}
	return errors.Join(errs...)
}

// Validate reports what cannot be used.
func (r *Resume) Validate() error {
	errs := []error{
		within("resume.room_bytes", r.RoomBytes, minWindowBytes, maxWindowBytes),
		within("resume.bytes", r.Bytes, minWindowBytes, maxWindowBytes),
	}
	if r.Window < 0 || r.Window > maxWindow {
		errs = append(errs, fmt.Errorf("resume.window is %v: it must be from 0 to %v", r.Window, maxWindow))
	}
	if r.Grace < 0 || r.Grace > maxWindow {
		errs = append(errs, fmt.Errorf("resume.grace is %v: it must be from 0 to %v", r.Grace, maxWindow))
	}
	return errors.Join(errs...)
}

// Validate reports what cannot be used.
func (l *Log) Validate() error {
	return errors.Join(
		oneOf("log.level", l.Level, "debug", "info", "warn", "error"),
		oneOf("log.format", l.Format, "text", "json"),
	)
}

// SlogLevel is Level as log/slog has it; info if it is none of the four.
func (l *Log) SlogLevel() slog.Level {
	switch l.Level {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	last := len(allowed) - 1
	return fmt.Errorf("%s is %q: it must be %s or %s", name, value, strings.Join(allowed[:last], ", "), allowed[last])
}

func within(name string, value, least, most int) error {
	if value >= least && value <= most {
		return nil
	}
	return fmt.Errorf("%s is %d: it must be from %d to %d", name, value, least, most)
}
