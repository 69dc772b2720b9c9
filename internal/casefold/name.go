package casefold

import "bytes"

// nameMax is the longest name in bytes. Buffers of three times that hold almost any name when folded.
const nameMax = 255

// Key is the form of a name by which a directory indexes it: folded, or the name itself where it does not fold.
func Key(name []byte) []byte {
	if folded, ok := Append(make([]byte, 0, len(name)), name); ok {
		return folded
	}
	return name
}

// Equal reports whether two names are the same name.
func Equal(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var buf [3 * nameMax]byte
	folded, ok := Append(buf[:0], a)
	return ok && matches(folded, b)
}

// A Name is a name that is looked for among many.
type Name struct {
	name   []byte
	folded []byte
	folds  bool
}

// NewName prepares a name, which it aliases.
func NewName(name []byte) Name {
	folded, ok := Append(make([]byte, 0, len(name)), name)
	return Name{name: name, folded: folded, folds: ok}
}

// Key is the form by which a directory indexes the name, as [Key] gives it.
func (n *Name) Key() []byte {
	if n.folds {
		return n.folded
	}
	return n.name
}

// Matches reports whether an entry's name is the same name.
func (n *Name) Matches(entry []byte) bool {
	return bytes.Equal(n.name, entry) || n.folds && matches(n.folded, entry)
}

// matches reports whether a name folds to the given form.
func matches(folded, name []byte) bool {
	i := 0
	for ; i < len(name); i++ {
		c := name[i]
		if c == 0 || c >= 0x80 {
			break
		}
		if i >= len(folded) || folded[i] != lower(c) {
			return false
		}
	}
	if i == len(name) {
		return i == len(folded)
	}
	var buf [3 * nameMax]byte
	got, ok := Append(buf[:0], name)
	return ok && bytes.Equal(got, folded)
}
