// Command trial puts Earshot to the proof of endurance on one machine and prints what came out. See docs/performance.md,
// "Endurance"; run it with `make trial`. Linux only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/earshot-chat/earshot/bench/peer"
	"github.com/earshot-chat/earshot/bench/proc"
	"github.com/earshot-chat/earshot/bench/trial"
)

var errViolated = errors.New("a bound was not kept")

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, log, os.Args, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Error("the trial failed", "err", err)
		os.Exit(1) //nolint:forbidigo // main ends the process
	}
}

// start runs one of the program's two selves: `trial pin CPU COMMAND...` puts a command on a processor, all else is the
// trials.
func start(ctx context.Context, log *slog.Logger, args []string, out io.Writer) error {
	if len(args) > 3 && args[1] == "pin" {
		cpu, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		if err := proc.Pin(cpu); err != nil {
			return err
		}
		path, err := exec.LookPath(args[3])
		if err != nil {
			return err
		}
		return syscall.Exec(path, args[3:], os.Environ()) //nolint:gosec // the trial's own command
	}
	return run(ctx, log, args[1:], out)
}

type options struct {
	earshot, json string
	names         []string
	choice        trial.Choice
	seed          uint64
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("trial", flag.ContinueOnError)
	f.StringVar(&o.earshot, "earshot", "../bin/earshot", "the product's binary")
	f.StringVar(&o.json, "json", "", "write the figures to this file too")
	f.DurationVar(&o.choice.Soak, "for", 10*time.Minute, "soak: how long")
	f.DurationVar(&o.choice.Away, "away", 15*time.Second, "storm: how long all are away")
	f.IntVar(&o.choice.Rounds, "rounds", 5, "slow: how often both phases are measured")
	f.IntVar(&o.choice.Greedy, "greedy", 2, "slow: how many of the 50 are in all rooms, and so have more waiting than the write buffer")
	f.Uint64Var(&o.seed, "seed", 0, "what chance is drawn from; 0 draws one and prints it")
	f.BoolVar(&o.choice.Quick, "quick", false, "a tenth of the size and less time: for a look, not for figures")
	f.Usage = func() {
		_, _ = fmt.Fprintf(f.Output(), "trial [flags] [hold] [soak] [slow] [storm]: runs these trials, or all\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.names = f.Args()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	abs, err := filepath.Abs(o.earshot)
	o.earshot = abs
	return o, err
}

// chosen gives the trials by name, all of them for none.
func chosen(o options) ([]trial.Trial, error) {
	all := trial.All(o.choice)
	if len(o.names) == 0 {
		return all, nil
	}
	var some []trial.Trial
	for _, name := range o.names {
		found := false
		for _, t := range all {
			if t.Name() == name {
				some, found = append(some, t), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no trial %q: it is hold, soak, slow or storm", name)
		}
	}
	return some, nil
}

func run(ctx context.Context, log *slog.Logger, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	trials, err := chosen(o)
	if err != nil {
		return err
	}
	env, cleanUp, err := prepare(ctx, log, o, trials)
	if err != nil {
		return err
	}
	defer cleanUp()
	report := &trial.Report{
		Command: command(args), Date: time.Now().UTC().Format(time.DateOnly), Machine: proc.Machine(), Seed: o.seed,
	}
	for _, t := range trials {
		report.Results = append(report.Results, trial.Do(ctx, env, t))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(out, report.Markdown()); err != nil {
		return err
	}
	if o.json != "" {
		text, err := json.MarshalIndent(report, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, text, 0o644); err != nil { //nolint:gosec // figures for everybody
			return err
		}
	}
	if !report.OK() {
		return errViolated
	}
	return nil
}

// prepare makes the users and rooms that the largest of the trials needs.
func prepare(ctx context.Context, log *slog.Logger, o options, trials []trial.Trial) (*trial.Env, func(), error) {
	users, rooms := 0, 0
	for _, t := range trials {
		u, r := t.Needs()
		users, rooms = max(users, u), max(rooms, r)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cpus, err := proc.CPUs()
	if err != nil {
		return nil, nil, err
	}
	env := &trial.Env{Earshot: peer.Earshot(users, rooms), Log: log, Seed: o.seed}
	if len(cpus) > 1 {
		env.Pin, env.Spare = []string{self, "pin", strconv.Itoa(cpus[0])}, cpus[1]
	} else {
		log.WarnContext(ctx, "THERE IS ONE PROCESSOR ONLY: server and load share it, and the latencies mean little")
	}
	tmp, err := os.MkdirTemp("", "earshot-trial")
	if err != nil {
		return nil, nil, err
	}
	cleanUp := func() { _ = os.RemoveAll(tmp) }
	log.InfoContext(ctx, "making users and rooms", "users", users, "rooms", rooms)
	if err := env.Earshot.Prepare(ctx, peer.Env{Earshot: o.earshot, Tmp: tmp}); err != nil {
		cleanUp()
		return nil, nil, err
	}
	return env, cleanUp, nil
}

// command is how the trials were run, without paths.
func command(args []string) string {
	var words []string
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if strings.HasPrefix(args[i], "-") && (name == "earshot" || name == "json") {
			if !joined {
				i++
			}
			continue
		}
		words = append(words, args[i])
	}
	if len(words) == 0 {
		return "make trial"
	}
	return `make trial TRIAL="` + strings.Join(words, " ") + `"`
}
