package mkfs_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/mkfs"
)

// needTool skips the test, or fails it in CI, where an oracle is missing.
func needTool(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: install e2fsprogs", name)
			}
			t.Skipf("%s is missing: install e2fsprogs", name)
		}
	}
}

// options reads the arguments of mke2fs.
func options(t testing.TB, args string) mkfs.Options {
	t.Helper()
	o := mkfs.Options{Now: time.Unix(1_700_000_000, 0), Rand: strings.NewReader(strings.Repeat("randomness ", 9))}
	words := strings.Fields(args)
	for i := 0; i+1 < len(words); i += 2 {
		if err := option(&o, words[i], words[i+1]); err != nil {
			t.Fatalf("%s %s: %v", words[i], words[i+1], err)
		}
	}
	return o
}

func option(o *mkfs.Options, letter, value string) (err error) {
	number, _ := strconv.ParseInt(value, 10, 64)
	switch letter {
	case "-t":
		o.Type, err = mkfs.ParseType(value)
	case "-T":
		o.Usage = strings.Split(value, ",")
	case "-O":
		o.Features, err = mkfs.ParseFeatures(value)
	case "-E":
		err = mkfs.ParseExtended(value, &o.Extended)
	case "-J":
		err = mkfs.ParseJournal(value, &o.Journal)
	case "-b":
		o.BlockSize = int(number)
	case "-C":
		o.ClusterSize = int(number)
	case "-g":
		o.BlocksPerGroup = uint32(number)
	case "-G":
		o.GroupsPerFlex = uint32(number)
	case "-I":
		o.InodeSize = int(number)
	case "-N":
		o.Inodes = uint64(number)
	case "-i":
		o.BytesPerInode = number
	case "-m":
		percent, _ := strconv.ParseFloat(value, 64)
		o.ReservedPercent = &percent
	case "-L":
		o.Label = value
	case "-M":
		o.LastMounted = value
	case "-e":
		o.Errors, err = mkfs.ParseErrors(value)
	case "-o":
		o.CreatorOS, err = mkfs.ParseCreatorOS(value)
	case "-r":
		o.Revision = new(uint32(number))
	default:
		err = errors.New("no such option")
	}
	return err
}

func size(t testing.TB, s string) int64 {
	t.Helper()
	n, err := mkfs.ParseSize(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tempDir is a folder for images: in memory where the system has such a place.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mkfs")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// create makes a file and a file system in it.
func create(t testing.TB, bytes int64, o mkfs.Options) string {
	t.Helper()
	path := filepath.Join(tempDir(t), "img")
	d, err := disk.Create(path, bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mkfs.Format(d, o); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// ignored are the lines of dumpe2fs -h that differ between any two file systems, or between any two programs.
var ignored = []string{
	"Filesystem UUID", "Filesystem created", "Last write time", "Last mount time", "Last checked", "Mount count",
	"Directory Hash Seed", "Checksum", "Checksum seed", "Lifetime writes", "Journal checksum", "Journal checksum type",
	"Free blocks", // where the log needs another block for its map; fsck and the oracle for overhead see the rest
	"MMP block number", "mmp_device_name", "mmp_node_name", "mmp_update_date", "mmp_update_time",
}

// header reads dumpe2fs -h into a map.
func header(t testing.TB, path string) map[string]string {
	t.Helper()
	out, err := exec.Command("dumpe2fs", "-h", path).Output()
	if err != nil {
		t.Fatalf("dumpe2fs %s: %v", path, err)
	}
	m := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			m[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), " ")
		}
	}
	for _, name := range ignored {
		delete(m, name)
	}
	return m
}

// upstream are the defaults of mke2fs that Debian's configuration leaves out.
const upstream = "metadata_csum_seed,orphan_file"

// mke2fs makes a file system with the judge's own program.
func mke2fs(t testing.TB, bytes int64, args string) (path string, err error) {
	t.Helper()
	path = filepath.Join(tempDir(t), "img")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, bytes); err != nil {
		t.Fatal(err)
	}
	words := append([]string{"-F", "-q"}, strings.Fields(args)...)
	out, err := exec.Command("mke2fs", append(words, path)...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
