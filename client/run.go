package client

import (
	"context"
	"time"
)

const (
	// stretch is how many times Options.Buffer may wait while a call does.
	stretch = 16
	// behindAfter is how long the application may take no event, with the stretched buffer full, until calls are given up.
	behindAfter = 5 * time.Second
)

// runner drives a machine: it is the one goroutine that uses it.
type runner struct {
	client *Client
	m      *machine
	ctx    context.Context //nolint:containedctx // it ends with the runner
	cancel context.CancelFunc
	timer  *time.Timer

	link   *link
	dialed chan dialed
	// dialing tells that a connection is being made.
	dialing bool
	// full is since when the buffer is, even stretched; zero while it is not.
	full time.Time
}

// dialed is what came of a try to connect.
type dialed struct {
	link *link
	loss *loss
}

func newRunner(c *Client, m *machine) *runner {
	r := &runner{client: c, m: m, dialed: make(chan dialed), timer: time.NewTimer(time.Hour)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// run goes on until the machine has ended.
func (r *runner) run() {
	c := r.client
	defer close(c.done)
	defer r.cancel()
	defer r.timer.Stop()
	for r.m.phase != ended {
		if r.m.phase == dialing && !r.dialing && r.link == nil {
			r.dial()
		}
		frames, lost := r.reading()
		r.setTimer()
		select {
		case call := <-c.calls:
			call(time.Now(), r.m)
		case data := <-frames:
			r.m.frame(time.Now(), data)
			clear(data) // what was said is not kept
		case why := <-lost:
			r.m.lost(time.Now(), why)
		case d := <-r.dialed:
			r.connected(d)
		case <-r.timer.C:
			r.tick()
		case <-c.queue.taken:
		case <-c.stop:
			r.m.farewell = 1000
			r.m.end(ErrClosed)
		}
		r.settle()
	}
	c.mu.Lock()
	c.err = r.m.err
	c.mu.Unlock()
	c.queue.finish()
	if r.dialing {
		r.cancel()
		if d := <-r.dialed; d.link != nil {
			d.link.close(0)
		}
	}
}

// dial makes a connection in a goroutine of its own; run waits for it.
func (r *runner) dial() {
	r.dialing = true
	r.client.wg.Go(func() {
		l, why := r.client.site.connect(r.ctx, r.client.opts.Compress)
		r.dialed <- dialed{link: l, loss: why}
	})
}

func (r *runner) connected(d dialed) {
	r.dialing = false
	if d.loss != nil {
		r.m.lost(time.Now(), *d.loss)
		return
	}
	r.link = d.link
	r.m.connected(time.Now())
}

// reading gives what to listen to on the connection: nothing while too many events wait.
func (r *runner) reading() (frames <-chan []byte, lost <-chan loss) {
	now := time.Now()
	buffer := r.client.opts.Buffer
	if len(r.m.calls) > 0 {
		buffer *= stretch
	}
	cost, _ := r.client.queue.state()
	full := cost >= buffer
	r.m.pause(now, full)
	switch {
	case !full:
		r.full = time.Time{}
	case r.full.IsZero():
		r.full = now
	}
	if r.link == nil {
		return nil, nil
	}
	if full {
		return nil, r.link.lost
	}
	return r.link.frames, r.link.lost
}

// setTimer sets the timer to when something is due.
func (r *runner) setTimer() {
	at := r.m.next()
	if behind := r.behindAt(); !behind.IsZero() && (at.IsZero() || behind.Before(at)) {
		at = behind
	}
	wait := time.Hour
	if !at.IsZero() {
		wait = time.Until(at)
	}
	r.timer.Reset(wait)
}

// behindAt is when the calls that wait are given up because the application takes no events; zero if it does.
func (r *runner) behindAt() time.Time {
	if r.full.IsZero() || len(r.m.calls) == 0 {
		return time.Time{}
	}
	_, last := r.client.queue.state()
	if last.Before(r.full) {
		last = r.full
	}
	return last.Add(behindAfter)
}

func (r *runner) tick() {
	now := time.Now()
	if behind := r.behindAt(); !behind.IsZero() && !now.Before(behind) {
		r.m.failAll(ErrBehind)
	}
	r.m.tick(now)
}

// settle carries out what the machine wants.
func (r *runner) settle() {
	c := r.client
	frames, events := r.m.take()
	r.greeted(events) // before the application hears of it
	c.queue.push(time.Now(), events)
	if r.link == nil {
		return
	}
	if r.m.phase == ended || r.m.phase == waiting || r.m.phase == dialing {
		l, code := r.link, r.m.farewell
		r.link = nil
		c.wg.Go(func() { l.close(code) })
		return
	}
	r.link.send(frames)
	if r.link.overflow.Load() {
		r.m.lost(time.Now(), loss{verdict: later, err: errOverflow()})
		r.settle()
	}
}

// greeted keeps what hello said for Client.Hello.
func (r *runner) greeted(events []queued) {
	for _, it := range events {
		hello, ok := it.event.(Connected)
		if !ok {
			continue
		}
		c := r.client
		r.link.limit(hello.Hello.Limits)
		c.mu.Lock()
		first := c.hello.Epoch == ""
		c.hello = hello.Hello
		c.mu.Unlock()
		if first {
			close(c.ready)
		}
	}
}
