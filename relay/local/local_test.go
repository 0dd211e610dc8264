package local_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/relay/relaytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

func TestContract(t *testing.T) {
	relaytest.Run(t, func(*testing.T) earshot.Relay { return local.New() })
	relaytest.Run(t, func(*testing.T) earshot.Relay {
		return local.Continue(local.Numbering{Epoch: local.New().Epoch()})
	})
}

// TestContinue goes on with the numbers of a relay that was closed.
func TestContinue(t *testing.T) {
	first := local.New()
	for range 3 {
		if _, err := first.Publish(t.Context(), &earshot.Event{Kind: earshot.KindMessage, Room: 7}); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := local.Continue(first.Numbering())
	defer func() { _ = second.Close() }()
	receipt, err := second.Publish(t.Context(), &earshot.Event{Kind: earshot.KindMessage, Room: 7})
	if err != nil || receipt.Seq != 4 || second.Epoch() != first.Epoch() {
		t.Errorf("number %d of epoch %q (%v), want 4 of %q", receipt.Seq, second.Epoch(), err, first.Epoch())
	}
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
