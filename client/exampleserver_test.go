package client

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/earshot-chat/earshot"
)

// example is a tester for what is no test.
type example struct {
	dir      string
	cleanups []func()
}

func (e *example) Helper()                  {}
func (e *example) Context() context.Context { return context.Background() }
func (e *example) TempDir() string          { return e.dir }
func (e *example) Cleanup(f func())         { e.cleanups = append(e.cleanups, f) }
func (e *example) Errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...)
}
func (e *example) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (e *example) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// ServerForExample is a server on which ana sits in the lobby. When somebody comes in, she asks.
func ServerForExample() (url, token string, stop func()) {
	dir, err := os.MkdirTemp("", "earshot-example")
	if err != nil {
		panic(err)
	}
	e := &example{dir: dir}
	h := newHouse(e, nil)
	anaToken, botToken := h.user("ana"), h.user("bot")
	room := h.room(anaToken, "lobby")
	ana := h.dial(h.options(anaToken))
	ana.join(room)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		nextThat(ana, func(ev Entered) bool {
			return slices.ContainsFunc(ev.Users, func(u earshot.UserRef) bool { return u.Name == "bot" })
		})
		ana.post(room, "echo: hello?")
	}()
	return h.options("").URL, botToken, func() {
		<-asked
		for _, f := range slices.Backward(e.cleanups) {
			f()
		}
		_ = os.RemoveAll(dir)
	}
}
