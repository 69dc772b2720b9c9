package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extant/disk"
)

// TestExitCodes has a line for every kind of end that a verb can come to.
func TestExitCodes(t *testing.T) {
	t.Chdir(filepath.Dir(makeImage(t)))
	damagedImages(t)
	for _, c := range []struct {
		args string
		code int
		says string // on standard error
	}{
		{"ls disk.img", 0, ""},
		{"ls --help", 0, ""},
		{"help find", 0, ""},
		{"", 0, ""},
		{"version", 0, ""},
		{"completion bash", 0, ""},

		{"ls disk.img:/nope", 1, "extant ls: disk.img:/nope: no such file or directory\n"},
		{"ls nope.img", 1, "extant ls: nope.img: no such file or directory\n"},
		{"ls disk.img:etc", 1, "extant ls: disk.img:etc: no such file or directory\nhint: the address of a file is IMAGE:/PATH, with a slash after the colon\n"},
		{"ls .", 1, "extant ls: .: is a directory\nhint: name an image file or a block device\n"},
		{"ls disk.img#1", 1, "extant ls: disk.img#1: no partition table"},
		{"ls busy.img", 1, "extant ls: busy.img is in use by a writer: wait for it, or open it shared and see it change\nhint: --shared reads it all the same, and may see it change\n"},
		{"ls --shared busy.img", 0, ""},

		{"nonsense", 2, "extant: unknown command"},
		{"ls", 2, "extant ls: requires at least 1 arg(s), only received 0\nhint: extant ls --help says how to use it\n"},
		{"ls --nonsense disk.img", 2, "extant ls: unknown flag: --nonsense\n"},
		{"ls --superblock x disk.img", 2, "extant ls: invalid argument"},
		{"version x", 2, "extant version: unknown command"},
		{"find disk.img -nonsense", 2, "extant find: "},
		{"dump disk.img nonsense", 2, "extant dump: "},

		{"ls zero.img", 3, "extant ls: zero.img: corrupt super block: magic 0x0000, not 0xef53: not an ext2, ext3 or ext4 file system\nhint: a file system has copies"},
		{"ls cut.img", 3, "the image is truncated\nhint: --truncated reads what is there\n"},
		{"ls --truncated cut.img", 0, ""},
		{"ls dirty.img:/etc", 3, "extant ls: dirty.img:/etc: corrupt directory"},
		{"ls dirty.img:/nope dirty.img:/etc dirty.img:/bin", 3, "no such file"},
		{"info zero.img", 3, ""},

		{"ls new.img", 4, "extant ls: new.img: unsupported feature FEATURE_I30\n"},
		{"ls outside.img", 4, "mount with NoLoad to read without it\nhint: --noload reads it without its journal\n"},
		{"ls --noload outside.img", 0, ""},
		{"ls outside-clean.img", 0, ""},
		{"info new.img", 4, "extant info: new.img: unsupported feature FEATURE_I30\n"},
		{"ls new.img disk.img:/nope", 4, "no such file"},
	} {
		r := extantRun(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) || c.code == 0 && r.errors != "" {
			t.Errorf("extant %s: exit code %d, want %d\n%s", c.args, r.code, c.code, r.errors)
		}
	}
}

// damagedImages makes images beside disk.img that are not as they should be.
func damagedImages(t *testing.T) {
	image, err := os.ReadFile("disk.img")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("zero.img", make([]byte, 1<<20))
	write("cut.img", image[:7<<20])
	dirty := bytes.Clone(image)
	i := bytes.Index(dirty, []byte("hosts2"))
	dirty[i-3] ^= 0x40 // a length of the entry; and the block's checksum is wrong
	write("dirty.img", dirty)
	alien := bytes.Clone(image)
	binary.LittleEndian.PutUint32(alien[1024+0x60:], binary.LittleEndian.Uint32(alien[1024+0x60:])|1<<30)
	write("new.img", alien)
	outside := bytes.Clone(image)
	outside[1024+0x65] &^= 0x04                               // metadata_csum
	outside[1024+0x5c] |= 0x04                                // has_journal
	outside[1024+0x60] |= 0x04                                // needs_recovery
	copy(outside[1024+0xe0:], []byte{0, 0, 0, 0, 1, 0, 0, 0}) // s_journal_inum, s_journal_dev
	write("outside.img", outside)
	outside[1024+0x60] &^= 0x04 // its journal holds nothing
	write("outside-clean.img", outside)
	write("busy.img", image)
	dev, err := disk.Open("busy.img", disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
}

func TestInterrupted(t *testing.T) {
	t.Chdir(filepath.Dir(makeImage(t)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, verb := range []string{"ls -R", "cat", "stat", "tree", "find", "du", "info -g"} {
		var out, errs bytes.Buffer
		a := newApp(ctx, strings.NewReader(""), &out, &errs)
		if code := a.run(append(strings.Fields(verb), "disk.img")); code != exitInterrupted || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, %q", verb, code, &errs)
		}
	}
}

// brokenWriter takes so many bytes and no more.
type brokenWriter struct{ left int }

var errFull = errors.New("no space left")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errFull
	}
	w.left -= len(p)
	return len(p), nil
}

func TestOutputThatBreaks(t *testing.T) {
	t.Chdir(filepath.Dir(makeImage(t)))
	for _, verb := range []string{"ls -R disk.img", "ls --json disk.img", "cat disk.img:/holes", "stat disk.img:/etc", "tree disk.img", "find disk.img", "du -a disk.img",
		"info disk.img", "dump disk.img", "version", "partitions --json disk.img",
		"stat --json disk.img:/etc", "find --json disk.img", "du --json disk.img", "tree --json disk.img", "dump --json disk.img", "info --json disk.img"} {
		var errs bytes.Buffer
		args := strings.Fields(verb)
		code := run(t.Context(), args, strings.NewReader(""), &brokenWriter{1}, &errs)
		want := "extant " + args[0] + ": standard output: no space left\n"
		if code != exitFailed || !strings.HasSuffix(errs.String(), want) || strings.Count(errs.String(), "standard output") != 1 {
			t.Errorf("%s: exit code %d, %q", verb, code, &errs)
		}
	}
}
