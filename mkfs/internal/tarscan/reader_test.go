package tarscan_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extant/mkfs/internal/tarscan"
)

// An item is an entry and its content.
type item struct {
	tarscan.Entry
	data string
}

func scan(archive []byte) ([]item, error) {
	r := tarscan.NewReader(bytes.NewReader(archive), int64(len(archive)))
	var list []item
	for {
		e, err := r.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		it := item{Entry: *e}
		it.Name, it.Link = bytes.Clone(e.Name), bytes.Clone(e.Link)
		it.Records = append([]tarscan.Record(nil), e.Records...)
		it.data = content(archive, e)
		list = append(list, it)
	}
}

const contentMax = 1 << 20

// content is the first bytes of an entry's file.
func content(archive []byte, e *tarscan.Entry) string {
	out := make([]byte, min(e.Size, contentMax))
	segments := e.Segments
	if !e.Sparse {
		segments = []tarscan.Segment{{Off: 0, N: e.Stored}}
	}
	at := e.Offset
	for _, s := range segments {
		if s.Off < int64(len(out)) {
			copy(out[s.Off:], archive[at:at+s.N])
		}
		at += s.N
	}
	return string(out)
}

// compare holds what we read of an archive against what archive/tar reads. It reports false where that refuses the archive.
func compare(t *testing.T, archive []byte) bool {
	t.Helper()
	got, gerr := scan(archive)
	want := tar.NewReader(bytes.NewReader(archive))
	for i := 0; ; i++ {
		h, err := want.Next()
		if err == io.EOF {
			if gerr != nil || len(got) != i {
				t.Fatalf("%d entries and %v, want %d", len(got), gerr, i)
			}
			return true
		}
		if err != nil || h.Size < 0 { // a size below zero archive/tar passes over where no data follows
			return false
		}
		if h.Typeflag == 'V' {
			i--
			continue
		}
		if h.Typeflag == tar.TypeXGlobalHeader || h.Typeflag == 'X' {
			return false // what these say of later entries, archive/tar leaves to its caller
		}
		data, err := io.ReadAll(io.LimitReader(want, contentMax))
		if err != nil {
			return false
		}
		if i >= len(got) && len(data) == contentMax {
			return false // archive/tar notices at the end of a file that its map does not fit
		}
		if i >= len(got) {
			t.Fatalf("entry %d, %q, is missing: %v", i, h.Name, gerr)
		}
		compareItem(t, got[i], h, string(data))
	}
}

func compareItem(t *testing.T, got item, h *tar.Header, data string) {
	t.Helper()
	if k := h.Typeflag; k != tar.TypeChar && k != tar.TypeBlock {
		h.Devmajor, h.Devminor = 0, 0
	}
	g := fmt.Sprintf("%q %q kind %c mode %o owner %d:%d size %d device %d:%d", got.Name, got.Link, got.Kind, got.Mode&0o7777,
		got.UID, got.GID, got.Size, got.Major, got.Minor)
	w := fmt.Sprintf("%q %q kind %c mode %o owner %d:%d size %d device %d:%d", h.Name, h.Linkname, kind(h), h.Mode&0o7777,
		h.Uid, h.Gid, size(h), h.Devmajor, h.Devminor)
	if g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
	if got.data != data && got.Kind == tarscan.Regular {
		t.Errorf("%q: %d bytes of content differ from the %d wanted", got.Name, len(got.data), len(data))
	}
	if when := time.Unix(got.ModTime.Sec, int64(got.ModTime.Nsec)); !when.Equal(h.ModTime) {
		t.Errorf("%q: modified %v, want %v", got.Name, when, h.ModTime)
	}
}

// kind is the kind that we make of a header. As GNU tar does, we take a slash at the end of a name for a directory's in any archive.
func kind(h *tar.Header) byte {
	if (h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeCont) && strings.HasSuffix(h.Name, "/") {
		h.Size = 0
		return tarscan.Directory
	}
	switch h.Typeflag {
	case tar.TypeGNUSparse, tar.TypeCont, tar.TypeRegA:
		return tarscan.Regular
	case 'D':
		return tarscan.Directory
	}
	return h.Typeflag
}

func size(h *tar.Header) int64 {
	switch h.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo, 'D':
		return 0
	}
	return h.Size
}

var sampleHeaders = []*tar.Header{
	{Name: "./", Typeflag: tar.TypeDir, Mode: 0o1777},
	{Name: "file", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 5, Gid: 6, Size: 700},
	{Name: "empty", Typeflag: tar.TypeReg},
	{Name: strings.Repeat("long/", 40) + "name", Typeflag: tar.TypeReg, Size: 1},
	{Name: strings.Repeat("longer", 60), Typeflag: tar.TypeReg, Size: 512},
	{Name: "sym", Typeflag: tar.TypeSymlink, Linkname: strings.Repeat("to/", 50)},
	{Name: "hard", Typeflag: tar.TypeLink, Linkname: "file"},
	{Name: "chr", Typeflag: tar.TypeChar, Devmajor: 5, Devminor: 300},
	{Name: "blk", Typeflag: tar.TypeBlock, Devmajor: 259, Devminor: 1},
	{Name: "pipe", Typeflag: tar.TypeFifo},
	{Name: "big owner", Typeflag: tar.TypeReg, Uid: 1 << 30, Gid: 70000},
}

func sample(t testing.TB, format tar.Format) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, h := range sampleHeaders {
		c := *h
		c.Format, c.ModTime = format, time.Unix(1<<33+int64(i), 0)
		if format == tar.FormatPAX {
			c.ModTime = time.Unix(-int64(i), 123456789)
			c.PAXRecords = map[string]string{"SCHILY.xattr.user.a": "\x00b\n"}
		}
		if err := w.WriteHeader(&c); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte{byte('a' + i)}, int(c.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadsWhatArchiveTarWrites(t *testing.T) {
	for _, f := range []tar.Format{tar.FormatGNU, tar.FormatPAX} {
		archive := sample(t, f)
		if !compare(t, archive) {
			t.Fatal("archive/tar refuses its own archive")
		}
		if f != tar.FormatPAX {
			continue
		}
		list, err := scan(archive)
		if err != nil || len(list[1].Records) != 1 || string(list[1].Records[0].Key) != "SCHILY.xattr.user.a" ||
			string(list[1].Records[0].Value) != "\x00b\n" {
			t.Errorf("records %q, %v", list[1].Records, err)
		}
	}
}

// gnuTar makes an archive of a sparse file and some others with the system's tar.
func gnuTar(t testing.TB, args ...string) []byte {
	if _, err := exec.LookPath("tar"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no tar here:", err)
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range int64(40) {
		if _, err := f.WriteAt(fmt.Appendf(nil, "data %d", i), i*20000); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(1<<20 - 7); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.Repeat("x", 200), filepath.Join(dir, "after")); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tar", append(args, "-C", dir, "-cf", "-", "sparse", "after")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSparseForms(t *testing.T) {
	for _, args := range [][]string{
		{"-S", "--format=gnu"},
		{"-S", "--format=pax", "--sparse-version=0.0"},
		{"-S", "--format=pax", "--sparse-version=0.1"},
		{"-S", "--format=pax", "--sparse-version=1.0"},
	} {
		archive := gnuTar(t, args...)
		if !compare(t, archive) {
			t.Fatalf("%v: archive/tar refuses it", args)
		}
		list, err := scan(archive)
		if err != nil || !list[0].Sparse || len(list[0].Segments) != 40 || list[0].Size != 1<<20-7 {
			t.Errorf("%v: %d segments, size %d, %v", args, len(list[0].Segments), list[0].Size, err)
		}
	}
}

func TestDamageIsNamed(t *testing.T) {
	whole := sample(t, tar.FormatGNU)
	flipped := bytes.Clone(whole)
	flipped[512+3] ^= 1
	for name, c := range map[string]struct {
		archive []byte
		at      int64
	}{
		"flipped header": {flipped, 512},
		"cut in header":  {whole[:512+100], 512},
		"cut in data":    {whole[:1024+600], 512},
	} {
		_, err := scan(c.archive)
		var fe *tarscan.FormatError
		if !errors.As(err, &fe) || fe.At != c.at {
			t.Errorf("%s: %v, want a FormatError at %d", name, err, c.at)
		}
	}
	for name, archive := range map[string][]byte{"nothing": nil, "no end": whole[:512], "one zero block": whole[:1024*2][:512]} {
		if _, err := scan(archive); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample(f, tar.FormatGNU), uint16(0), byte(0))
	f.Add(sample(f, tar.FormatPAX), uint16(600), byte(1))
	f.Add(gnuTar(f, "-S", "--format=gnu"), uint16(390), byte(2))
	f.Add(gnuTar(f, "-S", "--format=pax", "--sparse-version=0.0"), uint16(520), byte(2))
	f.Add(gnuTar(f, "-S", "--format=pax", "--sparse-version=1.0"), uint16(1536), byte(3))
	f.Fuzz(func(t *testing.T, archive []byte, at uint16, flip byte) {
		archive = bytes.Clone(archive)
		if int(at) < len(archive) {
			archive[at] ^= flip
		}
		seal(archive)
		compare(t, archive)
	})
}

// seal makes the checksum of every block that could be a header right, so that fuzzing tests what lies behind it.
func seal(archive []byte) {
	for at := 0; at+512 <= len(archive); at += 512 {
		b := archive[at : at+512]
		if string(b[257:262]) != "ustar" {
			continue
		}
		copy(b[148:156], "        ")
		var sum int
		for _, c := range b {
			sum += int(c)
		}
		copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	}
}
