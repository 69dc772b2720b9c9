package main

import (
	"io/fs"
	"strings"
	"time"

	"extant"
	"extant/ext4"
	"extant/internal/ondisk"
)

// An entry is a file as verbs show it: where it was met, and what its inode says.
type entry struct {
	at     place
	name   string // as listed: a name in a directory, or an operand as it was typed
	inode  *ext4.Inode
	stat   extant.Stat
	target string // of a symbolic link
}

// entryOf reads what path leads to. A link whose target cannot be read is shown without, and the error returned beside it.
func entryOf(p place, name string, follow bool) (*entry, error) {
	n, err := p.vol.Inode(p.Path, follow)
	if err != nil {
		return nil, p.wrap(err)
	}
	return newEntry(p, name, n)
}

// newEntry is the entry of an inode that was met at p.
func newEntry(p place, name string, n *ext4.Inode) (e *entry, err error) {
	e = &entry{at: p, name: name, inode: n, stat: extant.Stat{Ino: uint32(n.Ino()), Attr: n.Attr()}}
	if e.isLink() {
		e.target, err = n.Readlink()
	}
	return e, p.wrap(err)
}

// entryIn reads what a directory's entry names.
func entryIn(dir place, d fs.DirEntry) (*entry, error) {
	return entryAs(dir.at(joinPath(dir.Path, d.Name())), d.Name(), d)
}

// entryAs is an entry of what d, met at p, names.
func entryAs(p place, name string, d fs.DirEntry) (*entry, error) {
	n, err := extant.InodeOf(d)
	if err != nil {
		return nil, p.wrap(err)
	}
	return newEntry(p, name, n)
}

func (e *entry) isDir() bool  { return e.stat.Type() == ondisk.ModeDir }
func (e *entry) isLink() bool { return e.stat.Type() == ondisk.ModeSymlink }
func (e *entry) isDevice() bool {
	return e.stat.Type() == ondisk.ModeChar || e.stat.Type() == ondisk.ModeBlock
}

// entryJSON is the shape of a file in every --json; docs/command.md describes it.
type entryJSON struct {
	Image       string     `json:"image"`
	Path        string     `json:"path"`
	PathBytes   []byte     `json:"path_bytes,omitempty"`
	Name        string     `json:"name"`
	NameBytes   []byte     `json:"name_bytes,omitempty"`
	Ino         uint32     `json:"ino"`
	Type        string     `json:"type"`
	Mode        uint16     `json:"mode"`
	ModeText    string     `json:"mode_text"`
	Links       uint32     `json:"links"`
	UID         uint32     `json:"uid"`
	GID         uint32     `json:"gid"`
	Size        int64      `json:"size"`
	Blocks      uint64     `json:"blocks"`
	ATime       time.Time  `json:"atime"`
	MTime       time.Time  `json:"mtime"`
	CTime       time.Time  `json:"ctime"`
	CrTime      *time.Time `json:"crtime,omitempty"`
	Flags       uint32     `json:"flags"`
	FlagNames   []string   `json:"flag_names"`
	Generation  uint32     `json:"generation"`
	Project     uint32     `json:"project"`
	Major       *uint32    `json:"major,omitempty"`
	Minor       *uint32    `json:"minor,omitempty"`
	Target      *string    `json:"target,omitempty"`
	TargetBytes []byte     `json:"target_bytes,omitempty"`
}

func (e *entry) json() *entryJSON {
	s, name := &e.stat, baseName(e.at.Path)
	j := &entryJSON{
		Image: e.at.Image, Path: e.at.Path, PathBytes: rawBytes(e.at.Path), Name: name, NameBytes: rawBytes(name),
		Ino: s.Ino, Type: strings.ReplaceAll(kindWord(s.Mode), " ", "_"), Mode: s.Mode, ModeText: modeText(s.Mode),
		Links: s.Links, UID: s.UID, GID: s.GID, Size: s.Size, Blocks: s.Blocks,
		ATime: s.ATime.UTC(), MTime: s.MTime.UTC(), CTime: s.CTime.UTC(),
		Flags: s.Flags, FlagNames: flagWords(s.Flags), Generation: s.Generation, Project: s.ProjID,
	}
	if !s.CrTime.IsZero() {
		t := s.CrTime.UTC()
		j.CrTime = &t
	}
	if e.isDevice() {
		j.Major, j.Minor = &s.Major, &s.Minor
	}
	if e.isLink() {
		j.Target, j.TargetBytes = &e.target, rawBytes(e.target)
	}
	return j
}

// baseName is the last name in a path, and / for the root.
func baseName(path string) string {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return "/"
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}
