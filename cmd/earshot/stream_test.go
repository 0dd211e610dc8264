package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestCurl runs the commands of docs/protocol.md, "For scripts", as they stand there.
func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sh\n(curl -N.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("docs/protocol.md has no commands for curl")
	}
	commands := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(block[1]), "\\\n", "")), "\n")
	if len(commands) != 5 {
		t.Fatalf("docs/protocol.md has other commands for curl: %q", commands)
	}
	data := t.TempDir()
	wants(t, data, "ana\nben\n", "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, "", "token", "create", "ana", "ben"))
	wants(t, data, "", "room", "create", "lobby")
	server := serve(t, data)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := func(token, line, input string) *bufio.Reader {
		t.Helper()
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		cmd.Env = append(os.Environ(), "URL="+server.url, "T="+token)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cancel(); _ = cmd.Wait() })
		return bufio.NewReader(out)
	}
	hears := func(from *bufio.Reader, part string) {
		t.Helper()
		for {
			line, err := from.ReadString('\n')
			if strings.Contains(line, part) {
				return
			}
			if err != nil {
				t.Fatalf("%q did not come: %v %s", part, err, server.stderr)
			}
		}
	}
	frames, packed, plain := run(tokens[0], commands[0], ""), run(tokens[0], commands[1], ""), run(tokens[0], commands[2], "")
	hears(frames, `"type":"joined"`)
	hears(packed, `"type":"joined"`)
	hears(plain, "* you are in lobby")
	for i, input := range []string{"", "all is well\nand over\n"} {
		answer, err := io.ReadAll(run(tokens[1], commands[3+i], input))
		if err != nil || !strings.Contains(string(answer), `"heard":1`) {
			t.Errorf("%s: %s %v", commands[3+i], answer, err)
		}
	}
	hears(frames, `"text":"hello all"`)
	hears(packed, `"text":"hello all"`)
	hears(plain, "ben: hello all")
	hears(frames, `"text":"all is well\nand over"`)
	hears(packed, `"text":"all is well\nand over"`)
	hears(plain, "ben: all is well")
	hears(plain, "  and over")
	server.stop()
	hears(frames, `"type":"stopping"`)
	hears(packed, `"type":"end","code":1001`)
	hears(plain, "* the server is stopping")
}
