package mkfs_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extant"
	"extant/disk"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// A manifest says of every path of a tree all that should survive: type, permissions, owners, times, device, links, content,
// xattrs.
type manifest map[string]string

// fill makes an image of a source, as small as it can be where bytes is 0, and has it checked.
func fill(t testing.TB, src mkfs.Source, bytes int64, o mkfs.Options, f mkfs.FillOptions) (string, mkfs.Report) {
	t.Helper()
	ctx := context.Background()
	c, err := mkfs.Scan(ctx, src, f)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if bytes == 0 {
		if bytes, err = c.Size(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(tempDir(t), "img")
	d, err := disk.Create(path, bytes)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := c.Build(ctx, d, o)
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Check(t, path)
	return path, r
}

// imageManifest reads an image back.
func imageManifest(t testing.TB, path string) manifest {
	t.Helper()
	v, err := extant.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return volumeManifest(t, v)
}

// readAll reads all that is on a device.
func readAll(t testing.TB, d disk.Device) manifest {
	t.Helper()
	v, err := extant.OpenDevice(d, extant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return volumeManifest(t, v)
}

func volumeManifest(t testing.TB, v *extant.Volume) manifest {
	t.Helper()
	m, first := manifest{}, map[uint32]string{}
	err := v.WalkDir("/", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(p, "/")
		fi, err := v.Lstat(p)
		if err != nil {
			return err
		}
		st := fi.Sys().(*extant.Stat)
		m[name] = imageLine(t, v, p, st)
		if st.Mode&ondisk.ModeFmt != ondisk.ModeDir {
			m[name] += hardLinks(first, st.Ino, name, st.Links)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// hardLinks names the first name of a file.
func hardLinks[K comparable](first map[K]string, id K, name string, links uint32) string {
	if _, ok := first[id]; !ok {
		first[id] = name
	}
	return fmt.Sprintf(" links %d as %s", links, first[id])
}

func imageLine(t testing.TB, v *extant.Volume, p string, st *extant.Stat) string {
	line := fmt.Sprintf("%o %d:%d %d.%09d", st.Mode, st.UID, st.GID, st.MTime.Unix(), st.MTime.Nanosecond())
	switch st.Type() {
	case ondisk.ModeRegular:
		b, err := v.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		line += contentLine(b)
	case ondisk.ModeSymlink:
		to, err := v.Readlink(p)
		if err != nil {
			t.Fatal(err)
		}
		line += fmt.Sprintf(" to %q", to)
	case ondisk.ModeChar, ondisk.ModeBlock:
		line += fmt.Sprintf(" device %d:%d", st.Major, st.Minor)
	}
	names, err := v.Llistxattr(p)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, n := range names {
		value, err := v.Lgetxattr(p, n)
		if err != nil {
			t.Fatal(err)
		}
		line += xattrLine(n, value)
	}
	return line
}

func contentLine(b []byte) string { return fmt.Sprintf(" %d bytes %x", len(b), sha256.Sum256(b)) }

func xattrLine(name string, value []byte) string {
	if len(value) > 64 {
		return fmt.Sprintf(" %s=%d:%x", name, len(value), sha256.Sum256(value))
	}
	return fmt.Sprintf(" %s=%q", name, value)
}

// equal compares two trees but for the paths left out.
func (m manifest) equal(t testing.TB, want manifest, except ...string) {
	t.Helper()
	paths := map[string]bool{}
	for p := range m {
		paths[p] = true
	}
	for p := range want {
		paths[p] = true
	}
	shown := 0
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if m[p] == want[p] || slices.Contains(except, p) {
			continue
		}
		if shown++; shown > 10 {
			t.Errorf("and more")
			return
		}
		t.Errorf("%q\n got  %s\n want %s", p, m[p], want[p])
	}
}
