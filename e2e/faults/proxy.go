//go:build unix

package faults

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is what a connection through the proxy suffers.
type Fault string

// The faults.
const (
	// FaultDelay: everything comes late, by up to 200 ms, now more and now less.
	FaultDelay Fault = "delayed"
	// FaultCut: the connection breaks off with a reset.
	FaultCut Fault = "cut"
	// FaultHalf: one direction ends in the middle of whatever is being sent, and then the connection.
	FaultHalf Fault = "halved"
	// FaultStall: nothing goes in either direction for a while, and nobody is told.
	FaultStall Fault = "stalled"
	// FaultThrottle: 8 kB a second.
	FaultThrottle Fault = "throttled"
)

// allFaults gives them all.
func allFaults() []Fault {
	return []Fault{FaultDelay, FaultCut, FaultHalf, FaultStall, FaultThrottle}
}

// Proxy passes TCP connections on to a server, badly. NewProxy makes one.
type Proxy struct {
	to       func() string
	listener net.Listener
	calm     atomic.Bool
	work     sync.WaitGroup

	mu     sync.Mutex
	rng    *rand.Rand
	counts map[Fault]int
	conns  map[*pair]struct{}
}

// pair is one connection and its other half.
type pair struct {
	client, server net.Conn
	ctx            context.Context //nolint:containedctx // it ends with the pair
	end            context.CancelFunc
	delay          bool
	throttle       bool
	stallAt        time.Time
	stallFor       time.Duration
	halfAfter      atomic.Int64 // how many bytes still go through; negative for any number
}

// NewProxy listens on the loopback and passes everything on to the address that to gives at the time; empty is nowhere. What it
// does comes from the seed.
func NewProxy(ctx context.Context, to func() string, seed uint64) (*Proxy, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		to: to, listener: l, rng: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // faults that can be had again, no secret
		counts: make(map[Fault]int), conns: make(map[*pair]struct{}),
	}
	p.work.Go(func() { p.accept(ctx) })
	return p, nil
}

// Addr is where clients connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Calm ends the faults: connections that suffer are cut once more, those that come are left alone.
func (p *Proxy) Calm() {
	p.calm.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.end()
	}
}

// Faults tells how many connections suffered what.
func (p *Proxy) Faults() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[Fault]int, len(p.counts))
	for fault, n := range p.counts {
		counts[fault] = n
	}
	return counts
}

// Close ends all connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Calm()
	p.work.Wait()
	return err
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.serve(ctx, client) })
	}
}

// serve passes one connection on until it ends or is made to.
func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	to := p.to()
	if to == "" {
		return // the server is being started anew
	}
	var d net.Dialer
	server, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return // it has just ended
	}
	defer func() { _ = server.Close() }()
	c := &pair{client: client, server: server}
	cut := p.curse(c)
	c.ctx, c.end = context.WithCancel(ctx)
	if cut > 0 {
		c.ctx, c.end = context.WithTimeout(ctx, cut)
	}
	defer c.end()
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { c.pass(c.client, c.server) })
	both.Go(func() { c.pass(c.server, c.client) })
	<-c.ctx.Done()
	for _, side := range []net.Conn{client, server} {
		if tcp, ok := side.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset: what was not read is lost
		}
		_ = side.Close()
	}
	both.Wait()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// curse decides what the connection suffers, and after how long it is cut; 0 for never.
func (p *Proxy) curse(c *pair) (cut time.Duration) {
	c.halfAfter.Store(-1)
	if p.calm.Load() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	within := func(d time.Duration) time.Duration { return time.Duration(p.rng.Int64N(int64(d))) }
	for _, fault := range allFaults() {
		if p.rng.IntN(3) != 0 {
			continue
		}
		p.counts[fault]++
		switch fault {
		case FaultDelay:
			c.delay = true
		case FaultCut:
			cut = 100*time.Millisecond + within(8*time.Second)
		case FaultHalf:
			c.halfAfter.Store(200 + p.rng.Int64N(100_000))
		case FaultStall:
			c.stallAt, c.stallFor = time.Now().Add(within(5*time.Second)), within(8*time.Second)
		case FaultThrottle:
			c.throttle = true
		}
	}
	return cut
}

// pass copies one direction.
func (c *pair) pass(from, to net.Conn) {
	defer c.end()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 && !c.let(to, buf[:n]) {
			return
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return
			}
			if half, ok := to.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
			return
		}
	}
}

// let sends what was read, as well as the connection is.
func (c *pair) let(to net.Conn, b []byte) bool {
	if c.delay && !c.wait(time.Duration(rand.Int64N(int64(200*time.Millisecond)))) { //nolint:gosec // no secret
		return false
	}
	if c.throttle && !c.wait(time.Duration(len(b))*time.Second/8000) {
		return false
	}
	if c.stallFor > 0 && time.Now().After(c.stallAt) {
		if until := time.Until(c.stallAt.Add(c.stallFor)); until > 0 && !c.wait(until) {
			return false
		}
	}
	whole := true
	if left := c.halfAfter.Load(); left >= 0 {
		if int64(len(b)) > left {
			b, whole = b[:left], false
		}
		c.halfAfter.Store(left - int64(len(b)))
	}
	_, err := to.Write(b)
	return err == nil && whole
}

// wait is false if the connection ends meanwhile.
func (c *pair) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}
