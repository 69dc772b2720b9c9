package race

import (
	"fmt"
	"strings"

	"extant"
	"extant/ext4"
	"extant/internal/model"
	"extant/mkfs"
)

// A Mode is a way to have a file system whose small files lie in their inodes.
type Mode struct {
	Name     string
	features string // in the manner of mkfs, besides inline_data
	cluster  int    // bytes; 0 for a block
	mount    extant.Options
}

// Modes lists the modes: each has the race of a write and a store to one small file in a shape of its own.
func Modes() []Mode {
	return []Mode{
		{"ordered", "", 0, extant.Options{}},
		{"journal", "", 0, extant.Options{Data: ext4.DataJournal}},
		{"writeback", "", 0, extant.Options{Data: ext4.DataWriteback}},
		{"nodelalloc", "", 0, extant.Options{NoDelalloc: true}},
		{"nojournal", ",^has_journal", 0, extant.Options{}},
		{"bigalloc", ",bigalloc", 4 * blockBytes, extant.Options{}},
		{"quota", ",quota,project", 0, extant.Options{}},
	}
}

// ModeOf is the mode of a name.
func ModeOf(name string) (Mode, error) {
	var names []string
	for _, m := range Modes() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Mode{}, fmt.Errorf("no mode %q: there are %s", name, strings.Join(names, ", "))
}

const (
	imageBytes = 2 << 20
	blockBytes = 1024
	dataBytes  = 1 << 20 // for data in memory; a mount begins with an eighth of it
)

func (m Mode) format() (mkfs.Options, error) {
	f, err := mkfs.ParseFeatures("inline_data" + m.features)
	return mkfs.Options{Features: f, BlockSize: blockBytes, ClusterSize: m.cluster, InodeSize: 256, Now: epoch, Rand: &counter{}}, err
}

func (m Mode) model() model.Config {
	return model.Config{BlockSize: blockBytes, ClusterSize: m.cluster}
}
