package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/earshot-chat/earshot"
)

// Logging in on another device. Somebody who is logged in, and shows once more who they are, gets a link. Whoever opens it
// elsewhere may ask with it, once; the device that made it is shown who asks, and lets them in or not. So the link alone is
// worth nothing to somebody who saw it over a shoulder, or finds it in a chat later.
//
// All of it is in memory: a link is for two minutes, and a restart of the server within those costs a new one.

const (
	// deviceAge is how long a link may be asked with, and then how long the answer may take.
	deviceAge    = 2 * time.Minute
	linkedPrefix = "ed_"
	askingPrefix = "ew_"
	// devicesAtOnce is how many links there are in all, one to a user; over it the oldest is forgotten.
	devicesAtOnce = tracked
)

// DeviceURL is the address of the page that takes a link's token to log in. As with ResetURL, the token stands where no
// server sees it.
func DeviceURL(base, token string) string { return base + "/device#token=" + token }

// DeviceState is what became of a link.
type DeviceState string

// The states, in their order. A link that has aged, or was withdrawn, is not there any more.
const (
	// DeviceOpen is a link that nobody has asked with.
	DeviceOpen DeviceState = "open"
	// DeviceAsked is one with which a device has asked, and which has had no answer.
	DeviceAsked DeviceState = "asked"
	// DeviceAllowed is one whose device may come in, and has not yet.
	DeviceAllowed DeviceState = "allowed"
	// DeviceRefused is one whose device may not.
	DeviceRefused DeviceState = "refused"
	// DeviceDone is one by which a device came in.
	DeviceDone DeviceState = "done"
)

// DeviceLink is a link as whoever made it sees it.
type DeviceLink struct {
	// ID names it. It opens nothing.
	ID    string
	State DeviceState
	// Device and Address are who asks, and Number is what the other device shows, too; empty while nobody does.
	Device, Address, Number string
	ExpiresAt               time.Time
}

// deviceLink is a link as it is kept.
type deviceLink struct {
	DeviceLink
	user earshot.UserID
	// by is the log-in that made it. The link is worth no more than that, which ends when the password is changed.
	by earshot.SecretHash
	// hash is of the link's secret, asking of what the device that asked goes on with.
	hash, asking earshot.SecretHash
}

// devices are the links there are, by user, and by either of their secrets.
type devices struct {
	// mu is held for a few map operations; nothing is called under it.
	mu       sync.Mutex
	links    *simplelru.LRU[earshot.UserID, *deviceLink]
	bySecret map[earshot.SecretHash]*deviceLink
}

func newDevices() *devices {
	d := &devices{bySecret: make(map[earshot.SecretHash]*deviceLink)}
	d.links, _ = simplelru.NewLRU(devicesAtOnce, func(_ earshot.UserID, l *deviceLink) { // it fails for a size below one only
		delete(d.bySecret, l.hash)
		delete(d.bySecret, l.asking)
	})
	return d
}

// put keeps a link, in the place of another of its user.
func (d *devices) put(l *deviceLink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.links.Remove(l.user)
	d.links.Add(l.user, l)
	d.bySecret[l.hash] = l
}

// change gives the link of a secret, as do leaves it; false where there is none, or do refuses.
func (d *devices) change(secret earshot.SecretHash, do func(*deviceLink) bool) (deviceLink, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.bySecret[secret]
	if !ok || !now().Before(l.ExpiresAt) || !do(l) {
		return deviceLink{}, false
	}
	if l.asking != (earshot.SecretHash{}) {
		d.bySecret[l.asking] = l
	}
	return *l, true
}

// changeOf is change for the log-in that made the link.
func (d *devices) changeOf(by Login, do func(*deviceLink) bool) (deviceLink, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.links.Get(by.User.ID)
	if !ok || l.by != by.Credential || !now().Before(l.ExpiresAt) || !do(l) {
		return deviceLink{}, false
	}
	return *l, true
}

// drop forgets the link that the log-in made, if there is one.
func (d *devices) drop(by Login) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l, ok := d.links.Peek(by.User.ID); ok && l.by == by.Credential {
		d.links.Remove(by.User.ID)
	}
}

// sweep forgets what has aged.
func (d *devices) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, user := range d.links.Keys() {
		if l, ok := d.links.Peek(user); ok && !now().Before(l.ExpiresAt) {
			d.links.Remove(user)
		}
	}
}

// asItIs changes nothing.
func asItIs(*deviceLink) bool { return true }

// OfferDevice makes a link by which another device may ask to be logged in as whoever is logged in here and shows that they
// are who they are. It takes the place of another of theirs. It gives the token, for DeviceURL. Errors as those of confirm.
func (s *Service) OfferDevice(ctx context.Context, by Login, proof Proof, from netip.Addr) (token string, link DeviceLink, err error) {
	if err := s.confirm(ctx, by, proof, from); err != nil {
		return "", DeviceLink{}, err
	}
	token, hash := newSecret(linkedPrefix)
	l := &deviceLink{
		DeviceLink: DeviceLink{ID: publicID(hash), State: DeviceOpen, ExpiresAt: now().Add(deviceAge)},
		user:       by.User.ID, by: by.Credential, hash: hash,
	}
	link = l.DeviceLink
	s.devices.put(l)
	return token, link, nil
}

// OfferedDevice tells what became of the link that the log-in made. CodeNotFound if there is none any more.
func (s *Service) OfferedDevice(by Login) (DeviceLink, error) {
	l, ok := s.devices.changeOf(by, asItIs)
	if !ok {
		return DeviceLink{}, errNoDevice()
	}
	return l.DeviceLink, nil
}

// AnswerDevice lets the device in that asks with the link of that ID, or does not. CodeNotFound if there is no such link any
// more, or nobody asks.
func (s *Service) AnswerDevice(by Login, id string, allow bool) (DeviceLink, error) {
	l, ok := s.devices.changeOf(by, func(l *deviceLink) bool {
		if l.ID != id || l.State != DeviceAsked {
			return false
		}
		l.State = DeviceRefused
		if allow {
			l.State = DeviceAllowed
		}
		return true
	})
	if !ok {
		return DeviceLink{}, errNoDevice()
	}
	return l.DeviceLink, nil
}

// WithdrawDevice takes the link back that the log-in made. There being none is no error.
func (s *Service) WithdrawDevice(by Login) { s.devices.drop(by) }

// LookAtDevice tells whose link it is, and until when it may be asked with. That uses nothing up. Errors: CodeForbidden with
// the field "token" for one that is not good, or was used; CodeRateLimited for too many of those from an address.
func (s *Service) LookAtDevice(ctx context.Context, token string, from netip.Addr) (earshot.User, time.Time, error) {
	l, user, err := s.tryDevice(ctx, token, from, func(l *deviceLink) bool { return l.State == DeviceOpen })
	return user, l.ExpiresAt, err
}

// AskDevice asks to be logged in by a link, which is used up by it. It gives a ticket for FinishDevice, and the number that
// the other device shows, too. Errors as those of LookAtDevice.
func (s *Service) AskDevice(ctx context.Context, token string, from netip.Addr) (ticket string, link DeviceLink, err error) {
	// Whoever may not come in is not to use the link up, or to be shown.
	if _, _, err := s.LookAtDevice(ctx, token, from); err != nil {
		return "", DeviceLink{}, err
	}
	ticket, hash := newSecret(askingPrefix)
	client := clientOf(ctx)
	l, _, err := s.tryDevice(ctx, token, from, func(l *deviceLink) bool {
		if l.State != DeviceOpen {
			return false
		}
		l.State, l.asking, l.ExpiresAt = DeviceAsked, hash, now().Add(deviceAge)
		l.Device, l.Address, l.Number = DeviceName(client.UserAgent), client.address(), twoDigits()
		return true
	})
	if err != nil {
		return "", DeviceLink{}, err
	}
	return ticket, l.DeviceLink, nil
}

// FinishDevice begins a browser session for a device that was let in; the secret is empty while there is no answer. The
// session is as good as the one that let it in: no second factor is asked for. Errors: CodeUnauthenticated with the field
// "ticket" once there is nothing to wait for; CodeForbidden with the same if it was refused; CodeBanned; CodeRateLimited.
func (s *Service) FinishDevice(ctx context.Context, ticket string, from netip.Addr) (secret string, login Login, err error) {
	try, err := s.failures.begin(from, "")
	if err != nil {
		return "", Login{}, err
	}
	secret, login, err = s.finishDevice(ctx, ticket)
	try.end(isCode(err, earshot.CodeUnauthenticated))
	return secret, login, err
}

func (s *Service) finishDevice(ctx context.Context, ticket string) (string, Login, error) {
	hash, ok := hashSecret(askingPrefix, ticket)
	if !ok {
		return "", Login{}, errTicketOver()
	}
	state := DeviceOpen
	l, ok := s.devices.change(hash, func(l *deviceLink) bool {
		state = l.State
		if l.State == DeviceAllowed { // to one of several that come at once
			l.State = DeviceDone
		}
		return l.asking == hash && state != DeviceDone
	})
	switch {
	case !ok:
		return "", Login{}, errTicketOver()
	case state == DeviceRefused:
		return "", Login{}, &earshot.Error{Code: earshot.CodeForbidden, Field: "ticket", Message: "The other device refused."}
	}
	user, err := s.offering(ctx, &l)
	if err != nil {
		return "", Login{}, err
	}
	if state == DeviceAsked {
		return "", Login{}, nil
	}
	secret, login, err := s.beginSessionBy(ctx, user, earshot.WayLink, nil)
	if err != nil {
		return "", Login{}, notFoundIsOver(err)
	}
	// A log-in that ended since it was looked at takes with it what it let in.
	if _, err := s.offering(ctx, &l); err != nil {
		return "", Login{}, errors.Join(err, s.LogOut(ctx, secret))
	}
	ctx = earshot.Doing(ctx, earshot.Doer{User: user.Ref(), Road: earshot.RoadPage})
	return secret, login, s.record(ctx, earshot.Entry(ctx, earshot.VerbLinkDevice, user.Username, "device", l.Device))
}

// tryDevice is change for strangers, whose tries with what is no link are counted, and gives the user of the link.
func (s *Service) tryDevice(ctx context.Context, token string, from netip.Addr, do func(*deviceLink) bool) (deviceLink, earshot.User, error) {
	try, err := s.failures.begin(from, "")
	if err != nil {
		return deviceLink{}, earshot.User{}, err
	}
	var (
		l    deviceLink
		user earshot.User
	)
	hash, ok := hashSecret(linkedPrefix, token)
	if ok {
		l, ok = s.devices.change(hash, do)
	}
	if ok {
		user, err = s.offering(ctx, &l)
	}
	if !ok || isCode(err, earshot.CodeUnauthenticated) {
		err = &earshot.Error{
			Code: earshot.CodeForbidden, Field: "token",
			Message: "This link is not good any more: it was used, is too old, or was taken back. Make another one.",
		}
	}
	try.end(!ok)
	return l, user, err
}

// offering gives the user of a link whose log-in still is one; CodeUnauthenticated with the field "ticket" otherwise.
func (s *Service) offering(ctx context.Context, l *deviceLink) (earshot.User, error) {
	session, err := s.stores.Sessions.BrowserSession(ctx, l.by)
	if err != nil {
		return earshot.User{}, notFoundIsOver(err)
	}
	user, err := s.stores.Users.User(ctx, l.user)
	if err != nil {
		return earshot.User{}, notFoundIsOver(err)
	}
	if !now().Before(session.ExpiresAt) || session.User != l.user || !user.IsActive {
		return earshot.User{}, errTicketOver()
	}
	return user, nil
}

func errNoDevice() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such link any more.")
}

// twoDigits gives a number from 10 to 99, for two people to compare, or one with two screens.
func twoDigits() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(90)) // it never fails: crypto/rand ends the program instead
	return fmt.Sprint(10 + n.Int64())
}
