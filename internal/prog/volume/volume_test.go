package volume_test

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"extant"
	"extant/disk"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/model"
	"extant/internal/prog"
	"extant/internal/prog/volume"
)

var (
	seed     = flag.Uint64("seed", 1, "the first program")
	count    = flag.Int("count", 4, "programs for each mode and profile")
	ops      = flag.Int("ops", 40, "operations of a program")
	modeName = flag.String("mode", "", "only this mode")
	kind     = flag.String("profile", "", "only this profile")
	shrink   = flag.Bool("shrink", false, "make a program that fails small")
	outside  = flag.Uint64("e2fsck", 20, "let e2fsck judge one program in this many")
	file     = flag.String("prog", "", "a file with a program to run in place of random ones")
	keep     = flag.String("keep", "", "where to save the image of a program that fails")
)

// profiles are what random programs do.
var profiles = map[string]prog.Profile{
	"plain":   {Remount: true},
	"users":   {Users: true, ACLs: true, Flags: true},
	"handles": {Handles: true, Maps: true},
	"sparse":  {Sparse: true, Remount: true},
	"small":   {Small: true, Handles: true, Maps: true, Remount: true},
	"large":   {Large: true, Handles: true, Maps: true, Remount: true},
}

var profileNames = []string{"plain", "users", "handles", "sparse", "small", "large"}

// largeBytes is how large a file system is that large files do not fill.
const largeBytes = 2 << 30

// TestRandom holds the file system to the model: random programs have the same results and leave the same tree, before and after it was unmounted, and
// a file system in which no checker finds anything.
func TestRandom(t *testing.T) {
	var given *prog.Script
	if *file != "" {
		var err error
		if given, err = prog.ReadScript(*file); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range ext4test.Modes() {
		if *modeName != "" && *modeName != m.Name {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			if given == nil {
				profilesIn(t, m)
				return
			}
			b := newBench(t, m, m.Size)
			if err := b.run(given.Program, true); err != nil {
				t.Error(err)
			}
		})
	}
}

// profilesIn runs random programs of each profile, or of the one that was asked for.
func profilesIn(t *testing.T, m ext4test.Mode) {
	empty := newBenches(t, m)
	for _, name := range profileNames {
		if *kind != "" && *kind != name {
			continue
		}
		p := profiles[name]
		b := empty.of(p)
		p.Ops, p.Model = *ops, m.Model
		for i := range uint64(*count) {
			if err := b.random(name, *seed+i, p); err != nil {
				t.Error(err)
				break
			}
		}
	}
}

// TestScripts runs the scripts in every mode. Those that are about sizes and clusters are written for blocks of 4 KiB.
func TestScripts(t *testing.T) {
	scripts, err := prog.ReadScripts("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ext4test.Modes() {
		b := newBench(t, m, m.Size)
		for _, s := range scripts {
			if err := b.run(s.Program, true); err != nil {
				t.Errorf("%s, %s: %v", m.Name, s.Name(), err)
			}
		}
	}
}

// bench is a mode and an empty file system of its kind.
type bench struct {
	mode  ext4test.Mode
	empty *disk.Mem
}

func newBench(t *testing.T, m ext4test.Mode, size int64) *bench {
	return &bench{m, ext4test.Format(t, size, m.Mkfs)}
}

// benches are those of a mode: for large files, and for others.
type benches struct{ usual, large *bench }

func newBenches(t *testing.T, m ext4test.Mode) benches {
	return benches{newBench(t, m, m.Size), newBench(t, m, largeBytes)}
}

func (b benches) of(p prog.Profile) *bench {
	if p.Large {
		return b.large
	}
	return b.usual
}

func (b *bench) random(profile string, seed uint64, p prog.Profile) error {
	program := prog.Generate(seed, p)
	judge := seed%*outside == 0
	err := b.run(program, judge)
	if err == nil {
		return nil
	}
	again := fmt.Sprintf("go test ./internal/prog/volume -run TestRandom -args -mode %s -profile %s -ops %d -e2fsck %d -count 1 -seed %d",
		b.mode.Name, profile, p.Ops, *outside, seed)
	if !*shrink {
		return fmt.Errorf("%w\nagain:  %s\nshrink: %s -shrink", err, again, again)
	}
	small := prog.Minimize(program, func(p *prog.Program) bool { return b.run(p, judge) != nil })
	return fmt.Errorf("%w\nagain:  %s\n%s", b.run(small, judge), again, small)
}

// crasher is a volume whose device can be copied at any time.
type crasher struct {
	*volume.Volume
	bench *bench
	dev   *disk.Mem
	o     extant.Options
}

// Crashed reads a copy of the device through its journal, and after it was recovered, when no checker may find anything in it.
func (c crasher) Crashed(judge func(prog.System) error) error {
	if strings.Contains(c.bench.mode.Mkfs, "^has_journal") {
		return nil
	}
	dev := c.dev.Snapshot()
	through, err := volume.Read(dev, c.o)
	if err != nil {
		return err
	}
	if err := errors.Join(judge(through), through.Close()); err != nil {
		return fmt.Errorf("through the journal: %w", err)
	}
	recovered, err := volume.Open(dev, c.o)
	if err != nil {
		return err
	}
	if err := errors.Join(judge(recovered), recovered.Close()); err != nil {
		return err
	}
	return ext4test.Judge(dev)
}

// run runs a program on a file system of its own.
func (b *bench) run(p *prog.Program, e2fsck bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	dev := b.empty.Snapshot()
	clock := &prog.Clock{}
	o := b.mode.Mount
	o.Now, o.ATime = clock.Now, ext4.NoATime
	v, err := volume.Open(dev, o)
	if err != nil {
		return err
	}
	c := b.mode.Model
	c.Now = clock.Now
	ref := prog.Model(c)
	rules := prog.Rules{ATimes: true, CTimes: true}
	root := model.Cred{}
	err = errors.Join(v.Chmod(root, "/", 0o755), v.Utimes(root, "/", model.Time{Now: true}, model.Time{Now: true}, true))
	if err == nil {
		err = prog.Differ(p, crasher{v, b, dev, o}, ref, clock, rules)
	}
	if err == nil {
		if err = v.Remount(); err == nil {
			err = prog.DifferTrees(v, ref, rules)
		}
		if err != nil {
			err = fmt.Errorf("mounted again: %w", err)
		}
	}
	if cerr := v.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = ext4test.Judge(dev)
	}
	if err == nil && e2fsck {
		err = ext4test.JudgeE2fsck(dev)
	}
	if err != nil && *keep != "" {
		err = errors.Join(err, ext4test.Save(dev, *keep))
	}
	return err
}
