package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// mkfsCommand runs extant mkfs and returns what it wrote.
func mkfsCommand(t *testing.T, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"mkfs"}, args...), strings.NewReader(""), &out, &errs); code != wantCode {
		t.Errorf("mkfs %v: exit code %d, want %d\n%s%s", args, code, wantCode, &out, &errs)
	}
	return out.String(), errs.String()
}

// superMagic are the two bytes by which a file system at an offset is known.
func superMagic(t *testing.T, path string, off int64) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 2)
	if _, err := f.ReadAt(b, off+1080); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const ext4Magic = "\x53\xEF"

func fileSum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

func TestMkfsNewFile(t *testing.T) {
	dir := t.TempDir()
	img := filepath.Join(dir, "disk.img")
	out, _ := mkfsCommand(t, 0, img, "16M")
	if !strings.Contains(out, "16384 blocks of 1024 bytes") || !strings.Contains(out, "8193") {
		t.Errorf("said %q", out)
	}
	if fi, err := os.Stat(img); err != nil || fi.Size() != 16<<20 || superMagic(t, img, 0) != ext4Magic {
		t.Errorf("made %v, %v", fi, err)
	}
	mkfsCommand(t, exitUsage, filepath.Join(dir, "other.img"))
	mkfsCommand(t, exitUsage, filepath.Join(dir, "other.img"), "16M", "-O", "nonsense")
	mkfsCommand(t, exitUsage, filepath.Join(dir, "other.img"), "1M", "-O", "has_journal")
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%d files after failures, %v", len(list), err)
	}
}

// TestMkfsExisting overwrites nothing that holds something, unless it is told to.
func TestMkfsExisting(t *testing.T) {
	img := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(img, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	mkfsCommand(t, 0, "-q", "-L", "first", img)
	before := fileSum(t, img)
	for _, args := range [][]string{{img}, {img, "8M"}, {"-n", img}} {
		code := exitFailed
		if args[0] == "-n" {
			code = 0
		}
		_, errs := mkfsCommand(t, code, args...)
		if code != 0 && (!strings.Contains(errs, "labelled first") || !strings.Contains(errs, "-F")) {
			t.Errorf("%v: said %q", args, errs)
		}
		if fileSum(t, img) != before {
			t.Errorf("%v: the image has changed", args)
		}
	}
	mkfsCommand(t, exitUsage, "-F", img, "8M", "-b", "1000")
	if fileSum(t, img) != before {
		t.Error("an image has changed by a command that was misused")
	}
	mkfsCommand(t, 0, "-F", img, "24M")
	if fi, err := os.Stat(img); err != nil || fi.Size() != 24<<20 {
		t.Errorf("%v, %v", fi, err)
	}
	mkfsCommand(t, exitUsage, "-F", "-E", "offset=1M", img, "24M")
}

// TestMkfsPartition formats one partition and leaves the rest alone.
func TestMkfsPartition(t *testing.T) {
	img := filepath.Join(t.TempDir(), "disk.img")
	table := bytes.Repeat([]byte{0xAA}, 16<<20)
	clear(table[446:510])
	copy(table[446+16:], []byte{0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x40, 0, 0}) // the second: sectors 2048 to 18431
	table[510], table[511] = 0x55, 0xAA
	clear(table[2048*512 : (2048+0x4000)*512])
	if err := os.WriteFile(img, table, 0o600); err != nil {
		t.Fatal(err)
	}
	mkfsCommand(t, exitFailed, img)
	mkfsCommand(t, exitFailed, img+"#3")
	mkfsCommand(t, 0, img+"#2")
	got, err := os.ReadFile(img)
	if err != nil {
		t.Fatal(err)
	}
	if superMagic(t, img, 2048*512) != ext4Magic {
		t.Error("no file system in the partition")
	}
	clear(got[2048*512 : (2048+0x4000)*512])
	if !bytes.Equal(got, table) {
		t.Error("something beside the partition has changed")
	}
}

func TestMkfsJSON(t *testing.T) {
	img := filepath.Join(t.TempDir(), "disk.img")
	for _, dry := range []bool{true, false} {
		args := []string{"--json", "-t", "ext3", img, "64M"}
		if dry {
			args = append([]string{"-n"}, args...)
		}
		out, _ := mkfsCommand(t, 0, args...)
		var got struct {
			Blocks  uint64 `json:"blocks"`
			Journal uint64 `json:"journal_blocks"`
			Dry     bool   `json:"dry_run"`
			Backups []int  `json:"backups"`
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got.Blocks != 65536 || got.Journal != 4096 || got.Dry != dry || len(got.Backups) != 4 {
			t.Errorf("%+v", got)
		}
		if _, err := os.Stat(img); (err != nil) != dry {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
}

// TestMkfsReproducible makes the same image twice, and others when anything differs.
func TestMkfsReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	sums := map[[sha256.Size]byte]string{}
	for i, args := range [][]string{{"-L", "a"}, {"-L", "a"}, {"-L", "b"}, {"-L", "a", "-m", "1"}} {
		img := filepath.Join(dir, strings.Join(args, "")+string(rune('0'+i)))
		mkfsCommand(t, 0, append(args, img, "8M")...)
		sums[fileSum(t, img)] = img
	}
	if len(sums) != 3 {
		t.Errorf("%d different images, want 3: %v", len(sums), sums)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	mkfsCommand(t, exitUsage, filepath.Join(dir, "x"), "8M")
}

func TestMkfsBadBlockList(t *testing.T) {
	dir := t.TempDir()
	img, list := filepath.Join(dir, "disk.img"), filepath.Join(dir, "bad")
	if err := os.WriteFile(list, []byte("9000\n\n 9001 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mkfsCommand(t, 0, "-l", list, img, "16M")
	if err := os.WriteFile(list, []byte("9000-9001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mkfsCommand(t, exitFailed, "-F", "-l", list, img, "16M")
}

// sourceTree makes a folder with a file and a folder.
func sourceTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"a": "alpha", "sub/b": strings.Repeat("beta", 50000)} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// catCommand is the content of a file in an image.
func catCommand(t *testing.T, address string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"cat", address}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Errorf("cat %s: exit code %d\n%s", address, code, &errs)
	}
	return out.String()
}

// TestMkfsFilled fills images from a folder that the image itself lies in, and from archives.
func TestMkfsFilled(t *testing.T) {
	src := sourceTree(t)
	img := filepath.Join(src, "disk.img")
	mkfsCommand(t, 0, "-d", src, img)
	if catCommand(t, img+":/sub/b") != strings.Repeat("beta", 50000) {
		t.Error("a file came out otherwise than it went in")
	}
	mkfsCommand(t, exitFailed, "-d", src, img)
	_, errs := mkfsCommand(t, 0, "-F", "-d", src, img, "auto", "--free", "1M")
	if !strings.Contains(errs, "disk.img") {
		t.Errorf("nothing is said of the image being left out of itself: %q", errs)
	}
	if large, err := os.Stat(img); err != nil || large.Size() < 1<<20+200000 {
		t.Errorf("with a MiB free the image has %d bytes", large.Size())
	}
	mkfsCommand(t, exitFailed, "-F", "-d", src, img, "64k")
	mkfsCommand(t, exitFailed, "-d", filepath.Join(src, "none"), filepath.Join(src, "other.img"), "8M")
	mkfsCommand(t, exitUsage, "-d", src, "--owner", "me", filepath.Join(src, "other.img"))
	mkfsCommand(t, exitUsage, "-d", src, "--map-uid", "1:2:3:4", filepath.Join(src, "other.img"))
}

// TestMkfsRoom says how full a filled image is and what would leave room, and without writing the same as with it.
func TestMkfsRoom(t *testing.T) {
	src := sourceTree(t)
	img := filepath.Join(t.TempDir(), "disk.img")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-d", src, img}, " free; --free SIZE leaves room\n"},
		{[]string{"-d", src, "--free", "1M", img}, "% full, 1.1M free\n"},
		{[]string{"-d", src, img, "64M"}, "14% full, 55M free\n"},
	} {
		dry, _ := mkfsCommand(t, 0, append([]string{"-n"}, c.args...)...)
		wet, _ := mkfsCommand(t, 0, append([]string{"-F"}, c.args...)...)
		uuid := regexp.MustCompile("uuid .*\n")
		if !strings.Contains(wet, c.want) || uuid.ReplaceAllString(wet, "") != dry {
			t.Errorf("%q: said\n%sand in a dry run\n%swant %q", c.args, wet, dry, c.want)
		}
		os.Remove(img)
	}
	for _, dry := range []string{"-n", "-F"} {
		if _, errs := mkfsCommand(t, exitFailed, dry, "-d", src, img, "128k"); !strings.Contains(errs, "bytes needed, 131072 there") {
			t.Errorf("%s: said %q", dry, errs)
		}
	}
	mkfsCommand(t, exitUsage, "-d", src, "--free", "1M", img, "64M")
	mkfsCommand(t, exitUsage, "--free", "1M", img, "64M")
}

func TestMkfsFromArchive(t *testing.T) {
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := w.WriteHeader(&tar.Header{Name: "in/file", Mode: 0o644, Size: 5, Uid: 1000}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	z, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(plain.Bytes())
	z.Close()

	dir := t.TempDir()
	for name, archive := range map[string][]byte{"plain": plain.Bytes(), "zstd": packed.Bytes()} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		mkfsCommand(t, 0, "-q", "-d", file, "--map-uid", "1000:7", file+".img")
		cut := filepath.Join(dir, "cut")
		if err := os.WriteFile(cut, archive[:len(archive)-3], 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "zstd" {
			if _, errs := mkfsCommand(t, exitFailed, "-d", cut, cut+".img"); !strings.Contains(errs, "damaged zstd archive") {
				t.Errorf("cut off: said %q", errs)
			}
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"mkfs", "-q", "-d", "-", "--map-uid", "1000:7", file + ".stdin.img"}, bytes.NewReader(archive), &out, &errs); code != 0 {
			t.Errorf("from standard input: exit code %d\n%s", code, &errs)
		}
		for _, img := range []string{file + ".img", file + ".stdin.img"} {
			if got := catCommand(t, img+":/in/file"); got != "hello" {
				t.Errorf("%s holds %q", img, got)
			}
		}
	}
}

// TestMkfsUnreadablePacking names the program that unpacks what mkfs does not.
func TestMkfsUnreadablePacking(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	for magic, want := range map[string]string{"\xFD7zXZ\x00rest": "xz -dc", "BZh91AY&SY": "bzip2 -dc"} {
		if err := os.WriteFile(archive, []byte(magic), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, errs := mkfsCommand(t, exitFailed, "-d", archive, archive+".img"); !strings.Contains(errs, want) {
			t.Errorf("said %q, want %q in it", errs, want)
		}
	}
}

func TestIDMap(t *testing.T) {
	m, err := idMap("--map-uid", []string{"0:100:10", "50:7"})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uint32]uint32{0: 100, 9: 109, 10: 10, 50: 7, 51: 51, 1<<32 - 1: 1<<32 - 1} {
		if got := m(id); got != want {
			t.Errorf("%d became %d, want %d", id, got, want)
		}
	}
	for _, bad := range []string{"", "1", "a:b", "1:2:3:4", "4294967295:0:2", "-1:0"} {
		if _, err := idMap("--map-uid", []string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
