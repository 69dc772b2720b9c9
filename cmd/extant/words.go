package main

import (
	"fmt"

	"extant/internal/ondisk"
)

// A bitWord names one bit of a field.
type bitWord struct {
	bit  uint32
	word string
}

var superFlags = []bitWord{
	{ondisk.FlagSignedHash, "signed_directory_hash"},
	{ondisk.FlagUnsignedHash, "unsigned_directory_hash"},
	{ondisk.FlagTestFS, "test_filesystem"},
}

var stateBits = []bitWord{
	{ondisk.StateClean, "clean"},
	{ondisk.StateError, "errors"},
	{ondisk.StateOrphans, "orphans"},
}

var groupFlags = []bitWord{
	{ondisk.GroupInodeUninit, "inode_uninit"},
	{ondisk.GroupBlockUninit, "block_uninit"},
	{ondisk.GroupInodeZeroed, "itable_zeroed"},
}

// Bits of s_default_mount_opts; the mode of data is a number in two of them.
const mountDataMask = 0x60

var mountBits = []bitWord{
	{0x001, "debug"},
	{0x002, "bsdgroups"},
	{0x004, "user_xattr"},
	{0x008, "acl"},
	{0x010, "uid16"},
	{0x100, "nobarrier"},
	{0x200, "block_validity"},
	{0x400, "discard"},
	{0x800, "nodelalloc"},
}

var (
	mountDataWords = map[uint64]string{0x20: "journal_data", 0x40: "journal_data_ordered", 0x60: "journal_data_writeback"}
	errorsWords    = map[uint64]string{ondisk.ErrorsContinue: "continue", ondisk.ErrorsReadOnly: "remount-ro", ondisk.ErrorsPanic: "panic"}
	creatorWords   = map[uint64]string{0: "Linux", 1: "Hurd", 2: "Masix", 3: "FreeBSD", 4: "Lites"}
	encodingWords  = map[uint64]string{1: "utf8-12.1"}
)

// bitWords names the bits that are set; one without a name is shown as a number.
func bitWords(set uint32, words []bitWord) []string {
	out := []string{}
	for _, w := range words {
		if set&w.bit != 0 {
			out = append(out, w.word)
			set &^= w.bit
		}
	}
	if set != 0 {
		out = append(out, fmt.Sprintf("%#x", set))
	}
	return out
}

// numberWord names a number, or shows it.
func numberWord(words map[uint64]string, n uint64) string {
	if w, ok := words[n]; ok {
		return w
	}
	return fmt.Sprint(n)
}

func mountOptions(opts uint32) []string {
	words := bitWords(opts&^mountDataMask, mountBits)
	if data := opts & mountDataMask; data != 0 {
		words = append(words, mountDataWords[uint64(data)])
	}
	return words
}

// stateWords is the state of the file system; one that is not clean is said to be so.
func stateWords(sb *ondisk.Super) []string {
	words := bitWords(uint32(sb.State), stateBits)
	if sb.State&ondisk.StateClean == 0 {
		words = append([]string{"not_clean"}, words...)
	}
	if sb.HasIncompat(ondisk.IncompatNeedsRecovery) {
		words = append(words, "needs_recovery")
	}
	return words
}
