package hostdir_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ext4test"
	"extant/internal/prog"
	"extant/internal/prog/hostdir"
)

// TestHandoverFast tears a file system off from Linux that has made fast commits of a random program, and wants the engine to read through
// them, to replay them, and to be one with Linux about what that leaves. Times are not compared with Linux's, as it
// sets some when it replays, nor xattrs: a new inode keeps those of the one that had its number before.
func TestHandoverFast(t *testing.T) {
	if os.Getuid() != 0 {
		ext4test.Lacking(t, "only the super user mounts")
	}
	fast := 0
	for i := range 3 * *rounds {
		m, _ := ext4test.ModeOf([]string{"ordered", "1k", "nodelalloc"}[i%3])
		m.Mkfs += " -O fast_commit -J size=16"
		h := newHandover(t, m)
		torn := filepath.Join(h.dir, "torn")
		seed := *seed + uint64(2*i)
		if err := h.tearFast(seed, torn); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if h.hasFast(torn) {
			fast++
		}
		h.replayed(torn)
		if t.Failed() {
			t.Fatalf("mode %s, -ops %d -seed %d", m.Name, *ops, seed)
		}
	}
	if t.Logf("%d file systems, %d with fast commits", 3**rounds, fast); fast == 0 {
		t.Error("there were no fast commits")
	}
}

// tearFast has Linux run two programs, with all of the first durable, and then something of its own synced, and copies the image.
func (h *handover) tearFast(seed uint64, torn string) error {
	dir, umount := h.mount(h.image, "rw,nodev")
	defer umount()
	done := make(chan error)
	go func() { // the thread keeps another root
		host, err := hostdir.New(dir)
		if err == nil {
			r := prog.NewRunner(host)
			r.Run(prog.Generate(seed, h.profile))
			err = host.Sync()
			r.Run(prog.Generate(seed+1, h.profile))
			err = errors.Join(err, r.CloseFiles(), host.Close())
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return err
	}
	for _, name := range []string{"synced", "synced as well"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		_, err = f.Write([]byte(name))
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return h.copyTo(torn)
}

func (h *handover) hasFast(image string) bool {
	dev, err := disk.Open(image, disk.ReadOnly)
	if err != nil {
		h.t.Fatal(err)
	}
	defer dev.Close()
	r, err := fsck.Check(context.Background(), dev, fsck.Options{FastCommits: ext4.ApplyFastCommits})
	if err != nil || !r.Clean() {
		h.t.Errorf("%v, %v", r, err)
	}
	return r.Has(fsck.JournalFastCommits)
}

// replayed compares what is read through fast commits with what is there when the engine has replayed them, and Linux.
func (h *handover) replayed(image string) {
	through := ext4test.ReadImage(h.t, image)
	byLinux := image + ".linux"
	ext4test.Run(h.t, "cp", "--sparse=always", image, byLinux)
	dir, umount := h.mount(byLinux, "rw")
	want, err := ext4test.ReadHost(dir)
	umount()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.mounted(image, func(prog.System) error { return nil }); err != nil {
		h.t.Fatal(err)
	}
	got := h.read(image)
	ext4test.Same(h.t, got, through, exact)
	ext4test.Same(h.t, withoutTimes(got), withoutTimes(want), ext4test.Losses{Block: 1, Xattrs: true})
}

func withoutTimes(tree ext4test.Tree) ext4test.Tree {
	for at, n := range tree {
		n.MTime, n.ATime = time.Time{}, time.Time{}
		tree[at] = n
	}
	return tree
}
