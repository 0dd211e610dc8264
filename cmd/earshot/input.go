package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// person is a user to be made, or one who is named.
type person struct {
	name, password string
	// hasPassword is false for a user whom no password lets in.
	hasPassword bool
}

// maxLine is the longest line of a list, in bytes: longer than the longest name and password together.
const maxLine = 16 << 10

// readPeople reads a list: a name a line, and optionally, after white space, a password. It checks all of it before
// anything is done with it, and reports the first bad line by its number, without repeating what is on it.
func readPeople(from io.Reader) ([]person, error) {
	var people []person
	seen := make(map[earshot.NameKey]int)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // some editors put a mark at the start
		}
		p, ok, err := readPerson(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if !ok {
			continue
		}
		key := names.Key(p.name)
		if first, twice := seen[key]; twice {
			return nil, fmt.Errorf("line %d: the name is the same as in line %d", number, first)
		}
		seen[key] = number
		people = append(people, p)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: it is longer than %d bytes", number+1, maxLine)
	}
	if lines.Err() != nil {
		return nil, lines.Err()
	}
	if len(people) == 0 {
		return nil, errors.New("there is no name in the list")
	}
	return people, nil
}

// readPerson reads one line; ok is false for one that names nobody.
func readPerson(line []byte) (p person, ok bool, err error) {
	if !utf8.Valid(line) {
		return person{}, false, errors.New("it is not valid UTF-8")
	}
	fields := strings.Fields(string(line))
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return person{}, false, nil
	}
	if len(fields) > 2 {
		return person{}, false, errors.New("there is more than a name and a password on it")
	}
	p.name = fields[0]
	if err := earshot.ValidateUsername(names.Normalize(p.name)); err != nil {
		return person{}, false, err
	}
	if len(fields) == 2 {
		p.password, p.hasPassword = fields[1], true
	}
	return p, true, nil
}

// passwordLines gives a line of standard input for each name.
func passwordLines(stdin io.Reader) func(*environment, string) (string, error) {
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, maxLine)
	return func(_ *environment, name string) (string, error) {
		if lines.Scan() {
			return lines.Text(), nil
		}
		if errors.Is(lines.Err(), bufio.ErrTooLong) {
			return "", fmt.Errorf("the line with the password of %s is longer than %d bytes", name, maxLine)
		}
		if lines.Err() != nil {
			return "", fmt.Errorf("reading the password of %s: %w", name, lines.Err())
		}
		return "", fmt.Errorf("standard input has no line with a password for %s", name)
	}
}

// askTerminal asks for a password twice, without showing it.
func askTerminal(env *environment, name string) (string, error) {
	file, ok := env.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return "", errors.New("there is no terminal to ask for the password on: use --password-stdin")
	}
	first, err := askOnce(env, file, fmt.Sprintf("Password for %s: ", name))
	if err != nil {
		return "", err
	}
	again, err := askOnce(env, file, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords are not the same")
	}
	return first, nil
}

// askOnce reads a line without echo. If the context ends meanwhile, by Ctrl-C, it turns the echo back on itself: the
// read cannot be called off, and the process ends before it returns.
func askOnce(env *environment, terminal *os.File, prompt string) (string, error) {
	descriptor := int(terminal.Fd())
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprint(env.stderr, prompt); err != nil {
		return "", err
	}
	type answer struct {
		password []byte
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		password, err := term.ReadPassword(descriptor)
		answers <- answer{password, err}
	}()
	defer func() { _, _ = fmt.Fprintln(env.stderr) }()
	select {
	case a := <-answers:
		return string(a.password), a.err
	case <-env.ctx.Done():
		return "", errors.Join(context.Cause(env.ctx), term.Restore(descriptor, before))
	}
}
