package hostdir_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extant/internal/ext4test"
	"extant/internal/model"
	"extant/internal/prog"
	"extant/internal/prog/hostdir"
)

var (
	seed     = flag.Uint64("seed", 1, "the first program")
	count    = flag.Int("count", 40, "programs for each mode")
	ops      = flag.Int("ops", 60, "operations of a program")
	modeName = flag.String("mode", "", "only this mode")
	shrink   = flag.Bool("shrink", false, "make a program that fails small")
)

// modes are file systems of Linux without inline data.
var modes = []struct {
	name, mkfs, mount string
	model             model.Config
	profile           prog.Profile
}{
	{"plain", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{}},
	{"users", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{Users: true, ACLs: true}},
	{"flags", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{Users: true, Flags: true, Handles: true}},
	{"handles", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{Handles: true, Maps: true}},
	{"sparse", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{Sparse: true}},
	{"large", "-b 4096 -I 256", "", model.Config{BlockSize: 4096}, prog.Profile{Large: true}},
	{"1k", "-b 1024 -I 256", "", model.Config{BlockSize: 1024}, prog.Profile{Handles: true}},
	{"short", "-b 4096 -I 128", "", model.Config{BlockSize: 4096, ShortInodes: true}, prog.Profile{}},
	{"bigalloc", "-b 4096 -I 256 -O bigalloc -C 16384", "", model.Config{BlockSize: 4096, ClusterSize: 16384}, prog.Profile{}},
	{"journal", "-b 4096 -I 256", "data=journal", model.Config{BlockSize: 4096}, prog.Profile{Maps: true}},
	{"nodelalloc", "-b 4096 -I 256", "nodelalloc", model.Config{BlockSize: 4096}, prog.Profile{Maps: true}},
}

// TestKernel holds the model to Linux: random programs have the same results and leave the same tree.
func TestKernel(t *testing.T) {
	if os.Getuid() != 0 {
		ext4test.Lacking(t, "only the super user mounts")
	}
	hard, err := os.ReadFile("/proc/sys/fs/protected_hardlinks")
	if err != nil {
		ext4test.Lacking(t, err.Error())
	}
	for _, m := range modes {
		if *modeName != "" && *modeName != m.name {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			m.model.ProtectedHardlinks = bytes.HasPrefix(hard, []byte("1"))
			m.model.TouchesOnFailure = true
			m.profile.Model, m.profile.Ops = m.model, *ops
			k := mount(t, m.mkfs, m.mount)
			failed := make(chan error)
			go func() { failed <- k.programs(m.name, m.profile) }()
			if err := <-failed; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestScripts runs the scripts on Linux.
func TestScripts(t *testing.T) {
	if os.Getuid() != 0 {
		ext4test.Lacking(t, "only the super user mounts")
	}
	k := mount(t, "-b 4096 -I 256 -O bigalloc -C 16384", "")
	scripts, err := prog.ReadScripts("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name(), func(t *testing.T) {
			c := model.Config{BlockSize: 4096, ClusterSize: 16384, SizeMax: 17592186040320, TouchesOnFailure: true}
			if err := k.run(s.Program, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// kernel is a file system that Linux has mounted.
type kernel struct{ dir string }

func mount(t *testing.T, mkfs, options string) *kernel {
	tmp := ext4test.TempDir(t)
	image, dir := filepath.Join(tmp, "k.img"), filepath.Join(tmp, "mnt")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 512<<20), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	ext4test.Run(t, "mkfs.ext4", append(strings.Fields("-q -F "+mkfs), image)...)
	ext4test.Run(t, "mount", "-o", strings.TrimSuffix("loop,noatime,nodev,"+options, ","), image, dir)
	t.Cleanup(func() {
		ext4test.Unmount(t, dir)
		ext4test.Check(t, image)
	})
	return &kernel{dir: dir}
}

func (k *kernel) programs(mode string, profile prog.Profile) error {
	for i := range uint64(*count) {
		p := prog.Generate(*seed+i, profile)
		err := k.run(p, profile.Model)
		if err == nil {
			continue
		}
		again := fmt.Sprintf("go test ./internal/prog/hostdir -run TestKernel -args -mode %s -ops %d -count 1 -seed %d", mode, *ops, *seed+i)
		if !*shrink {
			return fmt.Errorf("%w\nagain:  %s\nshrink: %s -shrink", err, again, again)
		}
		small := prog.Minimize(p, func(p *prog.Program) bool { return k.run(p, profile.Model) != nil })
		return fmt.Errorf("%w\nagain:  %s\n%s", k.run(small, profile.Model), again, small)
	}
	return nil
}

// run runs a program in a directory of its own.
func (k *kernel) run(p *prog.Program, c model.Config) error { return hostdir.Differ(k.dir, p, c) }
