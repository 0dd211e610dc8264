package main

import "strings"

// command is how the benchmark was run, without paths.
func command(args []string) string {
	words := []string{"make bench"}
	var flags []string
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch name {
		case "only", "work", "rounds", "settle":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			flags = append(flags, "-"+name+" "+value)
		case "quick":
			flags = append(flags, "-quick")
		}
	}
	if len(flags) > 0 {
		words = append(words, `BENCH="`+strings.Join(flags, " ")+`"`)
	}
	return strings.Join(words, " ")
}
