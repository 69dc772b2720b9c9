package prog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"slices"
	"strings"
	"syscall"

	"extant/internal/model"
)

const lostFound = "lost+found"

// A Tree is all that can be seen of a file system by paths, but for lost+found.
type Tree []Entry

// An Entry is what one path leads to.
type Entry struct {
	Path   string
	Stat   model.Stat
	First  string   // the first of the names of a file that has several
	Target string   // of a symbolic link
	Sum    uint64   // of the pages of a file that are not zero
	Xattrs []string // name=value
}

// Snapshot reads all of a file system. Errors of single files are part of it.
func Snapshot(sys System) (Tree, error) {
	s := &snapshot{sys: sys, first: map[uint64]string{}}
	st, err := sys.Stat(model.Cred{}, "/", false)
	if err != nil {
		return nil, err
	}
	return s.tree, s.add("/", st)
}

type snapshot struct {
	sys   System
	tree  Tree
	first map[uint64]string
	room  []byte // for what is read
}

func (s *snapshot) add(path string, st model.Stat) error {
	e := Entry{Path: path, Stat: st}
	kind := st.Mode & model.ModeFmt
	if kind != model.ModeDir && st.Links > 1 {
		if s.first[st.Serial] == "" {
			s.first[st.Serial] = path
		}
		e.First = s.first[st.Serial]
	}
	var err error
	switch kind {
	case model.ModeSymlink:
		e.Target, err = s.sys.Readlink(model.Cred{}, path)
	case model.ModeRegular:
		e.Sum, err = s.sum(path)
	}
	if err == nil {
		e.Xattrs, err = s.xattrs(path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.tree = append(s.tree, e)
	if kind == model.ModeDir {
		return s.below(path)
	}
	return nil
}

func (s *snapshot) below(dir string) error {
	list, err := s.sys.ReadDir(model.Cred{}, dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	slices.SortFunc(list, func(a, b model.Name) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range list {
		path := strings.TrimSuffix(dir, "/") + "/" + e.Name
		if path == "/"+lostFound {
			continue
		}
		st, err := s.sys.Stat(model.Cred{}, path, false)
		if err == nil && st.Mode&model.ModeFmt != e.Type {
			err = fmt.Errorf("the directory says type %o, the inode %o", e.Type, st.Mode&model.ModeFmt)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := s.add(path, st); err != nil {
			return err
		}
	}
	return nil
}

func (s *snapshot) xattrs(path string) ([]string, error) {
	list, err := s.sys.ListXattr(model.Cred{}, path, false)
	if err != nil {
		return nil, err
	}
	slices.Sort(list)
	for i, name := range list {
		value, err := s.sys.Xattr(model.Cred{}, path, name, false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list[i] = name + "=" + show(value)
	}
	return list, nil
}

// sum reads a file where it has data.
func (s *snapshot) sum(path string) (sum uint64, err error) {
	f, err := s.sys.Open(model.Cred{}, path, model.OpenRead, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	const page = 4096
	if s.room == nil && st.Size > 0 {
		s.room = make([]byte, 16*page)
	}
	p := s.room
	for at := int64(0); at < st.Size; {
		data, err := f.SeekData(at)
		if errors.Is(err, syscall.ENXIO) {
			break
		}
		if err != nil {
			return 0, err
		}
		at = data - data%page
		n, err := f.ReadAt(p, at)
		if err != nil {
			return 0, err
		}
		if want := min(int64(len(p)), st.Size-at); int64(n) != want {
			return 0, fmt.Errorf("%d bytes at %d, want %d", n, at, want)
		}
		for i := 0; i < n; i += page {
			sum = addPage(sum, p[i:min(i+page, n)], at+int64(i))
		}
		at += int64(n)
	}
	return sum, nil
}

func addPage(sum uint64, p []byte, at int64) uint64 {
	k := len(p)
	for k > 0 && p[k-1] == 0 {
		k--
	}
	if k == 0 {
		return sum
	}
	var head [16]byte
	binary.LittleEndian.PutUint64(head[:], sum)
	binary.LittleEndian.PutUint64(head[8:], uint64(at))
	table := crc64.MakeTable(crc64.ECMA) // made once, when it is asked for first
	return crc64.Update(crc64.Checksum(head[:], table), table, p[:k])
}

func (e Entry) String() string {
	s := fmt.Sprintf("%s %s", quote(e.Path), statString(&e.Stat))
	if e.Stat.Flags != 0 {
		s += fmt.Sprintf(" flags %#x", e.Stat.Flags)
	}
	if e.Sum != 0 {
		s += fmt.Sprintf(" sum %016x", e.Sum)
	}
	if e.Target != "" {
		s += " -> " + quote(e.Target)
	}
	if e.First != "" && e.First != e.Path {
		s += " is " + quote(e.First)
	}
	if len(e.Xattrs) > 0 {
		s += fmt.Sprintf(" xattrs %q", e.Xattrs)
	}
	return s
}
