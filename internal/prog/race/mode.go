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
	Name    string
	journal bool
	mount   extant.Options
}

// Modes lists the modes: each has the race of a write and a store to one small file in a shape of its own.
func Modes() []Mode {
	return []Mode{
		{"ordered", true, extant.Options{}},
		{"journal", true, extant.Options{Data: ext4.DataJournal}},
		{"writeback", true, extant.Options{Data: ext4.DataWriteback}},
		{"nodelalloc", true, extant.Options{NoDelalloc: true}},
		{"nojournal", false, extant.Options{}},
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
	features := "inline_data"
	if !m.journal {
		features += ",^has_journal"
	}
	f, err := mkfs.ParseFeatures(features)
	return mkfs.Options{Features: f, BlockSize: blockBytes, InodeSize: 256, Now: epoch, Rand: &counter{}}, err
}

func (m Mode) model() model.Config { return model.Config{BlockSize: blockBytes} }
