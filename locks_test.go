package extant_test

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extant"
	"extant/disk"
	"extant/disk/disktest"
	"extant/disk/undo"
	"extant/extract"
	"extant/internal/page"
	"extant/lockdep"
	"extant/mkfs"
	"extant/sched"
)

// lockOrder reads the declared order of all locks.
func lockOrder(t *testing.T) *lockdep.Order {
	t.Helper()
	text, err := os.ReadFile("LOCKS")
	if err != nil {
		t.Fatal(err)
	}
	order, err := lockdep.ParseOrder(string(text))
	if err != nil {
		t.Fatalf("LOCKS: %v", err)
	}
	return order
}

// TestLockOrder builds an image, reads it from several tasks at once and takes its files out, under a validator that knows
// LOCKS and nothing else.
func TestLockOrder(t *testing.T) {
	order := lockOrder(t)
	v := lockdep.Watch(t, lockdep.Config{Order: order})
	dev := disktest.NewRecorder(disk.NewMem(64 << 20))
	ctx := context.Background()
	if _, err := mkfs.Build(ctx, dev, mkfs.Dir("internal"), mkfs.Options{}, mkfs.FillOptions{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	writing, err := extant.OpenDevice(dev, extant.Options{ReadWrite: true})
	if err != nil {
		t.Fatal(err)
	}
	readTogether(t, writing)
	if err := writing.Close(); err != nil {
		t.Fatal(err)
	}
	vol, err := extant.OpenDevice(dev, extant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer vol.Close()
	readTogether(t, vol)
	if _, err := extract.ToDir(ctx, vol, []extract.Source{{Path: "/"}}, t.TempDir(), extract.Options{}); err != nil {
		t.Fatal(err)
	}
	changeUndoably(t)
	journalTogether(t)
	dirtyPages()
	allocTogether(t)
	namesTogether(t)
	dataTogether(t)
	storeFirst(t)
	for _, pair := range order.Unseen(v.Graph()) {
		t.Errorf("LOCKS declares %s < %s, which no test sees", pair[0], pair[1])
	}
}

// dirtyPages makes a file's folios dirty and drops them.
func dirtyPages() {
	var f page.File
	f.Init(page.NewPool(4096, 1<<20))
	for i := range uint64(4) {
		o := f.Lock(i)
		o.Data()[0] = 1
		o.SetDirty()
		o.Unlock()
	}
	for o := f.Next(0, 4); o != nil; o = f.Next(0, 4) {
		o.Drop()
	}
}

// changeUndoably writes to a device whose changes can be undone.
func changeUndoably(t *testing.T) {
	t.Helper()
	dev, err := undo.Open(filepath.Join(t.TempDir(), "undo"), disk.NewMem(1<<20), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dev.WriteAt([]byte("x"), 9); err != nil {
		t.Fatal(err)
	}
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLockOrderBites makes sure that an order that LOCKS does not declare is found.
func TestLockOrderBites(t *testing.T) {
	found := 0
	v := lockdep.New(lockdep.Config{Order: lockOrder(t), Report: func(*lockdep.Report) { found++ }})
	defer v.Attach()()
	var outer, inner sched.Mutex
	outer.Init(&sched.Class{Name: "disk-pages"})
	inner.Init(&sched.Class{Name: "disk-recorder"})
	outer.Lock()
	inner.Lock()
	inner.Unlock()
	outer.Unlock()
	if found != 1 {
		t.Errorf("%d findings for an order against the declared one, want 1", found)
	}
}

// readTogether reads every file from several tasks at once.
func readTogether(t *testing.T, vol *extant.Volume) {
	t.Helper()
	// A name that no listing has left in memory is looked up.
	if _, err := fs.Stat(vol.FS(), "ext4test/fs.go"); err != nil {
		t.Error(err)
	}
	var wg sched.WaitGroup
	for range 4 {
		wg.Go("reader", func() {
			err := fs.WalkDir(vol.FS(), ".", func(name string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					err = readSteps(vol.FS(), name)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// readSteps reads a file through its own position, as a program would.
func readSteps(fsys fs.FS, name string) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

var classLiteral = regexp.MustCompile(`sched\.Class\{Name: "([^"]+)"`)

// TestLocksComplete makes sure that LOCKS names the classes that the engine has, and no others.
func TestLocksComplete(t *testing.T) {
	unused := map[string]bool{}
	for _, c := range lockOrder(t).Classes {
		unused[c.Name] = true
	}
	declared := maps.Clone(unused)
	for file := range sourceFiles(t) {
		dir := path.Dir(filepath.ToSlash(file))
		if strings.HasSuffix(file, "_test.go") || slices.Contains(engineFree, dir) || strings.HasPrefix(dir, "examples/") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range classLiteral.FindAllSubmatch(src, -1) {
			if name := string(m[1]); !declared[name] {
				t.Errorf("%s: lock class %q is not in LOCKS", file, name)
			}
			delete(unused, string(m[1]))
		}
	}
	for name := range unused {
		t.Errorf("LOCKS has class %q, which nothing defines", name)
	}
}
