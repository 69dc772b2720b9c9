package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"extant"
	"extant/ext4"
	"extant/internal/ondisk"
)

const dumpLong = `dump shows structures of the disk, field by field with their offsets, the kernel's names and what the values mean. It shows them as they will
be after recovery of the journal (--noload: as they are on disk), and as far as they can be read: checksums are shown, not held against them.

Structures:

%s
An INODE is a number, or a path in the image. For block, --as says what to take the block for: %s.`

func newDump(a *app) *cobra.Command {
	d := &dumper{app: a}
	asJSON := false
	cmd := &cobra.Command{
		Use:     "dump IMAGE[:/PATH] [STRUCTURE [ARGUMENT]]",
		Short:   "Show structures of the disk field by field",
		GroupID: groupImage,
		Long:    fmt.Sprintf(dumpLong, dumpHelp(), strings.Join(blockKinds(), ", ")),
		Example: `  extant dump disk.img super
  extant dump disk.img:/etc/passwd
  extant dump disk.img inode 12
  extant dump disk.img htree /var/lib
  extant dump disk.img block 1234 --as extent`,
		Args:              cobra.RangeArgs(1, 3),
		ValidArgsFunction: a.completeDump,
	}
	cmd.Flags().StringVar(&d.as, "as", "", "what to take a block for: `KIND`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array")
	cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(blockKinds(), cobra.ShellCompDirectiveNoFileComp))
	return a.verbCommand(cmd, func(args []string) error {
		if !asJSON {
			return d.run(args)
		}
		d.list = &jsonList{w: a.out}
		return errors.Join(d.run(args), d.list.end())
	})
}

// A dumper is one run of dump.
type dumper struct {
	*app
	as   string
	list *jsonList // with --json
	n    int       // sections shown

	place
	fs *ext4.FS
	sb ondisk.Super
}

// A dumpKind is a structure that can be asked for.
type dumpKind struct {
	name string
	arg  string // what follows; in brackets if it need not
	help string
	show func(d *dumper, arg string) error
}

func dumpKinds() []dumpKind {
	return []dumpKind{
		{"super", "[GROUP]", "the super block, or the copy in a group", (*dumper).super},
		{"group", "GROUP", "a group descriptor, and what its bitmaps say", (*dumper).group},
		{"inode", "INODE", "an inode, and what is inside it", (*dumper).inode},
		{"extents", "INODE", "the extent tree or block map of a file", (*dumper).extents},
		{"dir", "INODE", "the blocks of a directory and their entries", (*dumper).dir},
		{"htree", "INODE", "the index of a directory", (*dumper).htree},
		{"xattr", "INODE", "extended attributes, in the inode and in a block", (*dumper).xattrs},
		{"verity", "INODE", "the verity descriptor of a file", (*dumper).verity},
		{"crypt", "INODE", "the encryption context of a file", (*dumper).crypt},
		{"journal", "", "the journal: its super block and the transactions in the log", (*dumper).journal},
		{"mmp", "", "the block of multiple-mount protection", (*dumper).mmp},
		{"orphan", "", "the list of orphans, and the orphan file", (*dumper).orphan},
		{"quota", "user|group|project", "a quota file", (*dumper).quota},
		{"block", "BLOCK", "any block; see --as", (*dumper).block},
	}
}

func dumpHelp() string {
	var b strings.Builder
	for _, k := range dumpKinds() {
		fmt.Fprintf(&b, "  %-26s %s\n", strings.TrimSpace(k.name+" "+k.arg), k.help)
	}
	return b.String()
}

// run shows what the arguments ask for.
func (d *dumper) run(args []string) error {
	what, arg := "", ""
	at, named := extant.ParseAddress(args[0])
	switch {
	case len(args) > 1:
		what = args[1]
	case named:
		what = "inode"
	default:
		what = "super"
	}
	if named {
		arg = at.Path
	}
	if len(args) > 2 {
		arg = args[2]
	}
	i := slices.IndexFunc(dumpKinds(), func(k dumpKind) bool { return k.name == what })
	if i < 0 {
		return usagef("%q is no structure; --help lists them", what)
	}
	kind := dumpKinds()[i]
	if arg == "" && kind.arg != "" && kind.arg[0] != '[' {
		return usagef("dump %s needs to know which: %s", what, kind.arg)
	}
	return d.open(args[0], what, func() error { return kind.show(d, arg) })
}

// open opens the image. A super block is shown even where that fails.
func (d *dumper) open(operand, what string, show func() error) error {
	p, err := d.app.place(operand)
	if err != nil {
		if what == "super" {
			return errors.Join(err, d.damagedSuper(p.Image))
		}
		return err
	}
	d.place, d.fs, d.sb = p, p.vol.Ext4(), p.vol.Ext4().Super()
	return d.wrapImage(show())
}

// wrapImage puts the image's name to an error that has none.
func (d *dumper) wrapImage(err error) error {
	var at *addressError
	var usage *usageError
	if err == nil || errors.As(err, &at) || errors.As(err, &usage) {
		return err
	}
	return &addressError{d.Image, err}
}

// put shows a section. It passes on the error that comes with it, so that what could be read is shown all the same.
func (d *dumper) put(s section, err error) error {
	if err != nil && s.fields == nil && s.entries == nil {
		return err
	}
	if d.list != nil {
		return cmp.Or(d.list.put(s.json()), err)
	}
	if d.n++; d.n > 1 {
		fmt.Fprintln(d.out)
	}
	return cmp.Or(s.write(d.out), err)
}

// readBlock is a block as recovery leaves it.
func (d *dumper) readBlock(b ondisk.Block) ([]byte, error) {
	raw := make([]byte, d.fs.BlockSize())
	return raw, d.fs.ReadBlock(b, raw)
}

// ino is the inode that an argument names: by number, or by path.
func (d *dumper) ino(arg string) (ondisk.Ino, error) {
	if n, err := strconv.ParseUint(strings.Trim(arg, "<>"), 0, 64); err == nil {
		if n == 0 || n > uint64(d.sb.InodesCount) {
			return 0, usagef("there is no inode %d: they go from 1 to %d", n, d.sb.InodesCount)
		}
		return ondisk.Ino(n), nil
	}
	p := d.at(arg)
	if !strings.HasPrefix(arg, "/") {
		return 0, usagef("%q is neither the number of an inode nor a path from the root", arg)
	}
	n, err := d.vol.Inode(arg, false)
	if err != nil {
		return 0, p.wrap(err)
	}
	return n.Ino(), nil
}

// number reads a number of a block or group.
func number(arg, what string, end uint64) (uint64, error) {
	n, err := strconv.ParseUint(arg, 0, 64)
	switch {
	case err != nil:
		return 0, usagef("%q is no number of a %s", arg, what)
	case n >= end:
		return 0, usagef("there is no %s %d: they go up to %d", what, n, end-1)
	}
	return n, nil
}

// completeDump completes the address, then the structure, then a path.
func (a *app) completeDump(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.completeAddress(cmd, args, word)
	case 1:
		var words []string
		for _, k := range dumpKinds() {
			if strings.HasPrefix(k.name, word) {
				words = append(words, k.name+"\t"+k.help)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	case 2:
		image := address(args[0]).Image
		words, directive := a.completeAddress(cmd, nil, image+":"+word)
		for i := range words {
			words[i] = strings.TrimPrefix(words[i], image+":")
		}
		return words, directive
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
