package names

import "sort"

//go:generate go run gen.go -in confusables.txt -out confusables_gen.go

// A record of prototypeIndex: three bytes of the character, two of where its prototype begins in prototypeTexts, one of
// its length, each with the highest byte first. Constant strings, unlike a map, cost nothing at start and nothing can
// change them.
const recordSize = 6

// prototype gives the character or characters that r looks like, if it is not its own prototype.
func prototype(r rune) (string, bool) {
	n := len(prototypeIndex) / recordSize
	i := sort.Search(n, func(i int) bool { return recordRune(i) >= r })
	if i == n || recordRune(i) != r {
		return "", false
	}
	rec := prototypeIndex[i*recordSize:]
	from := int(rec[3])<<8 | int(rec[4])
	return prototypeTexts[from : from+int(rec[5])], true
}

// recordRune is the character of record i.
func recordRune(i int) rune {
	rec := prototypeIndex[i*recordSize:]
	return rune(rec[0])<<16 | rune(rec[1])<<8 | rune(rec[2])
}
