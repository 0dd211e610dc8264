package local_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/relay/relaytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	relaytest.Run(t, func(*testing.T) earshot.Relay { return local.New() })
}

func BenchmarkPublish(b *testing.B) {
	r := local.New()
	if _, _, err := r.Subscribe(b.Context(), 1, nobody{}); err != nil {
		b.Fatal(err)
	}
	ev := &earshot.Event{Kind: earshot.KindMessage, Room: 1, Text: []byte("hello")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Publish(b.Context(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

type nobody struct{}

func (nobody) Deliver(*earshot.Event) int { return 0 }
