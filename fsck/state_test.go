package fsck_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
	"extant/internal/ondisk"
)

// TestFuture wants times after now to be noticed, and only then.
func TestFuture(t *testing.T) {
	image := mke2fs(t, "", "8M", "-t ext4 -b 1024")
	for year, want := range map[int]bool{2020: true, 2500: false} {
		r, err := fsck.Check(context.Background(), disk.NewMemFrom(image), fsck.Options{Now: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Has(fsck.SuperFuture) != want || !r.Clean() {
			t.Errorf("in %d: %v", year, r.Findings)
		}
	}
}

// unreadable is a device that cannot give one byte.
type unreadable struct {
	disk.Device
	off int64
}

func (u unreadable) ReadAt(p []byte, off int64) (int, error) {
	if off <= u.off && u.off < off+int64(len(p)) {
		return 0, syscall.EIO
	}
	return u.Device.ReadAt(p, off)
}

// TestUnreadable makes each block in use unreadable, one after another: the check goes on, and says so or had no need to read it.
func TestUnreadable(t *testing.T) {
	image := mke2fs(t, source(t), "8M", "-t ext4 -b 1024 -N 1000 -O ^has_journal,metadata_csum")
	base := disk.NewMemFrom(image)
	codes := make(map[fsck.Code]int)
	for b := range int64(1200) {
		r, err := fsck.Check(context.Background(), unreadable{base, b * 1024}, fsck.Options{Workers: 1})
		if err != nil {
			if b <= 1 && errors.Is(err, syscall.EIO) {
				continue // there is nothing without the super block
			}
			t.Fatalf("block %d: %v", b, err)
		}
		for c := range r.Counts {
			codes[c]++
		}
	}
	if codes[fsck.BlockUnreadable] < 20 || codes[fsck.GroupTableUnreadable] < 20 {
		t.Errorf("found %v", codes)
	}
}

// logged is an image whose journal debugfs wrote to, and the sound image that it was.
func logged(t *testing.T) (image []byte, v *victim) {
	t.Helper()
	v = newVictim(t, mke2fs(t, source(t), "16M", "-t ext4 -b 1024 -N 1000 -J size=1 -O metadata_csum"))
	at := v.group(0)
	path := filepath.Join(t.TempDir(), "image")
	block := filepath.Join(t.TempDir(), "block")
	// The log has a block bitmap that marks one block too many, so that only who looks through the journal finds it.
	bitmap := ondisk.Bitmap(v.at(at.BlockBitmap()))
	bitmap.Set(8000)
	if err := os.WriteFile(block, bitmap, 0o600); err != nil {
		t.Fatal(err)
	}
	bitmap.Clear(8000)
	if err := os.WriteFile(path, v.b, 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	number := []byte("jo -c\njw -b " + fmt.Sprint(at.BlockBitmap()) + " " + block + "\njc\n")
	if err := os.WriteFile(script, number, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "debugfs", "-w", "-f", script, path)
	return contents(t, path), v
}

// TestReplay judges an image with something in its journal, and that one with a block of the log damaged.
func TestReplay(t *testing.T) {
	image, v := logged(t)
	r := check(t, image)
	if !r.Replay || !r.Has(fsck.JournalReplay) || !r.Has(fsck.BlockMarked) {
		t.Errorf("found %v", r.Findings)
	}
	log := v.system(ondisk.JournalIno)
	d := &victim{t: t, b: image, sb: v.sb}
	d.at(log + 1)[1000]++ // the descriptor block's tail and tags
	if r := check(t, d.b); !r.Has(fsck.JournalDamage) || r.Has(fsck.BlockMarked) {
		t.Errorf("a torn log: found %v", r.Findings)
	}
}
