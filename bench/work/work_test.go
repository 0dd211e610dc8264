package work

import "testing"

func TestEveryRoomHasItsSizeAndNobodyIsInOneTwice(t *testing.T) {
	for _, quick := range []bool{false, true} {
		for _, w := range All(quick) {
			inside := make(map[int]int)
			for user := range w.Conns {
				mine := make(map[int]bool)
				for _, room := range w.RoomsOf(user) {
					if mine[room] {
						t.Fatalf("(%s) user %d is in room %d twice", w.Key, user, room)
					}
					mine[room] = true
					inside[room]++
				}
				if len(mine) != w.PerUser {
					t.Fatalf("(%s) user %d is in %d rooms", w.Key, user, len(mine))
				}
			}
			if len(inside) != w.Rooms() {
				t.Errorf("(%s) %d rooms, want %d", w.Key, len(inside), w.Rooms())
			}
			for room, n := range inside {
				if room < 0 || room >= w.Rooms() || n != w.RoomSize {
					t.Fatalf("(%s) room %d has %d inside, want %d", w.Key, room, n, w.RoomSize)
				}
			}
		}
	}
}

func TestUsersMeetOthersInTheirFurtherRooms(t *testing.T) {
	works := All(false)
	h := works[len(works)-1]
	if h.Key != "h" {
		t.Fatalf("the last workload is (%s)", h.Key)
	}
	others := make(map[int]bool)
	mine := make(map[int]bool)
	for _, room := range h.RoomsOf(0) {
		mine[room] = true
	}
	for user := 1; user < h.Conns; user++ {
		for _, room := range h.RoomsOf(user) {
			if mine[room] {
				others[user] = true
			}
		}
	}
	if len(others) < 100 {
		t.Errorf("a user of 20 rooms of ten meets %d others only", len(others))
	}
}
