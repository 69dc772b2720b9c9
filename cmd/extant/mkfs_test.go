package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mkfsCommand runs extant mkfs and returns what it wrote.
func mkfsCommand(t *testing.T, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append([]string{"mkfs"}, args...), strings.NewReader(""), &out, &errs); code != wantCode {
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
