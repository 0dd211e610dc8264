// Package wipe has buffers that leave nothing behind: what was said must not stay in memory that was given up.
package wipe

// Append appends b to dst, as the builtin does, and clears the buffer that dst outgrows. A buffer that grows is made twice
// as long as is needed now, but no longer than most, and in any case long enough.
func Append(dst, b []byte, most int) []byte {
	if need := len(dst) + len(b); need > cap(dst) {
		grown := make([]byte, len(dst), max(min(2*need, most), need))
		copy(grown, dst)
		clear(dst)
		dst = grown
	}
	return append(dst, b...)
}
