package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"extant/internal/ondisk"
	"extant/mkfs"
)

// mkfsFlags are the flags of mkfs that say what file system to make, with mke2fs's letters.
type mkfsFlags struct {
	typ, usage, label, mounted, os, errors, uuid, reserved, badBlocks string
	block, cluster, inode, ratio                                      string
	features, extended, journal                                       []string
	inodes                                                            uint64
	perGroup, flex, revision                                          uint32
	withJournal                                                       bool

	set *pflag.FlagSet
}

func (f *mkfsFlags) register(p *pflag.FlagSet) {
	f.set = p
	p.StringVarP(&f.typ, "type", "t", "ext4", "make an `ext4`, ext3 or ext2 file system")
	p.StringVarP(&f.block, "block-size", "b", "", "use blocks of `BYTES`: 1024 to 65536; with a minus, at least that")
	p.StringVarP(&f.cluster, "cluster-size", "C", "", "allocate `BYTES` at a time, with bigalloc")
	p.StringVarP(&f.inode, "inode-size", "I", "", "use inodes of `BYTES`")
	p.StringVarP(&f.ratio, "bytes-per-inode", "i", "", "make an inode for every so many `BYTES`")
	p.Uint64VarP(&f.inodes, "inodes", "N", 0, "make `N` inodes")
	p.StringVarP(&f.reserved, "reserved", "m", "", "reserve `PERCENT` of the blocks for the super user (5)")
	p.StringVarP(&f.label, "label", "L", "", "name it `LABEL`")
	p.StringVarP(&f.uuid, "uuid", "U", "", "identify it by `UUID`; clear for none, random for any")
	p.StringArrayVarP(&f.features, "features", "O", nil, "switch `FEATURES` on, or off with a caret: extent,^has_journal")
	p.StringArrayVarP(&f.extended, "extended", "E", nil, "set extended `OPTIONS`: stride=16,root_owner=0:0")
	p.StringArrayVarP(&f.journal, "journal", "J", nil, "set `OPTIONS` of the journal: size=64,location=1G")
	p.BoolVarP(&f.withJournal, "has-journal", "j", false, "make a journal: -O has_journal")
	p.StringVarP(&f.usage, "usage", "T", "", "tune it for `USAGE`: default, floppy, small, big, huge, news, largefile, largefile4")
	p.Uint32VarP(&f.perGroup, "blocks-per-group", "g", 0, "make groups of `N` blocks")
	p.Uint32VarP(&f.flex, "groups-per-flex", "G", 0, "lay the tables of `N` groups together")
	p.StringVarP(&f.mounted, "last-mounted", "M", "", "say it was last mounted at `DIR`")
	p.StringVarP(&f.errors, "errors", "e", "", "`WHAT` a kernel does on meeting damage: continue, remount-ro or panic")
	p.StringVarP(&f.os, "creator-os", "o", "", "say it was made by `OS`")
	p.Uint32VarP(&f.revision, "revision", "r", 1, "format `REVISION`; only 1 is made")
	p.StringVarP(&f.badBlocks, "bad-blocks", "l", "", "keep out of use the blocks that `FILE` lists")
}

// ask returns what the flags ask for.
func (f *mkfsFlags) ask() (mkfs.Options, error) {
	o := mkfs.Options{Label: f.label, LastMounted: f.mounted, Inodes: f.inodes, BlocksPerGroup: f.perGroup, GroupsPerFlex: f.flex, Revision: &f.revision}
	if f.usage != "" {
		o.Usage = strings.Split(f.usage, ",")
	}
	for _, step := range []func(*mkfs.Options) error{f.sizes, f.words, f.lists, f.identity, f.readBadBlocks} {
		if err := step(&o); err != nil {
			return o, asUsage(err)
		}
	}
	return o, nil
}

// asUsage makes an error of an option one of the command line.
func asUsage(err error) error {
	var option *mkfs.OptionError
	if errors.As(err, &option) {
		return &usageError{err}
	}
	return err
}

func (f *mkfsFlags) sizes(o *mkfs.Options) error {
	for _, s := range []struct {
		letter, text string
		to           *int
	}{{"-b", strings.TrimPrefix(f.block, "-"), &o.BlockSize}, {"-C", f.cluster, &o.ClusterSize}, {"-I", f.inode, &o.InodeSize}} {
		if s.text == "" {
			continue
		}
		n, err := mkfs.ParseSize(s.text, 1)
		if err != nil || n > 1<<31-1 || n == 0 {
			return usagef("%s: %q is no size", s.letter, s.text)
		}
		*s.to = int(n)
	}
	if strings.HasPrefix(f.block, "-") {
		o.BlockSize = -o.BlockSize
	}
	if f.ratio != "" {
		n, err := mkfs.ParseSize(f.ratio, 1)
		if err != nil || n == 0 {
			return usagef("-i: %q is no size", f.ratio)
		}
		o.BytesPerInode = n
	}
	if f.reserved != "" {
		percent, err := strconv.ParseFloat(f.reserved, 64)
		if err != nil {
			return usagef("-m: %q is no number", f.reserved)
		}
		o.ReservedPercent = &percent
	}
	return nil
}

func (f *mkfsFlags) words(o *mkfs.Options) (err error) {
	if o.Type, err = mkfs.ParseType(f.typ); err != nil {
		return err
	}
	if f.errors != "" {
		if o.Errors, err = mkfs.ParseErrors(f.errors); err != nil {
			return err
		}
	}
	if f.os != "" {
		o.CreatorOS, err = mkfs.ParseCreatorOS(f.os)
	}
	return err
}

func (f *mkfsFlags) lists(o *mkfs.Options) (err error) {
	words := f.features
	if f.withJournal {
		words = append([]string{"has_journal"}, words...)
	}
	if o.Features, err = mkfs.ParseFeatures(strings.Join(words, ",")); err != nil {
		return err
	}
	if err := mkfs.ParseExtended(strings.Join(f.extended, ","), &o.Extended); err != nil {
		return err
	}
	return mkfs.ParseJournal(strings.Join(f.journal, ","), &o.Journal)
}

// identity settles the UUID where it is given, and the clock.
func (f *mkfsFlags) identity(o *mkfs.Options) error {
	switch f.uuid {
	case "":
	case "clear":
		o.UUID = new([16]byte)
	case "random", "time":
		var random [16]byte
		if _, err := io.ReadFull(rand.Reader, random[:]); err != nil {
			return err
		}
		o.UUID = (*[16]byte)(new(ondisk.UUIDv4(random)))
	default:
		u, err := ondisk.ParseUUID(f.uuid)
		if err != nil {
			return usagef("-U: %v", err)
		}
		o.UUID = (*[16]byte)(&u)
	}
	return nil
}

// sourceDateEpoch is the moment that SOURCE_DATE_EPOCH names; nil where it is not set.
func sourceDateEpoch() (*time.Time, error) {
	text, ok := os.LookupEnv("SOURCE_DATE_EPOCH")
	if !ok || text == "" {
		return nil, nil
	}
	sec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || sec < 0 {
		return nil, usagef("SOURCE_DATE_EPOCH: %q is no number of seconds", text)
	}
	return new(time.Unix(sec, 0)), nil
}

// readBadBlocks reads the list of bad blocks, where one is given.
func (f *mkfsFlags) readBadBlocks(o *mkfs.Options) (err error) {
	if f.badBlocks != "" {
		o.BadBlocks, err = readBlockList(f.badBlocks)
	}
	return err
}

// readBlockList reads a list of block numbers, one to a line.
func readBlockList(path string) (list []ondisk.Block, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no number of a block", path, text)
		}
		list = append(list, ondisk.Block(n))
	}
	return list, lines.Err()
}
