package state

import (
	"embed"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
)

// What is no state.
var (
	_ fmt.Stringer = name("")

	errGone   = errors.New("gone")
	ErrClosed = fmt.Errorf("closed: %w", errGone)
	form      = regexp.MustCompile(`^a+$`)
	table     = map[string][]int{"a": {1, 2}, "b": {limit}}
	prefix    = []byte("earshot")
	first     = name("ana")
	version   = "dev"
	encode    = func(s string) string { return s + version }
)

//go:embed state.go
var Files embed.FS

// What is.
var (
	count    int                                         // want "no value where it is declared"
	started  = 1                                         // want "writes to it"
	seen     = map[string]bool{}                         // want "writes to it"
	deleted  = map[string]bool{"a": true}                // want "writes to it"
	settings = struct{ loud bool }{}                     // want "writes to it"
	shared   = [4]int{}                                  // want "takes its address"
	lock     sync.Mutex                                  // want "exists in order to change"
	total    atomic.Int64                                // want "exists in order to change"
	pointer  *sync.Map                                   // want "exists in order to change"
	pool     = sync.Pool{New: func() any { return nil }} // want "not known to be immutable"
	once     = sync.OnceValue(func() int { return 1 })   // want "not known to be immutable"
	queue    = make(chan int)                            // want "not known to be immutable"
	wake     chan struct{}                               // want "exists in order to change"
	current  = newThing()                                // want "not known to be immutable"
	Names    = []string{"a", "b"}                        // want "every other package"
	Level    = 3                                         // want "every other package"
)

const limit = 3

type name string

func (n name) String() string { return string(n) }

type thing struct{}

func newThing() *thing { return &thing{} }

func work() {
	count++
	started = 2
	seen["a"] = true
	delete(deleted, "a")
	settings.loud = true
	p := &shared
	p[0] = 1
	// Other variables of the same names: no state is touched by them.
	table := map[string]int{}
	table["a"] = 1
	var version string
	version = "local"
	_ = version
}
