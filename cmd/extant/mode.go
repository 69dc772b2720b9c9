package main

import (
	"strings"

	"extant/internal/ondisk"
)

// fileKinds are the types that i_mode knows: the letter of ls -l and find -type, the word, and the mark of ls -F.
var fileKinds = map[uint16]struct {
	letter byte
	word   string
	mark   string
}{
	ondisk.ModeRegular: {'-', "file", ""},
	ondisk.ModeDir:     {'d', "directory", "/"},
	ondisk.ModeSymlink: {'l', "symlink", "@"},
	ondisk.ModeChar:    {'c', "char device", ""},
	ondisk.ModeBlock:   {'b', "block device", ""},
	ondisk.ModeFIFO:    {'p', "fifo", "|"},
	ondisk.ModeSocket:  {'s', "socket", "="},
}

// kindWord is the word for the type in a mode.
func kindWord(mode uint16) string {
	if k, ok := fileKinds[mode&ondisk.ModeFmt]; ok {
		return k.word
	}
	return "unknown"
}

// modeText is a mode as ls -l shows it.
func modeText(mode uint16) string {
	b := []byte("?rwxrwxrwx")
	if k, ok := fileKinds[mode&ondisk.ModeFmt]; ok {
		b[0] = k.letter
	}
	for i := range 9 {
		if mode>>(8-i)&1 == 0 {
			b[1+i] = '-'
		}
	}
	for _, s := range [...]struct {
		bit    uint16
		at     int
		letter byte
	}{{0o4000, 3, 's'}, {0o2000, 6, 's'}, {0o1000, 9, 't'}} {
		switch {
		case mode&s.bit == 0:
		case b[s.at] == 'x':
			b[s.at] = s.letter
		default:
			b[s.at] = s.letter - 'a' + 'A'
		}
	}
	return string(b)
}

type inodeFlag struct {
	bit    uint32
	letter byte // of lsattr; 0 for none
	word   string
}

// inodeFlags are the inode flags with lsattr's letters, in lsattr's order, and the words used in JSON. What lsattr has no letter for is shown
// by name.
var inodeFlags = []inodeFlag{
	{ondisk.InodeSecureDelete, 's', "secure_deletion"},
	{ondisk.InodeUndelete, 'u', "undelete"},
	{ondisk.InodeSync, 'S', "sync"},
	{ondisk.InodeDirSync, 'D', "dirsync"},
	{ondisk.InodeImmutable, 'i', "immutable"},
	{ondisk.InodeAppend, 'a', "append_only"},
	{ondisk.InodeNoDump, 'd', "no_dump"},
	{ondisk.InodeNoAtime, 'A', "no_atime"},
	{ondisk.InodeCompressed, 'c', "compressed"},
	{ondisk.InodeEncrypt, 'E', "encrypted"},
	{ondisk.InodeJournalData, 'j', "journal_data"},
	{ondisk.InodeIndex, 'I', "index"},
	{ondisk.InodeNoTail, 't', "no_tail_merging"},
	{ondisk.InodeTopDir, 'T', "top_of_hierarchy"},
	{ondisk.InodeExtents, 'e', "extents"},
	{0x00800000, 'C', "no_cow"}, // FS_NOCOW_FL, without meaning to ext4
	{ondisk.InodeDAX, 'x', "dax"},
	{ondisk.InodeCasefold, 'F', "casefold"},
	{ondisk.InodeInlineData, 'N', "inline_data"},
	{ondisk.InodeProjInherit, 'P', "project_inherit"},
	{ondisk.InodeVerity, 'V', "verity"},
	{0x00000400, 'm', "no_compression"}, // EXT2_NOCOMPR_FL, likewise
	{ondisk.InodeHugeFile, 0, "huge_file"},
	{ondisk.InodeEA, 0, "ea_inode"},
}

// flagLetters is a set of inode flags as lsattr shows it, a dash for each that is not set.
func flagLetters(flags uint32) string {
	var b strings.Builder
	for _, f := range inodeFlags {
		switch {
		case f.letter == 0:
		case flags&f.bit != 0:
			b.WriteByte(f.letter)
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

// flagWords are the words for a set of inode flags; those without a name are left out.
func flagWords(flags uint32) []string {
	words := []string{}
	for _, f := range inodeFlags {
		if flags&f.bit != 0 {
			words = append(words, f.word)
		}
	}
	return words
}
