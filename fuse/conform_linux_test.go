package fuse_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"extant/internal/conform"
	"extant/internal/ext4test"
)

var (
	update = flag.String("update", "", "write what is answered into the scripts: what the kernel's ext4 says (kernel), or where ours differs (mount)")
	script = flag.String("script", "", "only this script")
	on     = flag.String("on", "", "only on this")
)

// conformFormat is the file system that the cases run on.
const conformFormat = "-b 4096 -I 256"

// TestConform runs the cases of package conform on the kernel's ext4, which has to give the results that are written there, and on a mount of ours,
// which has to give the same but for what the protocol makes impossible.
func TestConform(t *testing.T) {
	ext4test.Mounts(t, false)
	dirs := []struct {
		name  string
		how   conform.Mount
		mount func(t *testing.T) string
	}{
		{"kernel", conform.Kernel, func(t *testing.T) string { return kernelMount(t, format(t, 256<<20, conformFormat)) }},
		{"mount", conform.WriteBack, func(t *testing.T) string { return mount(t, format(t, 256<<20, conformFormat), "").dir }},
		{"through", conform.Through, func(t *testing.T) string { return mount(t, format(t, 256<<20, conformFormat), "writethrough").dir }},
	}
	for _, d := range dirs {
		if *on != "" && *on != d.name || *on == "" && d.how == conform.Through && os.Getenv("EXTANT_ALL") == "" {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			dir := d.mount(t)
			if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
				t.Fatal(err)
			}
			conformIn(t, dir, d.how, *update == d.name)
		})
	}
}

// TestConformNobody runs the cases for users in a mount that nobody has made for himself.
func TestConformNobody(t *testing.T) {
	ext4test.Mounts(t, true)
	image := format(t, 64<<20, conformFormat+" -E root_owner=65534:65534")
	parent := filepath.Join(ext4test.TempDir(t), "nobody")
	if err := errors.Join(
		os.Chmod(filepath.Dir(image), 0o755), os.Chown(image, 65534, 65534),
		os.Mkdir(parent, 0o755), os.Chown(parent, 65534, 65534), os.Chmod(filepath.Dir(parent), 0o755),
	); err != nil {
		t.Fatal(err)
	}
	d := &daemon{image: image, dir: parent}
	d.start(t, "nobody")
	defer func() {
		d.unmount(t)
		ext4test.Check(t, image)
	}()
	scripts, err := conform.ReadScripts("../internal/conform/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		if strings.HasPrefix(s.Name, "user") {
			conformWith(t, parent, s, conform.WriteBack, false)
		}
	}
}

// kernelMount mounts an image by the kernel's own ext4 until the test ends, when it is checked.
func kernelMount(t *testing.T, image string) string {
	dir := filepath.Join(ext4test.TempDir(t), "kernel")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ext4test.Run(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() {
		ext4test.Unmount(t, dir)
		ext4test.Check(t, image)
	})
	return dir
}

// conformIn runs the scripts, some at a time. Of those of whole tables one case in eleven, if EXTANT_ALL does not ask for all.
func conformIn(t *testing.T, dir string, m conform.Mount, update bool) {
	scripts, err := conform.ReadScripts("../internal/conform/testdata")
	if err != nil {
		t.Fatal(err)
	}
	var (
		running sync.WaitGroup
		places  = make(chan bool, 3)
		total   int
		last    *conform.Script
	)
	for _, s := range scripts {
		if *script != "" && *script != s.Name {
			continue
		}
		if strings.HasPrefix(s.Name, "all-") && os.Getenv("EXTANT_ALL") == "" && *script == "" {
			s.Thin(11)
		}
		if hard, err := os.ReadFile("/proc/sys/fs/protected_hardlinks"); err != nil || hard[0] != '1' {
			s.Without("protected_hardlinks")
		}
		total += len(s.Cases)
		if s.Name == "space" {
			last = s
			continue
		}
		running.Go(func() {
			places <- true
			start := time.Now()
			conformWith(t, dir, s, m, update)
			t.Logf("%s: %d cases, %v", s.Name, len(s.Cases), time.Since(start).Round(time.Millisecond))
			<-places
		})
	}
	running.Wait()
	if last != nil {
		conformWith(t, dir, last, m, update) // it leaves no space to others
	}
	t.Logf("%d cases", total)
}

// conformWith runs a script, by nobody if it is one for users.
func conformWith(t *testing.T, dir string, s *conform.Script, m conform.Mount, update bool) {
	user := "0:0"
	if strings.HasPrefix(s.Name, "user") {
		user = "65534:65534"
	}
	r := conform.New(dir, user, m)
	list, err := r.Run(s, update)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Error(err)
	}
	if update {
		if err := s.Write(); err != nil {
			t.Error(err)
		}
		return
	}
	for _, d := range list {
		t.Error(d)
	}
}
