// Package earshot is the domain of a messenger that remembers nothing: users, rooms, what happens in them, and the
// seams (storage, relay) behind which everything else stands.
//
// It imports the standard library only and holds no mutable state. The rules that need state live in the packages hub
// (who hears what) and account (who is who); see docs/architecture.md for the way of one message through them.
package earshot
