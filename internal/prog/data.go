package prog

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Data is what an operation writes: text, or the bytes of a pattern.
type Data struct {
	Text string
	Len  int64 // bytes of the pattern, where there is no text
	Seed int64 // of the pattern
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+"

// Bytes is what is written at an offset of a file.
func (d Data) Bytes(off int64) []byte {
	if d.Text != "" {
		return []byte(d.Text)
	}
	p := make([]byte, d.Len)
	for i := range p {
		at := uint64(off) + uint64(i)
		word := mix(at>>3 ^ uint64(d.Seed)<<40)
		p[i] = letters[word>>(at&7*8)&63]
	}
	return p
}

func (d Data) String() string {
	if d.Text != "" {
		return strconv.Quote(d.Text)
	}
	return fmt.Sprintf("%d ~%d", d.Len, d.Seed)
}

// show prints bytes that were read: short ones in full, long ones by how they begin and a checksum, runs of zeros by their
// length.
func show(p []byte) string {
	const most = 48
	var b strings.Builder
	fmt.Fprintf(&b, "%d", len(p))
	for shown := 0; len(p) > 0 && shown < most; {
		k := run(p, true)
		if k > 0 {
			fmt.Fprintf(&b, " 0*%d", k)
		} else {
			k = min(run(p, false), most-shown)
			fmt.Fprintf(&b, " %q", p[:k])
		}
		shown += min(k, 8)
		p = p[k:]
	}
	if len(p) > 0 {
		fmt.Fprintf(&b, "... %08x", crc32.ChecksumIEEE(p))
	}
	return b.String()
}

// run counts the bytes at the start of p that are zero, or are not.
func run(p []byte, zero bool) int {
	for i, c := range p {
		if (c == 0) != zero {
			return i
		}
	}
	return len(p)
}
