// Command earshot is the server and the tools to look after it, in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := harden(); err != nil {
		fmt.Fprintln(os.Stderr, "earshot: warning:", err)
	}
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
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
