package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// imageWith makes disk.img with features and commands for debugfs, in a directory that becomes the current one.
func imageWith(t *testing.T, mke2fs, commands string) {
	t.Helper()
	t.Chdir(t.TempDir())
	oracle(t, "", "mke2fs", append(append([]string{"-q", "-F"}, strings.Fields(mke2fs)...), "disk.img", "16M")...)
	if commands != "" {
		oracle(t, commands, "debugfs", "-w", "-f", "-", "disk.img")
	}
}

// hostFile writes a file beside the image, for debugfs to read.
func hostFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestDump has dump show what the image of the golden scripts lacks. No checksum that it judges may be wrong.
func TestDump(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	var many, scattered strings.Builder
	many.WriteString("mkdir many\ncd many\n")
	for i := range 400 {
		fmt.Fprintf(&many, "mknod a-rather-long-name-to-fill-the-blocks-%03d p\n", i)
	}
	fmt.Fprintf(&scattered, "write %s f\n", hostFile(t, big))
	for i := range 40 {
		fmt.Fprintf(&scattered, "punch f %d %d\n", 20*i, 20*i)
	}
	for _, c := range []struct {
		name, mke2fs, commands string
		fsck                   bool // e2fsck -D builds the indexes of directories
		dumps                  map[string][]string
	}{
		{"index", "-b 1024 -I 256 -O " + imageFeatures, many.String(), true, map[string][]string{
			"htree /many":          {"directory index root", "half_md4", "hash from", "dt_checksum", "good"},
			"dir /many":            {"directory index root", "directory block", "a-rather-long-name-to-fill-the-blocks-399", "det_checksum"},
			"inode /many":          {"index extents"},
			"extents /many":        {"extent tree root"},
			"block 1":              {"block in block 1", "|"},
			"group 0":              {"inode bitmap", "block bitmap"},
			"super 1":              {"in block 8193", "s_checksum", "good"},
			"inode <2>":            {"inode 2 in block", "l_i_checksum_lo", "good"},
			"inode 0x8":            {"inode 8 in block"},
			"journal":              {"journal super block", "the log is empty"},
			"orphan":               {"begins with inode 0"},
			"block 0x1 --as super": {"s_magic", "good"},
		}},
		{"extents", "-b 1024 -I 256 -O " + imageFeatures, scattered.String(), false, map[string][]string{
			"extents /f": {"extent tree root", "node in block", "extent node of inode 12", "et_checksum", "good", "unwritten"},
		}},
		{"indirect", "-t ext2 -b 1024", "write " + hostFile(t, big) + " f\n", false, map[string][]string{
			"extents /f": {"block map", "indirect block of inode 12"},
			"inode /f":   {"block map of inode 12"},
		}},
		{"quota", "-I 256 -E quotatype=usrquota:grpquota:prjquota -O " + imageFeatures + ",quota,project", "", false, map[string][]string{
			"quota user":    {"user quota file of inode 3", "dqh_magic", "good", "dqi_bgrace"},
			"quota group":   {"group quota file of inode 4"},
			"quota project": {"project quota file"},
		}},
		{"mmp", "-I 256 -O " + imageFeatures + ",mmp", "", false, map[string][]string{
			"mmp": {"mmp_magic", "good", "mmp_seq", "clean", "mmp_checksum"},
		}},
		{"orphan file", "-I 256 -O " + imageFeatures + ",orphan_file", "", false, map[string][]string{
			"orphan": {"orphan list", "orphan block of inode 12", "ob_magic", "good", "ob_checksum"},
		}},
		{"journal", "-b 1024 -I 256 -O " + imageFeatures, "jo\njw -b 15000 " + hostFile(t, big[:1024]) + "\njw -r 15001-15003\njc\n", false, map[string][]string{
			"journal": {"journal descriptor block", "15000", "journal commit block", "journal revoke block", "15003"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			imageWith(t, c.mke2fs, c.commands)
			if c.fsck {
				optimize(t)
			}
			for args, words := range c.dumps {
				r := extantRun(append([]string{"dump", "disk.img"}, strings.Fields(args)...)...)
				if r.code != 0 || strings.Contains(r.out, "wrong") {
					t.Errorf("dump %s: exit code %d, %s\n%s", args, r.code, r.errors, r.out)
				}
				for _, w := range words {
					if !strings.Contains(r.out, w) {
						t.Errorf("dump %s: no %q\n%s", args, w, r.out)
					}
				}
			}
		})
	}
}

// optimize has e2fsck build the indexes of directories. That it changes the image is no error.
func optimize(t *testing.T) {
	t.Helper()
	cmd := toolCommand(t, "e2fsck", "-fyD", "disk.img")
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("e2fsck: %v\n%s", err, out)
	}
}

// TestDumpInlineDirectory shows both parts of a directory in its inode. debugfs makes none that has two, so mkfs does.
func TestDumpInlineDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	names := []string{"first", "another-name-that-is-long", "a-third-name-that-needs-the-rest-of-the-inode"}
	for _, n := range names {
		if err := os.MkdirAll(filepath.Join("src", "d", n), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if r := extantRun("mkfs", "-q", "-I", "512", "-O", "inline_data", "-d", "src", "disk.img", "16M"); r.code != 0 {
		t.Fatal(r)
	}
	dir, inode := extantRun("dump", "disk.img", "dir", "/d"), extantRun("dump", "disk.img:/d")
	for _, w := range append(names, "inline directory of inode", "inline directory, rest of inode") {
		if !strings.Contains(dir.out, w) {
			t.Errorf("dump dir: no %q\n%s", w, dir)
		}
	}
	for _, w := range []string{"inline data", "system.data", "good"} {
		if !strings.Contains(inode.out, w) {
			t.Errorf("dump inode: no %q\n%s", w, inode)
		}
	}
}
