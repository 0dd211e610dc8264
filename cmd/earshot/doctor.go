package main

import (
	"bufio"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/earshot-chat/earshot/internal/doctor"
)

// doctorCmd looks at a server from outside.
type doctorCmd struct {
	URL string `arg:"" help:"The server as people reach it, such as https://chat.example.org."`

	Token      string        `help:"A bearer token, with which the socket is tried, too. Better in the environment or by --token-stdin: others see the command line." placeholder:"TOKEN" toml:"-" xor:"token"`
	TokenStdin bool          `help:"Read the token from standard input." xor:"token"`
	Idle       time.Duration `help:"Keep a connection silent for so long, to see whether something cuts it." placeholder:"TIME"`
	Timeout    time.Duration `help:"How long one check may take." default:"10s" placeholder:"TIME"`
	CA         string        `name:"ca" help:"Believe certificates of the authorities in this PEM file only." placeholder:"FILE"`
	PlainPort  uint16        `help:"The port at which plain HTTP should lead to the URL; by default 80, if the URL names no port." placeholder:"PORT"`
	JSON       bool          `name:"json" help:"Show the findings as JSON."`
}

// Validate is called by kong.
func (c *doctorCmd) Validate() error {
	if c.Timeout < 100*time.Millisecond || c.Idle < 0 {
		return errors.New("--timeout must be 100ms or more, and --idle no less than 0")
	}
	return doctor.CheckURL(c.URL)
}

// Run shows a line for each check as it is done. It fails if one of them does.
func (c *doctorCmd) Run(env *environment) error {
	opts := doctor.Options{URL: c.URL, Token: c.Token, Idle: c.Idle, Timeout: c.Timeout, PlainPort: c.PlainPort}
	if c.TokenStdin {
		line, err := bufio.NewReader(io.LimitReader(env.stdin, maxLine)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		opts.Token = strings.TrimSpace(line)
	}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return err
		}
		opts.Roots = x509.NewCertPool()
		if !opts.Roots.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s holds no certificate in PEM", c.CA)
		}
	}
	tell := func(f doctor.Finding) { c.show(env.stdout, f) }
	if c.JSON {
		tell = nil
	}
	findings, err := doctor.Examine(env.ctx, opts, tell)
	if err != nil {
		return err
	}
	if c.JSON {
		err = showJSON(env.stdout, c.URL, findings)
	}
	return errors.Join(err, verdict(findings))
}

// show writes what a check found, and what to do about it below.
func (c *doctorCmd) show(to io.Writer, f doctor.Finding) {
	_, _ = fmt.Fprintf(to, "%-7s  %-14s  %s\n", f.Status, f.Check, f.Text)
	if f.Advice != "" {
		_, _ = fmt.Fprintf(to, "%25s  -> %s\n", "", f.Advice)
	}
}

func showJSON(to io.Writer, url string, findings []doctor.Finding) error {
	return printJSON(to, struct {
		URL    string           `json:"url"`
		Failed int              `json:"failed"`
		Checks []doctor.Finding `json:"checks"`
	}{url, failures(findings), findings})
}

// verdict is an error if something failed.
func verdict(findings []doctor.Finding) error {
	switch n := failures(findings); n {
	case 0:
		return nil
	case 1:
		return errors.New("one check failed")
	default:
		return fmt.Errorf("%d checks failed", n)
	}
}

func failures(findings []doctor.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Status == doctor.Failed {
			n++
		}
	}
	return n
}
