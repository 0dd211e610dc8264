package doctor

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// maxAddrs is how many of a host's addresses are tried.
const maxAddrs = 8

// address looks the host up.
func (p *patient) address(ctx context.Context) Finding {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.host)
	if err != nil || len(addrs) == 0 {
		return failed("Give the name an A or AAAA record that leads to the server, or to the proxy before it.",
			"%s has no address: %v", p.host, cause(ctx, err))
	}
	p.addrs = addrs[:min(len(addrs), maxAddrs)]
	texts := make([]string, len(p.addrs))
	for i, a := range p.addrs {
		p.addrs[i] = a.Unmap()
		texts[i] = p.addrs[i].String()
	}
	return ok("%s is %s", p.host, strings.Join(texts, " and "))
}

// connection tries each address, because a browser may take any of them.
func (p *patient) connection(ctx context.Context) Finding {
	each := p.opts.Timeout / time.Duration(len(p.addrs))
	var broken []string
	for _, addr := range p.addrs {
		d := net.Dialer{Timeout: each}
		nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(addr.String(), p.port))
		if err != nil {
			broken = append(broken, fmt.Sprintf("%s (%v)", addr, plainError(err)))
			continue
		}
		_ = nc.Close()
		p.reached = true
	}
	switch {
	case !p.reached:
		return failed("See that the server, or the proxy before it, runs and listens on an address that is reached from here (--listen), "+
			"and that no firewall closes the port.", "nobody answers at port %s of %s", p.port, strings.Join(broken, ", "))
	case len(broken) > 0:
		p.makeClients()
		return warning("Have the server listen there, too, or take the address out of DNS: browsers try it and wait.",
			"port %s is not reached at %s", p.port, strings.Join(broken, ", "))
	}
	p.makeClients()
	return ok("port %s answers", p.port)
}

// certificate shakes hands, taking any certificate, and judges what was shown as a browser does.
func (p *patient) certificate(ctx context.Context) Finding {
	if !p.secure {
		if p.loopback() {
			p.trusted = true
			return skipped("there is no TLS, which this machine itself does not need")
		}
		return warning("Use TLS: --tls-acme, --tls-cert, or a proxy that speaks it. Without it anybody on the way can read and change everything.",
			"there is no TLS")
	}
	cfg := p.tls.Clone()
	cfg.InsecureSkipVerify = true     // it is judged below
	cfg.MinVersion = tls.VersionTLS10 // to tell what is wrong
	nc, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", net.JoinHostPort(p.host, p.port))
	if err != nil {
		p.reached = false
		if _, plain := errors.AsType[tls.RecordHeaderError](err); plain {
			return failed("Switch TLS on (--tls-acme, --tls-cert), or have the proxy speak it at this port.", "port %s does not speak TLS", p.port)
		}
		return failed("See the log of whatever ends TLS. With --tls-acme the server has no certificate until the authority has reached it.",
			"the handshake of TLS fails: %v", cause(ctx, err))
	}
	defer func() { _ = nc.Close() }()
	state := nc.(*tls.Conn).ConnectionState() //nolint:forcetypeassert // what tls.Dialer is documented to give
	f := p.judge(state)
	p.trusted = f.Status != Failed
	if !p.trusted { // the rest is still worth a look, but for the token
		p.tls.InsecureSkipVerify = true
		for _, t := range p.transports {
			t.TLSClientConfig.InsecureSkipVerify = true
		}
	}
	return f
}

// loopback tells whether the server is on this machine.
func (p *patient) loopback() bool {
	for _, a := range p.addrs {
		if !a.IsLoopback() {
			return false
		}
	}
	return len(p.addrs) > 0
}

func (p *patient) judge(state tls.ConnectionState) Finding {
	const renew = "Renew it. Where that should happen by itself, see why it does not: certbot renew, the proxy's log, or the server's with --tls-acme."
	leaf, now := state.PeerCertificates[0], p.opts.Now()
	pool := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		pool.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: p.host, Roots: p.opts.Roots, Intermediates: pool, CurrentTime: now})
	_, wrongName := errors.AsType[x509.HostnameError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case now.After(leaf.NotAfter):
		return failed(renew, "the certificate has expired on %s", leaf.NotAfter.Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return failed("See that the clocks are right, here and where the certificate was made.",
			"the certificate is not valid before %s", leaf.NotBefore.Format(time.RFC3339))
	case wrongName:
		return failed("Get a certificate for "+p.host+", or use the name that it is for.",
			"the certificate is not for %s, but for %s", p.host, strings.Join(namesOf(leaf), ", "))
	case unknown && len(state.PeerCertificates) == 1 && !selfSigned(leaf):
		return failed("Put the certificates of the authorities in between behind it, in the same file (fullchain.pem). For an authority of your own give --ca.",
			"the certificate is of %s, which is not known here, and none in between was sent", leaf.Issuer)
	case unknown:
		return failed("Get a certificate from an authority that browsers know (--tls-acme), or give your own authority's with --ca.",
			"the certificate is of %s, which is not known here", leaf.Issuer)
	case err != nil:
		return failed("Get another certificate.", "the certificate is refused: %v", err)
	case weak(leaf):
		return failed("Get one with a key of ECDSA, or of RSA with 2048 bits, and signed with SHA-256.", "the certificate is too weak: %s", leaf.SignatureAlgorithm)
	case state.Version < tls.VersionTLS12:
		return failed("Have the proxy speak TLS 1.2 and 1.3.", "%s is spoken at most, which browsers refuse", tls.VersionName(state.Version))
	}
	left := leaf.NotAfter.Sub(now)
	if left < min(7*24*time.Hour, leaf.NotAfter.Sub(leaf.NotBefore)/6) {
		return warning(renew, "the certificate expires soon, on %s", leaf.NotAfter.Format(time.RFC3339))
	}
	return ok("%s, valid until %s, of %s", tls.VersionName(state.Version), leaf.NotAfter.Format(time.DateOnly), leaf.Issuer)
}

// maxNames is how many names of a certificate are told.
const maxNames = 5

func namesOf(leaf *x509.Certificate) []string {
	all := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		if addr, good := netip.AddrFromSlice(ip); good {
			all = append(all, addr.String())
		}
	}
	switch {
	case len(all) == 0:
		return []string{"no name"}
	case len(all) > maxNames:
		return append(all[:maxNames], "and others")
	}
	return all
}

func selfSigned(leaf *x509.Certificate) bool {
	return string(leaf.RawIssuer) == string(leaf.RawSubject)
}

func weak(leaf *x509.Certificate) bool {
	if key, isRSA := leaf.PublicKey.(*rsa.PublicKey); isRSA && key.N.BitLen() < 2048 {
		return true
	}
	switch leaf.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	default:
		return false
	}
}

// cause is what went wrong, in a form for people.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("there was no answer in time")
	}
	return plainError(err)
}

// plainError leaves out what the reader knows: who was asked for what.
func plainError(err error) error {
	if op, is := errors.AsType[*net.OpError](err); is {
		if op.Timeout() {
			return errors.New("no answer in time")
		}
		return op.Err
	}
	return err
}
