package tarscan

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// parseRecords reads the records "LENGTH KEY=VALUE\n" of a PAX header. They alias b.
func parseRecords(b []byte) ([]Record, error) {
	var list []Record
	for len(b) > 0 {
		digits, _, ok := bytes.Cut(b[:min(len(b), 20)], []byte(" "))
		n, err := strconv.ParseUint(string(digits), 10, 31)
		if !ok || err != nil || int(n) <= len(digits)+1 || int(n) > len(b) {
			return nil, errors.New("a PAX record without a sound length")
		}
		rec := b[len(digits)+1 : n]
		key, value, ok := bytes.Cut(rec[:len(rec)-1], []byte("="))
		if !ok || rec[len(rec)-1] != '\n' || len(key) == 0 {
			return nil, errors.New("a PAX record that is not KEY=VALUE")
		}
		list = append(list, Record{key, value})
		b = b[n:]
	}
	return list, nil
}

// globalMax is how many global records count at a time: each costs time on every entry.
const globalMax = 128

// mergeRecords puts newer global records over older ones; an empty value takes the older one away.
func mergeRecords(old, newer []Record) ([]Record, error) {
	for _, n := range newer {
		old = slices.DeleteFunc(old, func(o Record) bool { return bytes.Equal(o.Key, n.Key) })
		if len(n.Value) > 0 {
			old = append(old, n)
		}
		if len(old) > globalMax {
			return nil, fmt.Errorf("more than %d global PAX records", globalMax)
		}
	}
	return old, nil
}

// fieldKeys are the records that stand for fields of the header. Of several the last counts, and an empty one takes the others back.
var fieldKeys = [...]string{"path", "linkpath", "size", "uid", "gid", "mtime", "atime", "SCHILY.devmajor", "SCHILY.devminor"}

// paxFields is the value of each of them.
type paxFields [len(fieldKeys)][]byte

// take sorts a record: into the fields, what is said of holes, or the entry's other records.
func (f *paxFields) take(e *Entry, rec Record, sparse *paxSparse) error {
	if key, ok := bytes.CutPrefix(rec.Key, []byte("GNU.sparse.")); ok {
		return sparse.apply(string(key), rec.Value)
	}
	if i := slices.Index(fieldKeys[:], string(rec.Key)); i >= 0 {
		f[i] = rec.Value
		return nil
	}
	e.Records = append(e.Records, rec)
	return nil
}

// apply puts the values over those of the header.
func (f *paxFields) apply(e *Entry) error {
	for i, v := range f {
		if len(v) == 0 {
			continue
		}
		if err := e.setField(fieldKeys[i], v); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) setField(key string, v []byte) error {
	switch key {
	case "path":
		e.Name = v
	case "linkpath":
		e.Link = v
	case "size":
		return decimal(key, v, &e.Size)
	case "uid":
		return decimal(key, v, &e.UID)
	case "gid":
		return decimal(key, v, &e.GID)
	case "mtime":
		return moment(key, v, &e.ModTime)
	case "atime":
		return moment(key, v, &e.AccessTime)
	case "SCHILY.devmajor":
		return decimal(key, v, &e.Major)
	case "SCHILY.devminor":
		return decimal(key, v, &e.Minor)
	}
	return nil
}

func decimal(key string, v []byte, n *int64) error {
	x, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || x < 0 {
		return fmt.Errorf("PAX record %s: %.32q is not a number", key, v)
	}
	*n = x
	return nil
}

// moment reads seconds with an optional fraction, of which nine digits count. Time runs forward from the second below, so the
// nanoseconds of -1.25 are 750000000 after -2.
func moment(key string, v []byte, t *Time) error {
	whole, frac, _ := bytes.Cut(v, []byte("."))
	sec, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil || sec == math.MinInt64 {
		return fmt.Errorf("PAX record %s: %.32q is not a time", key, v)
	}
	var nsec uint32
	for i := range 9 {
		nsec *= 10
		if i < len(frac) {
			if frac[i] < '0' || frac[i] > '9' {
				return fmt.Errorf("PAX record %s: %.32q is not a time", key, v)
			}
			nsec += uint32(frac[i] - '0')
		}
	}
	if whole[0] == '-' && nsec > 0 {
		sec, nsec = sec-1, 1e9-nsec
	}
	*t = Time{sec, nsec}
	return nil
}
