package ext4test

import (
	"extant"
	"extant/ext4"
	"extant/internal/model"
)

// A Mode is one way to have a file system: how it is made, how it is mounted, and what the specification has to know of it.
type Mode struct {
	Name  string
	Mkfs  string // letters of mke2fs
	Size  int64  // bytes
	Mount extant.Options
	Model model.Config
}

// Modes are file systems that differ in what they do, small ones. Whatever program runs on one gives the same results on all, but for what Model says.
func Modes() []Mode {
	const size = 16 << 20
	plain := model.Config{BlockSize: 4096}
	return []Mode{
		{"ordered", "-b 4096 -I 256", size, extant.Options{}, plain},
		{"journal", "-b 4096 -I 256", size, extant.Options{Data: ext4.DataJournal}, plain},
		{"writeback", "-b 4096 -I 256", size, extant.Options{Data: ext4.DataWriteback}, plain},
		{"nojournal", "-b 4096 -I 256 -O ^has_journal", size, extant.Options{}, plain},
		{"nodelalloc", "-b 4096 -I 256", size, extant.Options{NoDelalloc: true}, plain},
		{"inline", "-b 4096 -I 256 -O inline_data", size, extant.Options{}, plain},
		{"inline-journal", "-b 4096 -I 256 -O inline_data", size, extant.Options{Data: ext4.DataJournal}, plain},
		{"inline-nodelalloc", "-b 4096 -I 256 -O inline_data", size, extant.Options{NoDelalloc: true}, plain},
		{"inline-1k", "-b 1024 -I 512 -O inline_data,^has_journal", size, extant.Options{}, model.Config{BlockSize: 1024}},
		{"bigalloc", "-b 4096 -I 256 -O bigalloc -C 16384", size, extant.Options{}, model.Config{BlockSize: 4096, ClusterSize: 16384}},
		{"1k", "-b 1024 -I 256", size, extant.Options{}, model.Config{BlockSize: 1024}},
		{"short", "-b 4096 -I 128", size, extant.Options{}, model.Config{BlockSize: 4096, ShortInodes: true}},
		{
			"blockmaps", "-b 1024 -I 256 -O ^extent,^64bit", size, extant.Options{},
			model.Config{BlockSize: 1024, BlockMaps: true, SizeMax: (12 + 256 + 256*256 + 256*256*256) * 1024},
		},
		{"ea-inode", "-b 4096 -I 256 -O ea_inode", size, extant.Options{}, plain},
		{"plain-checksums", "-b 4096 -I 256 -O ^metadata_csum,uninit_bg", size, extant.Options{}, plain},
		{"orphan-file", "-b 4096 -I 256 -O orphan_file", size, extant.Options{}, plain},
	}
}

// ModeOf is the mode of a name.
func ModeOf(name string) (Mode, bool) {
	for _, m := range Modes() {
		if m.Name == name {
			return m, true
		}
	}
	return Mode{}, false
}
