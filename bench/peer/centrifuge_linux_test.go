package peer

import "testing"

func TestPongToWhateverThePingComesWith(t *testing.T) {
	message := `{"push":{"channel":"room","pub":{"data":{"text":"{}"}}}}`
	for frame, want := range map[string]string{
		"{}":                                  "{}",
		message + "\n{}":                      "{}",
		"{}\n" + message:                      "{}",
		message + "\n{}\n" + message:          "{}",
		message:                               "",
		message + "\n" + message:              "",
		`{"id":1,"connect":{"ping":25}}`:      "",
		`{"id":1,"connect":{}}` + "\n" + "{}": "{}",
	} {
		if got := pong([]byte(frame)); string(got) != want {
			t.Errorf("%q is answered with %q", frame, got)
		}
	}
}
