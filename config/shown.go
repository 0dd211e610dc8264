package config

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

// Shown is a setting as those who look after the server may see it.
type Shown struct {
	// Name is that in the file, with its table: limits.text_bytes.
	Name string
	// Value is what holds now, from wherever it came; empty where nothing was set and there is no default. What is secret is
	// left out of it.
	Value string
	// Default is what holds where nothing was set.
	Default string
	// Help says what the setting is.
	Help string
}

// hidden is shown instead of a secret.
const hidden = "(hidden)"

// isSecret tells the names of settings whose value nobody may see. It is by name so that a new one is hidden without a word.
func isSecret(name string) bool { return regexp.MustCompile(`password|secret|token`).MatchString(name) }

// Shown gives all settings, in the order of the struct.
func (c *Config) Shown() []Shown { return shown(nil, "", reflect.ValueOf(*c)) }

func shown(list []Shown, prefix string, of reflect.Value) []Shown {
	for i := range of.NumField() {
		field := of.Type().Field(i)
		name := field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			below := prefix
			if name != "" {
				below += name + "."
			}
			list = shown(list, below, of.Field(i))
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		name = prefix + name
		list = append(list, Shown{
			Name: name, Value: show(name, of.Field(i)), Default: field.Tag.Get("default"), Help: field.Tag.Get("help"),
		})
	}
	return list
}

// show writes a value as the file would have it, without what is secret.
func show(name string, value reflect.Value) string {
	parts := []string{fmt.Sprint(value.Interface())}
	if list, ok := value.Interface().([]string); ok {
		parts = list
	}
	all := make([]string, len(parts))
	for i, part := range parts {
		all[i] = withoutSecrets(name, part)
	}
	return strings.Join(all, ", ")
}

// withoutSecrets hides a secret, and leaves of an address nothing but scheme, host and path: a database's may have its password
// before the host or in the query.
func withoutSecrets(name, value string) string {
	switch {
	case value == "":
		return ""
	case isSecret(name):
		return hidden
	case !strings.Contains(value, "://"):
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		return hidden
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
