package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// EnvPrefix starts the name of every environment variable that is a setting.
const EnvPrefix = "EARSHOT_"

// fileFlag is the flag that names the settings file; it is itself not a setting of the file.
const fileFlag = "config"

// FileFlag is the flag that names the settings file. Commands embed it beside the settings they take.
type FileFlag struct {
	File string `name:"config" help:"Read settings from this TOML file. The environment and the command line go before it." placeholder:"FILE" toml:"-"`
}

// Source gives kong the settings that are not on the command line: those of the environment, and behind them those of
// the file that --config or EARSHOT_CONFIG names.
type Source struct {
	lookup func(name string) (string, bool)
	file   map[string]any
}

// NewSource makes a Source; lookup is os.LookupEnv or a test's own.
func NewSource(lookup func(name string) (string, bool)) *Source { return &Source{lookup: lookup} }

// Options are the options that kong needs to use the source.
func (s *Source) Options() []kong.Option {
	return []kong.Option{
		kong.WithBeforeResolve(s.load),
		kong.Resolvers(s),
		kong.ValueFormatter(describe),
	}
}

// Validate is called by kong; there is nothing to check that load has not checked.
func (s *Source) Validate(*kong.Application) error { return nil }

// Resolve gives a setting its value from the environment or the file. An empty variable counts as unset.
func (s *Source) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(flag) {
		return nil, nil //nolint:nilnil // kong's contract: nil is "nothing known of this flag"
	}
	name := settingName(flag)
	if value, ok := s.lookup(EnvName(name)); ok && value != "" {
		return value, nil
	}
	return s.file[name], nil
}

// settingName is the setting that a flag is for: the one of its own name, unless its field's tag names another, as where
// a command takes two databases.
func settingName(flag *kong.Flag) string {
	if name := flag.Tag.Get("setting"); name != "" {
		return name
	}
	return flag.Name
}

// load reads the file, if one is named, before the flags are resolved.
func (s *Source) load(ctx *kong.Context) error {
	name := s.fileName(ctx)
	if name == "" || s.file != nil {
		return nil
	}
	text, err := os.ReadFile(name) //nolint:gosec // the file is named by whoever runs the command
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the settings file %s is not there", name)
	}
	if err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	values, err := parseFile(string(text))
	if err != nil {
		return fmt.Errorf("the settings file %s: %w", name, err)
	}
	s.file = values
	return nil
}

func (s *Source) fileName(ctx *kong.Context) string {
	for _, flag := range ctx.Flags() {
		if flag.Name != fileFlag {
			continue
		}
		if name, ok := ctx.FlagValue(flag).(string); ok && name != "" {
			return name
		}
		name, _ := s.lookup(EnvName(fileFlag))
		return name
	}
	return ""
}

// parseFile reads a settings file and gives its values by flag name. The struct decides what may be in it and of which
// type; a key that is no setting is refused, because a misspelt limit is worse than none.
func parseFile(text string) (map[string]any, error) {
	meta, err := toml.Decode(text, &Config{})
	if err != nil {
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, fmt.Errorf("line %d: %s", at.Position.Line, at.Message)
		}
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		names := make([]string, len(unknown))
		for i, key := range unknown {
			names[i] = key.String()
		}
		return nil, fmt.Errorf("no such setting: %s", strings.Join(names, ", "))
	}
	var raw map[string]any
	if _, err := toml.Decode(text, &raw); err != nil {
		return nil, err
	}
	values := make(map[string]any)
	flatten(values, "", raw)
	return values, nil
}

// flatten turns {"limits": {"text_bytes": 1}} into {"limits-text-bytes": "1"}. Lists stay lists; everything else becomes
// the text that one would write on the command line.
func flatten(into map[string]any, prefix string, table map[string]any) {
	for key, value := range table {
		name := prefix + strings.ReplaceAll(key, "_", "-")
		switch value := value.(type) {
		case map[string]any:
			flatten(into, name+"-", value)
		case []any:
			into[name] = value
		default:
			into[name] = fmt.Sprint(value)
		}
	}
}

// EnvName is the environment variable of a flag: EARSHOT_PUBLIC_URL for public-url.
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// isSetting tells the flags that are settings from those of a command (such as --admin): it is their field's toml name.
func isSetting(flag *kong.Flag) bool { return flag.Tag.Has("toml") }

// describe adds the default and the variable to the help of each setting.
func describe(value *kong.Value) string {
	var notes []string
	if value.HasDefault {
		notes = append(notes, "default "+value.Default)
	}
	if value.Flag != nil && isSetting(value.Flag) {
		notes = append(notes, "$"+EnvName(settingName(value.Flag)))
	}
	if len(notes) == 0 {
		return value.Help
	}
	return value.Help + " (" + strings.Join(notes, ", ") + ")"
}
