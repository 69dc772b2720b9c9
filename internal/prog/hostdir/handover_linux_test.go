package hostdir_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/prog"
	"extant/internal/prog/hostdir"
	"extant/internal/prog/volume"
)

var rounds = flag.Int("rounds", 1, "how often the engine and Linux hand a file system over to each other")

// TestHandover lets the engine and Linux change one file system in turn. What one of them leaves, unmounted or torn off with a full journal, both
// read alike, and e2fsck finds nothing in it.
func TestHandover(t *testing.T) {
	if os.Getuid() != 0 {
		ext4test.Lacking(t, "only the super user mounts")
	}
	for _, name := range []string{"ordered", "journal", "nodelalloc", "nojournal", "1k", "blockmaps", "bigalloc", "ea-inode", "plain-checksums", "orphan-file", "inline"} {
		if *modeName != "" && *modeName != name {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m, _ := ext4test.ModeOf(name)
			h := newHandover(t, m)
			for i := range *rounds {
				h.turn(*seed+uint64(4*i), h.engine)
				if name != "inline" { // Linux loses data of such files
					h.turn(*seed+uint64(4*i+2), h.linux)
				}
			}
		})
	}
}

// handover is a file system that goes from hand to hand.
type handover struct {
	t          *testing.T
	mode       ext4test.Mode
	profile    prog.Profile
	dir, image string
}

func newHandover(t *testing.T, m ext4test.Mode) *handover {
	h := &handover{t: t, mode: m, dir: ext4test.TempDir(t)}
	h.image = filepath.Join(h.dir, "image")
	h.profile = prog.Profile{Ops: *ops, Model: m.Model, Users: true, Maps: true, Handles: true, ACLs: true, Sparse: true}
	if err := errors.Join(os.WriteFile(h.image, nil, 0o600), os.Truncate(h.image, 64<<20)); err != nil {
		t.Fatal(err)
	}
	ext4test.Run(t, "mkfs.ext4", append(strings.Fields("-q -F "+m.Mkfs), h.image)...)
	return h
}

// turn runs two programs and judges the file system as it lies there after the first, after the second and a sync, and at rest.
func (h *handover) turn(seed uint64, by func(do func(prog.System) error) error) {
	h.t.Helper()
	torn, synced := filepath.Join(h.dir, "torn"), filepath.Join(h.dir, "synced")
	err := by(func(s prog.System) error {
		r := prog.NewRunner(s)
		r.Run(prog.Generate(seed, h.profile))
		err := h.copyTo(torn)
		r.Run(prog.Generate(seed+1, h.profile))
		return errors.Join(err, s.Sync(), h.copyTo(synced), r.CloseFiles())
	})
	if err != nil {
		h.t.Fatalf("seed %d: %v", seed, err)
	}
	left := h.read(h.image)
	if len(left) < 3 {
		h.t.Errorf("only %d files", len(left))
	}
	if h.mode.Name != "nojournal" {
		ext4test.Same(h.t, h.recovered(synced), left, exact)
		h.recovered(torn)
	}
	if h.t.Failed() {
		h.t.Fatalf("-mode %s -ops %d -seed %d", h.mode.Name, *ops, seed)
	}
}

// exact is what is lost between readers of one file system: nothing.
var exact = ext4test.Losses{Block: 1}

// copyTo copies the image, in a task of its own: the caller's thread may see no other directory than the file system's.
func (h *handover) copyTo(path string) error {
	done := make(chan error)
	go func() { done <- exec.Command("cp", "--sparse=always", h.image, path).Run() }()
	return <-done
}

// engine lets package extant mount the image.
func (h *handover) engine(do func(prog.System) error) error { return h.mounted(h.image, do) }

func (h *handover) mounted(image string, do func(prog.System) error) error {
	dev, err := disk.Open(image, disk.ReadWrite)
	if err != nil {
		return err
	}
	defer dev.Close()
	v, err := volume.Open(dev, h.mode.Mount)
	if err != nil {
		return err
	}
	return errors.Join(do(v), v.Close())
}

// linux lets the kernel mount the image.
func (h *handover) linux(do func(prog.System) error) error {
	options := ""
	switch {
	case h.mode.Mount.Data == ext4.DataJournal:
		options = ",data=journal"
	case h.mode.Mount.NoDelalloc:
		options = ",nodelalloc"
	}
	dir, umount := h.mount(h.image, "rw,nodev"+options)
	defer umount()
	done := make(chan error)
	go func() { // the thread keeps another root
		host, err := hostdir.New(dir)
		if err == nil {
			err = errors.Join(do(host), host.Close())
		}
		done <- err
	}()
	return <-done
}

func (h *handover) mount(image, options string) (dir string, umount func()) {
	h.t.Helper()
	dir = h.t.TempDir()
	ext4test.Run(h.t, "mount", "-o", "loop,"+options, image, dir)
	return dir, func() { ext4test.Unmount(h.t, dir) }
}

// read reads an image at rest, which Linux has to read alike.
func (h *handover) read(image string) ext4test.Tree {
	h.t.Helper()
	ext4test.Check(h.t, image)
	got := ext4test.ReadImage(h.t, image)
	dir, umount := h.mount(image, "ro")
	defer umount()
	want, err := ext4test.ReadHost(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	ext4test.Same(h.t, got, want, exact)
	return got
}

// recovered reads an image that was mounted: through its journal, and after the engine and Linux have each recovered a copy.
func (h *handover) recovered(image string) ext4test.Tree {
	h.t.Helper()
	through := ext4test.ReadImage(h.t, image)
	byLinux := image + ".linux"
	ext4test.Run(h.t, "cp", "--sparse=always", image, byLinux)
	_, umount := h.mount(byLinux, "rw")
	umount()
	ext4test.Same(h.t, through, h.read(byLinux), exact)
	if err := h.mounted(image, func(prog.System) error { return nil }); err != nil {
		h.t.Fatal(err)
	}
	ext4test.Same(h.t, through, h.read(image), exact)
	return through
}
