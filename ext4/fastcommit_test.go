package ext4_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// fastLog builds the records of fast commits.
type fastLog struct{ area []byte }

func (l *fastLog) add(tag ondisk.FastCommitTag, value []byte) {
	b := make([]byte, ondisk.FastCommitTLSize+len(value))
	ondisk.FastCommitRecord{Tag: tag, Value: value}.Encode(b)
	l.area = append(l.area, b...)
}

func (l *fastLog) addRange(ino ondisk.Ino, e ondisk.Extent) {
	r := ondisk.FastCommitAddRange{Ino: uint32(ino)}
	e.Encode(r.Extent[:])
	b := make([]byte, ondisk.FastCommitAddRangeSize)
	r.Encode(b)
	l.add(ondisk.FCAddRange, b)
}

func (l *fastLog) delRange(ino ondisk.Ino, first, n uint32) {
	b := make([]byte, ondisk.FastCommitDelRangeSize)
	(&ondisk.FastCommitDelRange{Ino: uint32(ino), Block: first, Len: n}).Encode(b)
	l.add(ondisk.FCDelRange, b)
}

func (l *fastLog) name(tag ondisk.FastCommitTag, parent, ino ondisk.Ino, name string) {
	b := make([]byte, ondisk.FastCommitDentrySize)
	(&ondisk.FastCommitDentry{ParentIno: uint32(parent), Ino: uint32(ino)}).Encode(b)
	l.add(tag, append(b, name...))
}

func (l *fastLog) inode(ino ondisk.Ino, slot []byte) {
	l.add(ondisk.FCInode, append(binary.LittleEndian.AppendUint32(nil, uint32(ino)), slot...))
}

// TestFastCommits lays changes over a file and its directory.
func TestFastCommits(t *testing.T) {
	content := noise(1, 20<<10)
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": content, "gone": nil, "dir/x": nil}), "8M", "-t ext4 -b 1024")
	fs := im.mount(ext4.Options{})
	file, root := child(t, fs, "file"), child(t, fs)
	var m ext4.Mapping
	for m = range file.Mappings(0) {
		break
	}
	start := ondisk.Block(m.Dev / 1024)

	var log fastLog
	log.delRange(file.Ino(), 5, 3)
	log.addRange(file.Ino(), ondisk.MakeExtent(6, start, 1, false))    // the first block again
	log.addRange(file.Ino(), ondisk.MakeExtent(10, start, 2, true))    // unwritten
	log.addRange(file.Ino(), ondisk.MakeExtent(19, start+1, 3, false)) // past the end of the tree
	slot := file.Raw()
	binary.LittleEndian.PutUint32(slot[4:], 21<<10)
	log.inode(file.Ino(), slot[:160])
	log.name(ondisk.FCLink, root.Ino(), file.Ino(), "link")
	log.name(ondisk.FCUnlink, root.Ino(), child(t, fs, "gone").Ino(), "gone")
	fresh := ondisk.Ino(200)
	made := bytes.Clone(child(t, fs, "dir").Raw())
	log.name(ondisk.FCCreat, root.Ino(), fresh, "made")
	log.inode(fresh, made[:160])
	log.name(ondisk.FCLink, fresh, file.Ino(), "inside")

	fs, err := fs.WithFastCommits(ondisk.FastCommitRecords(log.area))
	if err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(content), content[2048:3072]...)
	clear(want[5<<10 : 8<<10])
	copy(want[6<<10:], content[:1024])
	clear(want[10<<10 : 12<<10])
	copy(want[19<<10:], content[1024:3072])
	for _, path := range [][]string{{"file"}, {"link"}, {"made", "inside"}} {
		n := child(t, fs, path...)
		got, err := io.ReadAll(io.NewSectionReader(n, 0, n.Attr().Size))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: content differs, %v", path, err)
		}
	}
	root = child(t, fs)
	if _, err := root.Lookup("gone"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("gone: %v", err)
	}
	if up, err := child(t, fs, "made").Lookup(".."); err != nil || up != ondisk.RootIno {
		t.Errorf("made/..: inode %d, %v", up, err)
	}
	var list []string
	for e, err := range root.ReadDir(0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Name)
	}
	slices.Sort(list)
	if want := []string{".", "..", "dir", "file", "link", "lost+found", "made"}; !slices.Equal(list, want) {
		t.Errorf("names %q, want %q", list, want)
	}
}

// FuzzFastCommits lays records that nobody vouches for over a small file system and walks all of it.
func FuzzFastCommits(f *testing.F) {
	v := newVictim(f, victimArgs[0].name, victimArgs[0].args)
	fs, err := mountBytes(v.clean, ext4.Options{NoLoad: true})
	if err != nil {
		f.Fatal(err)
	}
	file := child(f, fs, "blocks")
	var log fastLog
	log.delRange(file.Ino(), 5, 3)
	log.addRange(file.Ino(), ondisk.MakeExtent(6, 3000, 1, false))
	log.inode(file.Ino(), file.Raw())
	f.Add(log.area)
	var names fastLog
	names.name(ondisk.FCCreat, ondisk.RootIno, 90, "made")
	names.name(ondisk.FCLink, ondisk.RootIno, file.Ino(), "link")
	names.name(ondisk.FCUnlink, ondisk.RootIno, file.Ino(), "blocks")
	names.inode(90, file.Raw())
	f.Add(names.area)
	f.Fuzz(func(t *testing.T, area []byte) {
		after, err := fs.WithFastCommits(ondisk.FastCommitRecords(area))
		if err != nil {
			return
		}
		if err := walkEverything(after); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFastReplay applies records that nobody vouches for to a small file system, as a mount to write does. What comes of it, unless it is refused,
// a repair can make sound.
func FuzzFastReplay(f *testing.F) {
	v := newVictim(f, victimArgs[0].name, victimArgs[0].args)
	fs, err := mountBytes(v.clean, ext4.Options{NoLoad: true})
	if err != nil {
		f.Fatal(err)
	}
	for _, area := range fastSeeds(f, fs) {
		f.Add(area)
	}
	f.Fuzz(func(t *testing.T, area []byte) {
		dev := disk.NewMemFrom(bytes.Clone(v.clean))
		if err := ext4.ApplyFastCommits(dev, ondisk.FastCommitRecords(area)); err != nil {
			return
		}
		r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes})
		if err != nil || !r.Clean() {
			t.Fatalf("%v, %v", r, err)
		}
	})
}

// fastSeeds are areas with records that make sense for a file system with a file "blocks".
func fastSeeds(t testing.TB, fs *ext4.FS) [][]byte {
	file := child(t, fs, "blocks")
	var log, names fastLog
	log.delRange(file.Ino(), 5, 3)
	log.addRange(file.Ino(), ondisk.MakeExtent(6, 3000, 1, false))
	log.addRange(file.Ino(), ondisk.MakeExtent(20, 3002, 4, true))
	log.inode(file.Ino(), file.Raw())
	dir := bytes.Clone(child(t, fs).Raw())
	names.inode(91, dir)
	names.name(ondisk.FCCreat, ondisk.RootIno, 91, "dir")
	names.inode(90, file.Raw())
	names.name(ondisk.FCCreat, 91, 90, "made")
	names.name(ondisk.FCLink, ondisk.RootIno, file.Ino(), "link")
	names.name(ondisk.FCUnlink, ondisk.RootIno, file.Ino(), "blocks")
	names.inode(90, file.Raw())
	names.addRange(90, ondisk.MakeExtent(0, 3010, 2, false))
	var gone fastLog
	gone.name(ondisk.FCUnlink, ondisk.RootIno, file.Ino(), "blocks")
	return [][]byte{log.area, names.area, gone.area}
}

// TestFastCommitsOfAnotherType replays that a file went, and something of another type came, with its name and its number.
func TestFastCommitsOfAnotherType(t *testing.T) {
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": nil}), "8M", "-t ext4 -b 1024")
	fs := im.mount(ext4.Options{})
	file, root := child(t, fs, "file"), child(t, fs)
	slot := file.Raw()
	var d ondisk.Inode
	if err := d.Decode(slot); err != nil {
		t.Fatal(err)
	}
	d.Mode, d.Generation, d.Flags, d.IBlock = ondisk.ModeFIFO|0o600, d.Generation+1, 0, [60]byte{}
	d.Encode(slot)
	var log fastLog
	log.name(ondisk.FCUnlink, root.Ino(), file.Ino(), "file")
	log.inode(file.Ino(), slot[:160])
	log.name(ondisk.FCCreat, root.Ino(), file.Ino(), "file")
	dev := disk.NewMemFrom(im.bytes())
	if err := ext4.ApplyFastCommits(dev, ondisk.FastCommitRecords(log.area)); err != nil {
		t.Fatal(err)
	}
	for e, err := range child(t, mountMem(t, dev, ext4.Options{})).ReadDir(0) {
		if err != nil || e.Name == "file" && e.Type != ondisk.FileFIFO {
			t.Errorf("%q has type %d, %v", e.Name, e.Type, err)
		}
	}
	ownCheck(t, dev, time.Now())
}
