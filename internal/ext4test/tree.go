package ext4test

import (
	"crypto/sha256"
	"path"
	"slices"
	"time"

	"extant/internal/ondisk"
)

// A Tree is a snapshot of the files below a directory, by paths from there; the directory itself is ".". A lost+found beside
// the root's files is not part of it.
type Tree map[string]Node

// A Node is what one path of a Tree holds. What a snapshot cannot see is zero.
type Node struct {
	Mode         uint16 // type and permissions, as i_mode
	UID, GID     uint32
	Links        uint32 // number of names; 0 for a directory
	First        string // of a file with several names, the first of them in the tree
	Size         int64  // bytes, of a regular file
	Data         []Range
	Sum          [sha256.Size]byte // of a regular file's bytes; pages of zeros do not count
	MTime        time.Time
	ATime        time.Time         // zero where reading may change it
	Major, Minor uint32            // of a device
	Target       string            // of a symbolic link
	Xattrs       map[string]string // by full name; ACLs in the form of the system call
}

// A Range is a range of a file's bytes that is no hole.
type Range struct{ Start, End int64 }

// Type is the file type in the mode, one of ondisk.ModeRegular, ondisk.ModeDir and so on.
func (n *Node) Type() uint16 { return n.Mode & ondisk.ModeFmt }

// lostFound is the directory that belongs to a file system, not to the tree in it.
const lostFound = "lost+found"

// names collects the paths of each file of a tree. K is what identifies a file.
type names[K comparable] map[K][]string

func (l names[K]) add(k K, at string) { l[k] = append(l[k], at) }

// note sets First on all nodes of files with several names.
func (l names[K]) note(t Tree) {
	for _, paths := range l {
		if len(paths) < 2 {
			continue
		}
		first := slices.Min(paths)
		for _, p := range paths {
			n := t[p]
			n.First = first
			t[p] = n
		}
	}
}

// inner turns a path from a root into one of a Tree.
func inner(name string) string {
	if name = path.Clean("/" + name)[1:]; name == "" {
		return "."
	}
	return name
}

// seeker finds data and holes, as lseek does.
type seeker interface {
	SeekData(off int64) (int64, error)
	SeekHole(off int64) (int64, error)
}

// dataOf lists the data of a file of the given size. done says whether an error means that there is no more.
func dataOf(f seeker, size int64, done func(error) bool) (list []Range, err error) {
	for at := int64(0); at < size; {
		start, err := f.SeekData(at)
		if err != nil {
			if done(err) {
				err = nil
			}
			return list, err
		}
		end, err := f.SeekHole(start)
		if err != nil {
			return list, err
		}
		list, at = append(list, Range{start, min(end, size)}), end
	}
	return list, nil
}

// roundOut widens ranges to whole blocks within size bytes and joins what touches. The ranges are in order.
func roundOut(list []Range, block, size int64) []Range {
	var out []Range
	for _, r := range list {
		r.Start -= r.Start % block
		r.End = min(r.End+block-1-(r.End-1)%block, size)
		if k := len(out); k > 0 && out[k-1].End >= r.Start {
			out[k-1].End = max(out[k-1].End, r.End)
			continue
		}
		out = append(out, r)
	}
	return out
}

// within reports whether all of the ranges a lie in ranges of b.
func within(a, b []Range) bool {
	for _, r := range a {
		if !slices.ContainsFunc(b, func(x Range) bool { return x.Start <= r.Start && r.End <= x.End }) {
			return false
		}
	}
	return true
}
