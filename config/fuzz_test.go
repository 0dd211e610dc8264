package config

import "testing"

// FuzzFile holds the reader of the settings file to its promise: values by flag name, or an error, never a panic.
func FuzzFile(f *testing.F) {
	f.Add("listen = ':1'\n[limits]\nrooms = 1")
	f.Add("[log]\nlevel='x'\n[[limits]]")
	f.Add("origins = ['a', 1]")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := parseFile(text)
		if (values == nil) != (err != nil) {
			t.Fatalf("values %v with error %v", values, err)
		}
	})
}
