package extract

import (
	"slices"
	"strings"
	"unicode/utf8"

	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// namePolicy says which names a host can have. The zero value is that of a Unix.
type namePolicy struct {
	windows bool // reserved names and characters
	unicode bool // names are text
	folds   bool // names that differ in case or in the form of accents are the same
}

// policyFor is the policy of an operating system; folds is what is known of the target itself.
func policyFor(goos string, folds bool) namePolicy {
	switch goos {
	case "windows":
		return namePolicy{windows: true, unicode: true, folds: true}
	case "darwin", "ios":
		return namePolicy{unicode: true, folds: true}
	}
	return namePolicy{folds: folds}
}

// fault says why no file of the host may have the name; "" where it may.
func (p namePolicy) fault(name string) string {
	if name == "." || name == ".." {
		return "it means a directory that is there"
	}
	if why := ondisk.CheckName([]byte(name)); why != "" {
		return why
	}
	if p.unicode && !utf8.ValidString(name) {
		return "it is not UTF-8"
	}
	if p.windows {
		return windowsFault(name)
	}
	return ""
}

// windowsFault says why Windows would not take a name, or take it for something else.
func windowsFault(name string) string {
	if i := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`<>:"\|?*`, r) }); i >= 0 {
		return "it has a character that Windows does not allow"
	}
	if last := name[len(name)-1]; last == '.' || last == ' ' {
		return "it ends in a dot or a space"
	}
	if utf8.RuneCountInString(name) > 255 {
		return "it is too long"
	}
	if windowsDevice(name) {
		return "it is the name of a device on Windows"
	}
	return ""
}

var windowsDevices = []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}

// windowsDevice reports whether a name means a device, whatever follows its first dot.
func windowsDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	if slices.Contains(windowsDevices, stem) {
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	digit, size := utf8.DecodeRuneInString(port)
	return ok && size > 0 && size == len(port) && strings.ContainsRune("0123456789¹²³", digit)
}

// key is the same for names that the host takes for one. It is a hash: two names that share it by chance or by design are
// taken for one, which costs the second of them.
func (p namePolicy) key(name string) uint64 {
	if p.folds {
		name = string(casefold.Key([]byte(name)))
	}
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	return h
}
