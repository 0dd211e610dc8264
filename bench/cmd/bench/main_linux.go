// Command bench measures Earshot and its peers on one machine, in one run, server on one processor and load on another, and
// writes a table and a plot. See docs/performance.md; run it with `make bench`. Linux only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/earshot-chat/earshot/bench/peer"
	"github.com/earshot-chat/earshot/bench/proc"
	"github.com/earshot-chat/earshot/bench/report"
	"github.com/earshot-chat/earshot/bench/work"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := start(log, os.Args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Error("the benchmark failed", "err", err)
		os.Exit(1) //nolint:forbidigo // main ends the process
	}
}

// pinnedBy says in the environment that this process is on its processor, and on which the servers belong.
const pinnedBy = "EARSHOT_BENCH_SERVER_CPU"

// start runs one of the program's two selves: `bench pin CPU COMMAND...` puts a command on a processor, all else is the
// benchmark, which first puts itself on one.
func start(log *slog.Logger, args []string) error {
	if len(args) > 3 && args[1] == "pin" {
		cpu, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return become(cpu, args[3:], os.Environ())
	}
	if on := os.Getenv(pinnedBy); on != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return run(ctx, log, args[1:], on)
	}
	cpus, err := proc.CPUs()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		log.Warn("THERE IS ONE PROCESSOR ONLY: server and load share it, and the latencies mean little")
	}
	server, load := cpus[0], cpus[min(1, len(cpus)-1)]
	self, err := os.Executable()
	if err != nil {
		return err
	}
	spin := "-spin=" + strconv.FormatBool(len(cpus) > 1)
	return become(load, append([]string{self, spin}, args[1:]...), append(os.Environ(), fmt.Sprintf("%s=%d", pinnedBy, server)))
}

// become replaces this process by a command on a processor.
func become(cpu int, command, env []string) error {
	if err := proc.Pin(cpu); err != nil {
		return err
	}
	return syscall.Exec(command[0], command, env) //nolint:gosec // the benchmark's own commands
}

type options struct {
	env                          peer.Env
	only, works, json, from, doc string
	rounds                       int
	quick, spin                  bool
	settle                       time.Duration
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.env.Earshot, "earshot", "../bin/earshot", "the product's binary")
	f.StringVar(&o.env.Bin, "bin", "bin", "the directory of floor, natsd and centrifuged")
	f.StringVar(&o.env.Peers, "peers", "peers", "the directory of socketio and channels")
	f.StringVar(&o.only, "only", "", "measure these candidates only, by parts of their names: floor,earshot,nats,mosq,centri,socket,channels")
	f.StringVar(&o.works, "work", "abcdefgh", "do these workloads only, by their letters")
	f.IntVar(&o.rounds, "rounds", 3, "how often each is run, but for what is run once whatever is said here; the figures are medians")
	f.BoolVar(&o.quick, "quick", false, "smaller and shorter workloads: for a look, not for figures")
	f.DurationVar(&o.settle, "settle", 0, "how long servers rest before their memory is read (default 20s)")
	f.StringVar(&o.json, "json", "", "write all outcomes to this file")
	f.StringVar(&o.from, "from", "", "measure nothing: write the table of the outcomes in this file")
	f.StringVar(&o.doc, "docs", "", "write table and plot into performance.md and performance.svg in this directory")
	f.BoolVar(&o.spin, "spin", true, "burn the generator's processor while it waits, so that no wake-ups are measured")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("what is %q?", f.Arg(0))
	}
	for _, path := range []*string{&o.env.Earshot, &o.env.Bin, &o.env.Peers} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, err
		}
		*path = abs
	}
	return o, nil
}

func run(ctx context.Context, log *slog.Logger, args []string, serverCPU string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	var results *report.Results
	if o.from != "" {
		results, err = read(o.from)
	} else {
		results, err = measure(ctx, log, o, args, serverCPU)
	}
	if err != nil {
		return err
	}
	if o.json != "" {
		text, err := json.MarshalIndent(results, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, text, 0o644); err != nil { //nolint:gosec // figures for everybody
			return err
		}
	}
	if _, err := os.Stdout.WriteString(results.Markdown()); err != nil {
		return err
	}
	if o.doc != "" {
		return results.Write(o.doc)
	}
	return nil
}

func read(file string) (*report.Results, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the path is the user's
	if err != nil {
		return nil, err
	}
	results := &report.Results{}
	return results, json.Unmarshal(text, results)
}

func measure(ctx context.Context, log *slog.Logger, o options, args []string, serverCPU string) (*report.Results, error) {
	var err error
	if o.env.Tmp, err = os.MkdirTemp("", "earshot-bench"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(o.env.Tmp) }() //nolint:gosec // made above
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	results := &report.Results{
		Command: command(args), Date: time.Now().UTC().Format(time.DateOnly), Machine: proc.Machine(), Rounds: o.rounds, Quick: o.quick,
		Notes: make(map[string]string), Skipped: make(map[string]string),
	}
	candidates := prepare(ctx, log, o, results)
	var works []work.Work
	for _, w := range work.All(o.quick) {
		if !strings.Contains(o.works, w.Key) {
			continue
		}
		if files := proc.Files(); w.Conns+200 > files {
			log.WarnContext(ctx, "LEFT OUT: this workload needs more open files than this machine lets one process have",
				"work", w.Key, "connections", w.Conns, "limit", files)
			continue
		}
		works = append(works, w)
		results.Works = append(results.Works, report.Title{Key: w.Key, Title: w.Title})
	}
	runner := &work.Runner{Pinned: []string{self, "pin", serverCPU}, Spin: o.spin, Settle: o.settle}
	for round := range o.rounds {
		for _, w := range works {
			if w.Once && round > 0 {
				continue
			}
			for i := range candidates {
				// Nobody is always the first, or always after the same.
				c := candidates[(i+round)%len(candidates)]
				outcome := runner.Run(ctx, w, c)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				tell(log, round, outcome)
				results.Outcomes = append(results.Outcomes, outcome)
			}
		}
	}
	return results, nil
}

// prepare returns those who can take part.
func prepare(ctx context.Context, log *slog.Logger, o options, results *report.Results) []peer.Candidate {
	var ready []peer.Candidate
	for _, c := range peer.All() {
		if o.only != "" && !slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool {
			return strings.Contains(strings.ToLower(c.Name()), strings.ToLower(strings.TrimSpace(part)))
		}) {
			continue
		}
		if err := c.Prepare(ctx, o.env); err != nil {
			log.WarnContext(ctx, "LEFT OUT: this candidate cannot be had here", "candidate", c.Name(), "err", err)
			results.Skipped[c.Name()] = err.Error()
			continue
		}
		ready = append(ready, c)
		results.Candidates = append(results.Candidates, c.Name())
		results.Notes[c.Name()] = c.Note()
	}
	return ready
}

func tell(log *slog.Logger, round int, o work.Outcome) {
	if o.Failed != "" {
		log.Warn("NO FIGURES", "round", round+1, "work", o.Work, "candidate", o.Candidate, "err", o.Failed)
		return
	}
	say := log.Info
	if o.Missing+o.Late+o.Twice+o.Strays > 0 {
		say = log.Warn
	}
	n := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	say("measured", "round", round+1, "work", o.Work, "candidate", o.Candidate, "cpu_us", n(o.CPU), "per_s", n(o.Rate),
		"p50_us", o.P50, "p99_us", o.P99, "p999_us", o.P999, "rss_per_conn", n(o.RSS), "rss_after", n(o.RSSAfter),
		"connects_per_s", n(o.Connects), "connect_cpu_us", n(o.ConnectCPU),
		"deliveries", o.Deliveries, "missing", o.Missing, "late", o.Late, "twice", o.Twice, "strays", o.Strays)
}
