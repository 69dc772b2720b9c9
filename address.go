package extant

import (
	"strings"
)

// An Address is a place in an image as the command line writes it: IMAGE:/PATH, where IMAGE may name a
// partition as IMAGE#NUMBER.
type Address struct {
	Image string // what Open takes
	Path  string // within the volume, starting with a slash
}

// ParseAddress splits s at the first ":/" that ends an image's name. It reports false where there is none: s is then
// a path of the host. A drive letter of Windows is not taken for an image.
func ParseAddress(s string) (Address, bool) {
	from := 0
	if len(s) > 2 && s[1] == ':' && (s[2] == '/' || s[2] == '\\') && isLetter(s[0]) {
		from = 2
	}
	i := strings.Index(s[from:], ":/")
	if i < 0 || from+i == 0 {
		return Address{}, false
	}
	return Address{Image: s[:from+i], Path: s[from+i+1:]}, true
}

func (a Address) String() string { return a.Image + ":" + a.Path }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
