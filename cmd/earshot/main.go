// Command earshot is the server and the tools to look after it, in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/earshot-chat/earshot/internal/handover"
)

func main() {
	if err := harden(); err != nil {
		fmt.Fprintln(os.Stderr, "earshot: warning:", err)
	}
	// First of all: what the process was started with must not be taken for something that it opened itself.
	inherited, err := handover.Inherit()
	if err != nil {
		fmt.Fprintln(os.Stderr, "earshot:", err)
		os.Exit(exitFailure)
	}
	upgrades := make(chan os.Signal, 1)
	handover.Notify(upgrades)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-signals
		// From here on a signal has its usual effect and ends the process at once. It must have it before anybody learns
		// of the first one: signal.NotifyContext would have it a moment later.
		signal.Stop(signals)
		cancel()
	}()
	env := &environment{
		ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, inherited: inherited, upgrades: upgrades,
	}
	code := run(env, os.Args[1:], os.LookupEnv)
	if err := inherited.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "earshot: warning:", err)
	}
	os.Exit(code)
}
