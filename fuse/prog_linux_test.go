package fuse_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/internal/ext4test"
	"extant/internal/model"
	"extant/internal/prog"
	"extant/internal/prog/hostdir"
)

var (
	seed     = flag.Uint64("seed", 1, "the first program")
	count    = flag.Int("count", 8, "programs for each mode")
	ops      = flag.Int("ops", 60, "operations of a program")
	modeName = flag.String("mode", "", "only this mode")
	shrink   = flag.Bool("shrink", false, "make a program that fails small")
)

// modes are file systems and what is done in them.
var modes = []struct {
	name, mkfs, mount string
	model             model.Config
	profile           prog.Profile
}{
	{"plain", "-b 4096 -I 256", "noatime", model.Config{BlockSize: 4096}, prog.Profile{}},
	{"users", "-b 4096 -I 256", "noatime", model.Config{BlockSize: 4096}, prog.Profile{Users: true, ACLs: true}},
	{"flags", "-b 4096 -I 256", "noatime", model.Config{BlockSize: 4096}, prog.Profile{Users: true, Flags: true, Handles: true}},
	{"handles", "-b 4096 -I 256", "noatime", model.Config{BlockSize: 4096}, prog.Profile{Handles: true, Maps: true}},
	{"through", "-b 4096 -I 256", "noatime writethrough", model.Config{BlockSize: 4096}, prog.Profile{Handles: true, Maps: true, Flags: true}},
	{"sparse", "-b 4096 -I 256", "noatime writethrough", model.Config{BlockSize: 4096}, prog.Profile{Sparse: true}},
	{"large", "-b 4096 -I 256", "noatime", model.Config{BlockSize: 4096}, prog.Profile{Large: true, Maps: true, Handles: true}},
	{"inline", "-b 4096 -I 256 -O inline_data", "noatime", model.Config{BlockSize: 4096}, prog.Profile{Small: true, Maps: true, Handles: true}},
	{"1k", "-b 1024 -I 256", "noatime", model.Config{BlockSize: 1024}, prog.Profile{Handles: true}},
	{"bigalloc", "-b 4096 -I 256 -O bigalloc -C 16384", "noatime", model.Config{BlockSize: 4096, ClusterSize: 16384}, prog.Profile{}},
	{"journal", "-b 4096 -I 256", "noatime data=journal", model.Config{BlockSize: 4096}, prog.Profile{Maps: true}},
	{"nodelalloc", "-b 4096 -I 256", "noatime nodelalloc", model.Config{BlockSize: 4096}, prog.Profile{Maps: true}},
}

// TestPrograms runs random programs in the mount, with the results of the model.
func TestPrograms(t *testing.T) {
	ext4test.Mounts(t, false)
	hard, err := os.ReadFile("/proc/sys/fs/protected_hardlinks")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modes {
		if *modeName != "" && *modeName != m.name {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			m.model.ProtectedHardlinks = bytes.HasPrefix(hard, []byte("1"))
			m.profile.Model, m.profile.Ops = m.model, *ops
			d := mount(t, format(t, 256<<20, m.mkfs), m.mount)
			failed := make(chan error)
			go func() { failed <- d.programs(m.name, m.profile) }()
			if err := <-failed; err != nil {
				t.Error(err)
			}
		})
	}
}

func (d *daemon) programs(mode string, profile prog.Profile) error {
	for i := range uint64(*count) {
		p := passed(prog.Generate(*seed+i, profile))
		err := d.run(p, profile.Model)
		if err == nil {
			continue
		}
		again := fmt.Sprintf("go test ./fuse -run TestPrograms -args -mode %s -ops %d -count 1 -seed %d", mode, *ops, *seed+i)
		if !*shrink {
			return fmt.Errorf("%w\nagain:  %s\nshrink: %s -shrink", err, again, again)
		}
		small := prog.Minimize(p, func(p *prog.Program) bool { return d.run(p, profile.Model) != nil })
		return fmt.Errorf("%w\nagain:  %s\n%s", d.run(small, profile.Model), again, small)
	}
	return nil
}

// passed is a program without what the kernel does by itself: it refuses to collapse and to insert ranges, and shows times that the format cannot have.
func passed(p *prog.Program) *prog.Program {
	for i := range p.Lines {
		p.Lines[i].Ops = slices.DeleteFunc(p.Lines[i].Ops, func(op *prog.Op) bool {
			if early, late := time.Unix(-1<<31, 0), time.Unix(15032385535, 0); op.Verb == "utimes" || op.Verb == "lutimes" {
				return op.Before.At.After(late) || op.After.At.After(late) || before(op.Before, early) || before(op.After, early)
			}
			return op.Verb == "fallocate" && (strings.Contains(op.Word, "collapse") || strings.Contains(op.Word, "insert"))
		})
	}
	return p
}

func before(t model.Time, early time.Time) bool { return !t.Now && !t.Omit && t.At.Before(early) }

// run runs a program in a directory of its own.
func (d *daemon) run(p *prog.Program, c model.Config) error { return hostdir.Differ(d.dir, p, c) }
