package prog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"extant/internal/model"
)

// Words of flags, joined with "+".
var (
	openWords = map[string]uint32{
		"read": model.OpenRead, "write": model.OpenWrite, "create": model.OpenCreate, "excl": model.OpenExcl, "trunc": model.OpenTrunc,
		"append": model.OpenAppend, "directory": model.OpenDirectory, "nofollow": model.OpenNoFollow,
	}
	renameWords    = map[string]uint32{"noreplace": model.NoReplace, "exchange": model.Exchange, "whiteout": model.Whiteout}
	fallocateWords = map[string]uint32{
		"alloc": 0, "keep": model.KeepSize, "punch": model.PunchHole, "zero": model.ZeroRange, "collapse": model.Collapse,
		"insert": model.Insert,
	}
	xattrWords = map[string]uint32{"create": model.XattrCreate, "replace": model.XattrReplace}
	flagWords  = map[rune]uint32{
		'S': model.Sync, 'i': model.Immutable, 'a': model.Append, 'd': model.NoDump, 'A': model.NoAtime, 'D': model.DirSync,
		'T': model.TopDir,
	}
	kindWords = map[string]uint32{
		"reg": model.ModeRegular, "fifo": model.ModeFIFO, "sock": model.ModeSocket, "chr": model.ModeChar, "blk": model.ModeBlock,
	}
)

// flagsOf adds up words.
func flagsOf(words string, known map[string]uint32) (uint32, error) {
	flags := uint32(0)
	if words == "" {
		return 0, nil
	}
	for w := range strings.SplitSeq(words, "+") {
		bit, ok := known[w]
		if !ok {
			return 0, fmt.Errorf("%q is none of %s", w, strings.Join(slices.Sorted(maps.Keys(known)), " "))
		}
		flags |= bit
	}
	return flags, nil
}

// chattrFlags reads "+ia-d".
func chattrFlags(s string) (set, clear uint32, err error) {
	into := (*uint32)(nil)
	for _, r := range s {
		switch bit := flagWords[r]; {
		case r == '+':
			into = &set
		case r == '-':
			into = &clear
		case bit == 0 || into == nil:
			return 0, 0, fmt.Errorf("%q is not + or - and some of SiadADT", s)
		default:
			*into |= bit
		}
	}
	return set, clear, nil
}

// kindOf reads "fifo" or "chr:1:3".
func kindOf(s string) (mode, major, minor uint32, err error) {
	words := strings.Split(s, ":")
	mode, ok := kindWords[words[0]]
	device := mode == model.ModeChar || mode == model.ModeBlock
	if !ok || device && len(words) != 3 || !device && len(words) != 1 {
		return 0, 0, 0, fmt.Errorf("%q is none of reg fifo sock chr:MAJOR:MINOR blk:MAJOR:MINOR", s)
	}
	if device {
		a, err1 := strconv.ParseUint(words[1], 10, 12)
		b, err2 := strconv.ParseUint(words[2], 10, 20)
		major, minor, err = uint32(a), uint32(b), errors.Join(err1, err2)
	}
	return mode, major, minor, err
}

var aclTags = map[string]uint16{"u": 0x01, "u+": 0x02, "g": 0x04, "g+": 0x08, "m": 0x10, "o": 0x20}

// aclValue reads "u::7,u:5:4,g::5,m::7,o::0" into the form of the system call.
func aclValue(s string) ([]byte, error) {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	if s == "empty" {
		return b, nil
	}
	for entry := range strings.SplitSeq(s, ",") {
		words := strings.Split(entry, ":")
		if len(words) != 3 {
			return nil, fmt.Errorf("%q is not TAG:ID:PERMISSION", entry)
		}
		id, err := uint64(1<<32-1), error(nil)
		if words[1] != "" {
			words[0] += "+"
			id, err = strconv.ParseUint(words[1], 10, 32)
		}
		perm, err2 := strconv.ParseUint(words[2], 8, 16)
		tag, ok := aclTags[words[0]]
		if err = errors.Join(err, err2); err == nil && !ok {
			err = errors.New("no such tag")
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not TAG:ID:PERMISSION: %w", entry, err)
		}
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, uint16(perm))
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return b, nil
}

// check reads the word of an operation once, so that it can be relied on later.
func (op *Op) check() (err error) {
	switch op.Verb {
	case "open":
		_, err = flagsOf(op.Word, openWords)
	case "rename":
		_, err = flagsOf(op.Word, renameWords)
	case "fallocate":
		_, err = flagsOf(op.Word, fallocateWords)
	case "setxattr", "lsetxattr":
		_, err = flagsOf(op.Word, xattrWords)
	case "chattr":
		_, _, err = chattrFlags(op.Word)
	case "mknod":
		_, _, _, err = kindOf(op.Word)
	case "setacl":
		if _, err = aclValue(op.Word); err == nil && aclName(op.Name) == "" {
			err = fmt.Errorf("%q is not access or default", op.Name)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", op.Verb, err)
	}
	return err
}

func aclName(s string) string {
	switch s {
	case "access":
		return model.ACLAccess
	case "default":
		return model.ACLDefault
	}
	return ""
}
