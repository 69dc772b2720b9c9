package extract_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"extant"
	"extant/disk"
	"extant/extract"
	"extant/mkfs"
)

// toTar archives a whole volume, where nothing may fail.
func toTar(t testing.TB, vol *extant.Volume, o extract.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	o.Report = func(err error) { t.Error(err) }
	if _, err := extract.ToTar(context.Background(), vol, wholeVolume, &b, o); err != nil {
		t.Error(err)
	}
	return b.Bytes()
}

// unpack runs an archiver on an archive in a new directory.
func unpack(t testing.TB, archive []byte, name string, args ...string) string {
	t.Helper()
	dir := memDir(t)
	cmd := exec.Command(tool(t, name), append(args, "-C", dir)...)
	cmd.Stdin = bytes.NewReader(archive)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return dir
}

// plantForTar is plantVariety with what only tar has trouble with.
func plantForTar(t testing.TB) plant {
	p := plantVariety(t, true)
	if os.Getuid() == 0 {
		p.plantPower()
		p.file("large id", nil)
		p.do(os.Lchown(p.at("large id"), 3_000_000_000, 4_000_000_000))
	}
	long := strings.Repeat("long name ", 25)
	p.dir(long + "/" + long)
	p.file(long+"/"+long+"/file", []byte("at a long path"))
	p.do(os.Link(p.at(long+"/"+long+"/file"), p.at(long+"/link")))
	p.sparse("huge", 20<<30, map[int64][]byte{12 << 30: noise(9, 4096)})
	p.sparse(long+"/sparse", 1<<20, map[int64][]byte{8192: noise(9, 4096)})
	p.sparse("sparse \xff", 1<<20, map[int64][]byte{8192: noise(9, 4096)})
	p.stamp()
	return p
}

// withoutHuge removes the file that is too large to be read whole, and returns where its data is.
func withoutHuge(t testing.TB, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "huge")
	f, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	defer os.Remove(name)
	b := make([]byte, 4096)
	_, err = f.ReadAt(b, 12<<30)
	st := stat(t, name)
	return fmt.Sprintf("%d bytes, %d blocks, %x, %v", st.Size, st.Blocks, sha256.Sum256(b), err)
}

func TestTarIntoGNUTar(t *testing.T) {
	needRoot(t)
	p := plantForTar(t)
	archive := toTar(t, build(t, p.root), extract.Options{})
	out := unpack(t, archive, "tar", "-xpf", "-", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner")
	checkUnpacked(t, out, p.root, exactly)
}

// TestTarXattrNames has names that end a key too early.
func TestTarXattrNames(t *testing.T) {
	p := plant{t, memDir(t)}
	p.file("f", nil)
	for _, name := range []string{"a=b", "=", "100%", "%3D", "%25", "%253D", "x%3Dy=z"} {
		p.xattr("f", "user."+name, []byte(name))
	}
	out := unpack(t, toTar(t, build(t, p.root), extract.Options{}), "tar", "-xpf", "-", "--xattrs")
	compareTrees(t, readTree(t, out), readTree(t, p.root), exactly)
}

func TestTarIntoBsdtar(t *testing.T) {
	needRoot(t)
	p := plantForTar(t)
	archive := toTar(t, build(t, p.root), extract.Options{})
	out := unpack(t, archive, "bsdtar", "-xpf", "-", "--numeric-owner", "--acls", "--xattrs")
	checkUnpacked(t, out, p.root, func(_ string, f file) file {
		if f.mtime.Unix() < 0 {
			f.mtime = time.Time{} // it adds the fraction of a negative number instead of subtracting it
		}
		return f
	})
}

func checkUnpacked(t *testing.T, out, source string, adjust func(string, file) file) {
	t.Helper()
	if got, want := withoutHuge(t, out), withoutHuge(t, source); got != want {
		t.Errorf("huge: %s, want %s", got, want)
	}
	compareTrees(t, readTree(t, out), readTree(t, source), func(name string, f file) file {
		f.blocks = 0
		if name == "." {
			return file{}
		}
		return adjust(name, f)
	})
	if st := stat(t, filepath.Join(out, "far")); st.Blocks > 64 {
		t.Errorf("holes were filled: %d blocks", st.Blocks)
	}
}

// TestTarIntoMkfs takes an archive back into an image.
func TestTarIntoMkfs(t *testing.T) {
	p := plantForTar(t)
	withoutHuge(t, p.root)
	p.stamp()
	archive := toTar(t, build(t, p.root), extract.Options{})
	dev := disk.NewMem(256 << 20)
	if _, err := mkfs.Build(t.Context(), dev, mkfs.Tar(bytes.NewReader(archive)), mkfs.Options{}, mkfs.FillOptions{}); err != nil {
		t.Fatal(err)
	}
	again := toTar(t, openDevice(t, dev), extract.Options{})
	compareArchives(t, again, archive)
}

// compareArchives shows where an archive differs from another.
func compareArchives(t *testing.T, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	for i := 0; ; i += 512 {
		g, w := got[min(i, len(got)):min(i+512, len(got))], want[min(i, len(want)):min(i+512, len(want))]
		if !bytes.Equal(g, w) {
			t.Fatalf("%d and %d bytes, which differ from byte %d on:\n%q\n%q", len(got), len(want), i, g, w)
		}
	}
}

// TestTarIsOfTheTree wants the same archive of the same tree in two images that lie differently.
func TestTarIsOfTheTree(t *testing.T) {
	p := plantVariety(t, true)
	p.do(os.Chmod(p.root, 0o755))
	a := toTar(t, build(t, p.root), extract.Options{})
	for name := range readTree(t, p.root) { // mke2fs knows no fractions of seconds, and writes the root's time itself
		st := stat(t, p.at(name))
		p.do(unix.UtimesNanoAt(unix.AT_FDCWD, p.at(name), []unix.Timespec{{Sec: 1}, {Sec: st.Mtim.Sec}}, unix.AT_SYMLINK_NOFOLLOW))
	}
	p.do(os.Remove(p.at("deep/hard link of a symbolic one")))
	flat := func(o extract.Options, vol *extant.Volume) []byte {
		o.Omit = extract.MetaTimes
		return toTar(t, vol, o)
	}
	fromMkfs := flat(extract.Options{}, build(t, p.root))
	fromMke2fs := flat(extract.Options{}, open(t, mke2fs(t, p.root, "64M", "-t ext4 -b 4096 -E root_owner=0:0")))
	compareArchives(t, fromMke2fs, fromMkfs)
	if bytes.Equal(a, fromMkfs) {
		t.Error("times make no difference")
	}
}

// TestTarIntoGo reads the archive with archive/tar, and what it says of every kind of member.
func TestTarIntoGo(t *testing.T) {
	needRoot(t)
	p := plantForTar(t)
	archive := toTar(t, build(t, p.root), extract.Options{})
	members := map[string]*tar.Header{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if members[h.Name] != nil {
			t.Errorf("%q twice", h.Name)
		}
		members[h.Name] = h
		if h.Name == "./hole" {
			b, err := io.ReadAll(r)
			if want, _ := os.ReadFile(p.at("hole")); err != nil || !bytes.Equal(b, want) {
				t.Errorf("sparse member: %d bytes, %v", len(b), err)
			}
		}
	}
	for _, c := range []struct {
		name string
		ok   func(h *tar.Header) bool
	}{
		{"./", func(h *tar.Header) bool { return h.Typeflag == tar.TypeDir }},
		{"./power/null", func(h *tar.Header) bool { return h.Typeflag == tar.TypeChar && h.Devmajor == 1 && h.Devminor == 3 }},
		{"./power/big", func(h *tar.Header) bool {
			return h.Typeflag == tar.TypeBlock && h.Devmajor == 259 && h.Devminor == 70_000
		}},
		{"./power/setuid", func(h *tar.Header) bool { return h.Mode == 0o4755 && h.Uid == 3 }},
		{"./power/capable", func(h *tar.Header) bool { return len(h.PAXRecords["SCHILY.xattr.security.capability"]) == 20 }},
		{"./links/fifo", func(h *tar.Header) bool { return h.Typeflag == tar.TypeFifo }},
		{"./links/hard too", func(h *tar.Header) bool { return h.Typeflag == tar.TypeLink && h.Linkname == "./links/hard" }},
		{"./sizes/4097", func(h *tar.Header) bool { return h.Typeflag == tar.TypeLink && h.Linkname == "./links/hard" }},
		{"./links/1000", func(h *tar.Header) bool { return h.Linkname == strings.Repeat("t", 1000) }},
		{"./many/\xff\xfe not UTF-8 \x80", func(h *tar.Header) bool { return h.PAXRecords["hdrcharset"] == "BINARY" }},
		{"./huge", func(h *tar.Header) bool { return h.Size == 20<<30 }},
		{"./large id", func(h *tar.Header) bool { return h.Uid == 3_000_000_000 && h.Gid == 4_000_000_000 }},
		{"./x/acl", func(h *tar.Header) bool {
			return h.PAXRecords["SCHILY.acl.access"] == "user::rw-,user:1000:rw-,group::r--,group:100:r--,mask::rw-,other::r--"
		}},
		{"./sizes/60", func(h *tar.Header) bool {
			st := stat(t, p.at("sizes/60"))
			return h.ModTime.Equal(time.Unix(st.Mtim.Unix()))
		}},
	} {
		if h := members[c.name]; h == nil || !c.ok(h) {
			t.Errorf("%q: %+v", c.name, h)
		}
	}
	withoutHuge(t, p.root)
	if n := len(readTree(t, p.root)) + 1; len(members) != n {
		t.Errorf("%d members of %d files", len(members), n)
	}
}

// TestTarPaxTime reads back times of every kind.
func TestTarPaxTime(t *testing.T) {
	p := plant{t, memDir(t)}
	var want []time.Time
	for i, sec := range []int64{0, 1, -1, -2, -1_000_000_000, 1<<31 - 1, 1 << 31, 15_000_000_000} {
		for _, nano := range []int64{0, 1, 500_000_000, 999_999_999} {
			name := fmt.Sprintf("%02d %d", i, nano)
			p.file(name, nil)
			p.do(unix.UtimesNanoAt(unix.AT_FDCWD, p.at(name), []unix.Timespec{{}, {Sec: sec, Nsec: nano}}, 0))
			want = append(want, time.Unix(sec, nano))
		}
	}
	r := tar.NewReader(bytes.NewReader(toTar(t, build(t, p.root), extract.Options{})))
	var got []time.Time
	for {
		h, err := r.Next()
		if err != nil {
			break
		}
		if h.Typeflag == tar.TypeReg {
			got = append(got, h.ModTime)
		}
	}
	slices.SortFunc(got, time.Time.Compare)
	slices.SortFunc(want, time.Time.Compare)
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestTarOfDamage wants an archive that is sound although a file could not be read.
func TestTarOfDamage(t *testing.T) {
	p := plant{t, memDir(t)}
	p.file("bad", noise(2, 1<<20))
	p.file("good", noise(1, 5000))
	dev := disk.NewMem(64 << 20)
	if _, err := mkfs.Build(t.Context(), dev, mkfs.Dir(p.root), mkfs.Options{}, mkfs.FillOptions{}); err != nil {
		t.Fatal(err)
	}
	vol := openDevice(t, &badDevice{Mem: dev, needle: noise(2, 1<<20)[600<<10:][:4096]})
	var b bytes.Buffer
	s, err := extract.ToTar(t.Context(), vol, wholeVolume, &b, extract.Options{})
	var partial *extract.PartialError
	if !errors.As(err, &partial) || s.Failed != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	out := unpack(t, b.Bytes(), "tar", "-xf", "-")
	if got, _ := os.ReadFile(filepath.Join(out, "good")); !bytes.Equal(got, noise(1, 5000)) {
		t.Error("the file after it is not whole")
	}
}

// TestTarWriteError wants the error of the stream, not of some file.
func TestTarWriteError(t *testing.T) {
	p := plantVariety(t, false)
	broken := errors.New("broken pipe")
	_, err := extract.ToTar(t.Context(), build(t, p.root), wholeVolume, failing{broken}, extract.Options{
		Report: func(err error) { t.Errorf("reported %v", err) },
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
