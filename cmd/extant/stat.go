package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"extant/ext4"
)

type statFlags struct{ follow, extents, json bool }

func newStat(a *app) *cobra.Command {
	f := &statFlags{}
	cmd := &cobra.Command{
		Use:     "stat IMAGE:/PATH...",
		Short:   "Show all that is known of files: times, flags, attributes, extents",
		GroupID: groupFiles,
		Long: `stat shows what inodes say: type, mode, owner, size, space taken, times to the nanosecond, flags as lsattr has them, and extended
attributes, ACLs in getfacl's short form. --extents shows where the data lies on the device.

A symbolic link is shown itself unless -L is given.`,
		Example: `  extant stat disk.img:/bin/sh
  extant stat --extents --json disk.img:/var/lib/db | jq .[0].extents`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVarP(&f.follow, "dereference", "L", false, "follow symbolic links")
	cmd.Flags().BoolVar(&f.extents, "extents", false, "show where the data lies")
	cmd.Flags().BoolVar(&f.json, "json", false, "write a JSON array")
	return a.verbCommand(cmd, func(args []string) error { return a.stat(args, f) })
}

func (a *app) stat(args []string, f *statFlags) error {
	list := &jsonList{w: a.out}
	gap := false
	err := a.each(args, func(p place) error {
		s, err := statOf(p, f)
		switch {
		case s == nil:
		case f.json:
			err = errors.Join(err, list.put(s.json()))
		default:
			if gap {
				fmt.Fprintln(a.out)
			}
			gap = true
			err = errors.Join(err, s.facts().write(a.out))
		}
		return err
	})
	if f.json {
		return errors.Join(err, list.end())
	}
	return err
}

// fileStat is what stat shows of a file.
type fileStat struct {
	*entry
	blockSize int
	xattrs    []xattr
	extents   []ext4.Mapping // nil where not asked for
}

type xattr struct {
	name  string
	value []byte
	err   error // instead of a value
}

// statOf reads all of it. With an error comes what could be read.
func statOf(p place, f *statFlags) (*fileStat, error) {
	e, err := entryOf(p, p.String(), f.follow)
	if e == nil {
		return nil, err
	}
	s := &fileStat{entry: e, blockSize: p.vol.Ext4().BlockSize()}
	errs := []error{err}
	n := e.inode
	names, err := n.Xattrs()
	errs = append(errs, err)
	for _, name := range names {
		value, err := n.Xattr(name)
		errs = append(errs, err)
		s.xattrs = append(s.xattrs, xattr{name, value, err})
	}
	if f.extents {
		s.extents = []ext4.Mapping{}
		for m, err := range n.Mappings(0) {
			if err != nil {
				errs = append(errs, err)
				break
			}
			s.extents = append(s.extents, m)
		}
	}
	return s, p.wrap(firstError(errs))
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// facts is the form for people.
func (s *fileStat) facts() facts {
	var r facts
	st := &s.stat
	name := s.at.String()
	if s.isLink() {
		name += " -> " + s.target
	}
	r.add("File", "", name)
	r.add("Type", "", kindWord(st.Mode))
	r.add("Inode", "", st.Ino)
	r.addAs("Mode", "", "", "%04o %s", st.Mode&0o7777, modeText(st.Mode))
	r.addAs("Owner", "", "", "%d:%d", st.UID, st.GID)
	r.add("Links", "", st.Links)
	if s.isDevice() {
		r.addAs("Device", "", "", "%d, %d", st.Major, st.Minor)
	}
	r.add("Size", "", st.Size)
	r.addAs("Space", "", "", "%d (%d sectors; blocks of %d)", st.Blocks*512, st.Blocks, s.blockSize)
	r.addAs("Access", "", "", "%s", statTime(st.ATime))
	r.addAs("Modify", "", "", "%s", statTime(st.MTime))
	r.addAs("Change", "", "", "%s", statTime(st.CTime))
	r.addAs("Birth", "", "", "%s", statTime(st.CrTime))
	r.addAs("Flags", "", "", "%s %#x (%s)", flagLetters(st.Flags), st.Flags, strings.Join(flagWords(st.Flags), " "))
	r.add("Generation", "", st.Generation)
	r.add("Project", "", st.ProjID)
	for _, x := range s.xattrs {
		r.addAs("Attribute", "", "", "%s", x)
	}
	for _, m := range s.extents {
		r.addAs("Extent", "", "", "%s", mappingText(m, s.blockSize))
	}
	return r
}

func statTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05.000000000 -0700")
}

// String is NAME="VALUE", the value escaped, or in hexadecimal where it is no text.
func (x xattr) String() string {
	if x.err != nil {
		return x.name + ": " + errorText(x.err)
	}
	if acl, ok := aclText(x.value); ok && strings.HasPrefix(x.name, "system.posix_acl_") {
		return x.name + "=" + acl
	}
	text := strings.TrimSuffix(string(x.value), "\x00") // security labels end so
	if harmless(text) {
		return x.name + "=" + fmt.Sprintf("%q", text)
	}
	return x.name + "=0x" + hex.EncodeToString(x.value)
}

// mappingText is a range of a file and the blocks it lies in.
func mappingText(m ext4.Mapping, blockSize int) string {
	at := fmt.Sprintf("bytes %d-%d", m.Off, m.Off+m.Len-1)
	if m.Inline {
		return fmt.Sprintf("%s in the inode, at byte %d of the device", at, m.Dev)
	}
	size := int64(blockSize)
	text := fmt.Sprintf("%s in block %d", at, m.Dev/size)
	if m.Len > size {
		text = fmt.Sprintf("%s in blocks %d-%d", at, m.Dev/size, (m.Dev+m.Len-1)/size)
	}
	if m.Unwritten {
		text += ", unwritten"
	}
	return text
}

// statJSON is the shape of stat --json.
type statJSON struct {
	*entryJSON
	BlockSize int           `json:"block_size"`
	Xattrs    []xattrJSON   `json:"xattrs"`
	Extents   []mappingJSON `json:"extents,omitempty"`
}

type xattrJSON struct {
	Name       string `json:"name"`
	NameBytes  []byte `json:"name_bytes,omitempty"`
	Value      string `json:"value"`
	ValueBytes []byte `json:"value_bytes,omitempty"`
	ACL        string `json:"acl,omitempty"`
	Error      string `json:"error,omitempty"`
}

func xattrListJSON(list []xattr) []xattrJSON {
	out := []xattrJSON{}
	for _, x := range list {
		v := xattrJSON{Name: x.name, NameBytes: rawBytes(x.name), Value: string(x.value), ValueBytes: rawBytes(string(x.value))}
		if x.err != nil {
			v.Error = errorText(x.err)
		}
		if strings.HasPrefix(x.name, "system.posix_acl_") {
			v.ACL, _ = aclText(x.value)
		}
		out = append(out, v)
	}
	return out
}

type mappingJSON struct {
	Offset    int64 `json:"offset"`
	Length    int64 `json:"length"`
	Device    int64 `json:"device_offset"`
	Unwritten bool  `json:"unwritten"`
	Inline    bool  `json:"inline"`
}

func (s *fileStat) json() *statJSON {
	j := &statJSON{entryJSON: s.entry.json(), BlockSize: s.blockSize, Xattrs: xattrListJSON(s.xattrs)}
	for _, m := range s.extents {
		j.Extents = append(j.Extents, mappingJSON{m.Off, m.Len, m.Dev, m.Unwritten, m.Inline})
	}
	return j
}
