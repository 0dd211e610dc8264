package config_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/config"
)

// TestShown sees that every setting is shown, as it is, and nothing of a database's password.
func TestShown(t *testing.T) {
	for _, db := range []string{
		"postgres://ana:canary@db.example:5432/chat?sslmode=require", "postgres://ana@db.example:5432/chat?password=canary",
		"postgres://db.example:5432/chat#canary", "postgres://ana:can%zzary@db.example/chat",
	} {
		c := config.Config{Name: "Ours", Storage: config.Storage{DB: db}, PingInterval: 12 * time.Second}
		c.Trusted, c.Limits.TextBytes = []string{"loopback", "10.0.0.0/8"}, 7
		all := c.Shown()
		text := fmt.Sprint(all)
		if strings.Contains(text, "canary") || strings.Contains(text, "ary@") {
			t.Errorf("the password is shown: %s", text)
		}
		for name, value := range map[string]string{
			"name": "Ours", "limits.text_bytes": "7", "ping_interval": "12s", "trusted_proxies": "loopback, 10.0.0.0/8", "h2c": "false", "tls.cert": "",
		} {
			i := slices.IndexFunc(all, func(s config.Shown) bool { return s.Name == name })
			if i < 0 || all[i].Value != value || all[i].Help == "" {
				t.Errorf("%s: %+v", name, all)
			}
		}
	}
	c := config.Config{Storage: config.Storage{DB: "postgres://ana:canary@db.example:5432/chat"}}
	if all := c.Shown(); !slices.ContainsFunc(all, func(s config.Shown) bool { return s.Value == "postgres://db.example:5432/chat" }) {
		t.Errorf("%+v", all)
	}
}

// TestNoSecretIsShown puts something into every setting and wants what could be a secret hidden. A setting with such a name that
// is none is to be named here.
func TestNoSecretIsShown(t *testing.T) {
	harmless := []string{"tls.key"} // the name of a file
	var c config.Config
	fill(reflect.ValueOf(&c).Elem())
	suspicious := regexp.MustCompile(`pass|secret|token|key|credential|private`)
	for _, s := range c.Shown() {
		if suspicious.MatchString(s.Name) && strings.Contains(s.Value, "canary") && !slices.Contains(harmless, s.Name) {
			t.Errorf("%s is shown", s.Name)
		}
	}
}

func fill(of reflect.Value) {
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Kind() == reflect.Struct {
			fill(f)
		} else if f.Kind() == reflect.String {
			f.SetString("canary")
		} else if _, texts := f.Interface().([]string); texts {
			f.Set(reflect.ValueOf([]string{"canary"}))
		}
	}
}
