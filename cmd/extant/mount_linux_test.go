package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"extant/internal/ext4test"
)

// A stand is an image, a directory to mount it in, and a program.
type stand struct {
	image, dir, program string
	uid                 uint32
}

// command is what somebody runs in a process of its own.
func (s *stand) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Dir(s.image)
	if s.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.uid, Gid: s.uid}}
	}
	return cmd
}

// run runs a command that is to end with the code, and returns what it says.
func (s *stand) run(t *testing.T, code int, name string, args ...string) string {
	t.Helper()
	out, err := s.command(name, args...).CombinedOutput()
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got, err = exit.ExitCode(), nil
	}
	if err != nil || got != code {
		t.Fatalf("%s %q: exit code %d, want %d: %v\n%s", name, args, got, code, err, out)
	}
	return string(out)
}

// newStand makes an image whose root belongs to somebody.
func newStand(t *testing.T, uid uint32) *stand {
	ext4test.Mounts(t, uid != 0)
	tmp := ext4test.TempDir(t)
	s := &stand{image: filepath.Join(tmp, "disk.img"), dir: filepath.Join(tmp, "mnt"), program: filepath.Join(tmp, "extant"), uid: uid}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.program, b, 0o755); err != nil { // where others may run it
		t.Fatal(err)
	}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if r := extantRun("mkfs", "-O", "^has_journal", s.image, "8M"); r.code != 0 {
		t.Fatal(r)
	}
	if r := extantRun("chown", "65534:65534", s.image+":/"); uid != 0 && r.code != 0 {
		t.Fatal(r)
	}
	for _, path := range []string{tmp, s.image, s.dir} {
		if err := os.Chown(path, int(uid), int(uid)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if s.mounted() {
			_ = syscall.Unmount(s.dir, syscall.MNT_DETACH)
			t.Error("still mounted")
		}
		if r := extantRun("fsck", "-fn", s.image); r.code != 0 {
			t.Error(r)
		}
	})
	return s
}

func (s *stand) mounted() bool { return s.mountLine() != "" }

// mountLine is the line of the table of mounts, nothing if there is none.
func (s *stand) mountLine() string {
	info, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(info)) {
		if strings.Contains(line, " "+s.dir+" ") {
			return line
		}
	}
	return ""
}

// TestMount mounts, uses and unmounts an image as root and as nobody.
func TestMount(t *testing.T) {
	for _, uid := range []uint32{0, 65534} {
		s := newStand(t, uid)
		s.run(t, 0, s.program, "mount", "disk.img", s.dir)
		s.run(t, 0, "sh", "-c", "echo hello >mnt/a && mkdir mnt/d && mv mnt/a mnt/d/b")
		if out := s.run(t, 0, "cat", "mnt/d/b"); out != "hello\n" {
			t.Errorf("content %q", out)
		}
		if out := s.run(t, 1, s.program, "mount", "disk.img", s.dir); !strings.Contains(out, "in use by another writer") {
			t.Errorf("a second mount says %q", out)
		}
		s.run(t, 0, s.program, "umount", "mnt")
		if r := extantRun("cat", s.image+":/d/b"); r.out != "hello\n" {
			t.Errorf("after the mount: %v", r)
		}
		if out := s.run(t, 1, s.program, "umount", "mnt"); !strings.Contains(out, "no image is mounted there") {
			t.Errorf("a second umount says %q", out)
		}
	}
}

// TestMountReadOnly mounts what cannot be written.
func TestMountReadOnly(t *testing.T) {
	s := newStand(t, 65534)
	if err := os.Chmod(s.image, 0o444); err != nil {
		t.Fatal(err)
	}
	if out := s.run(t, 0, s.program, "mount", "disk.img", "mnt"); !strings.Contains(out, "write-protected: mounting read-only") {
		t.Errorf("mount says %q", out)
	}
	if out := s.run(t, 1, "mkdir", "mnt/d"); !strings.Contains(out, "Read-only file system") {
		t.Errorf("mkdir says %q", out)
	}
	s.run(t, 0, "fusermount3", "-u", s.dir)
	s.run(t, 1, s.program, "mount", "-o", "rw", "disk.img", "mnt")
	if s.mounted() {
		t.Error("rw was asked for, and it is mounted all the same")
	}
}

// TestMountLimit mounts where files that are written may not be long: the image is written all the same where the limit can be lifted, and else it is only read.
func TestMountLimit(t *testing.T) {
	s := newStand(t, 0)
	s.run(t, 0, "sh", "-c", "ulimit -S -f 1000; exec ./extant mount disk.img mnt")
	s.run(t, 0, "sh", "-c", "yes | head -c 4M >mnt/f && sync mnt/f && sync -f mnt")
	s.run(t, 0, s.program, "umount", "mnt")

	s = newStand(t, 65534)
	s.run(t, 0, "sh", "-c", "ulimit -S -f 1000; exec ./extant mount disk.img mnt")
	s.run(t, 0, "sh", "-c", "yes | head -c 4M >mnt/f && sync mnt/f")
	s.run(t, 0, s.program, "umount", "mnt")
	if out := s.run(t, 0, "sh", "-c", "ulimit -f 1000; exec ./extant mount disk.img mnt"); !strings.Contains(out, "(ulimit -f): mounting read-only") {
		t.Errorf("mount says %q", out)
	}
	s.run(t, 0, s.program, "umount", "mnt")
	s.run(t, 1, "sh", "-c", "ulimit -f 1000; exec ./extant mount -o rw disk.img mnt")
}

// TestMountSignal unmounts by a signal, at once and while a file is in use.
func TestMountSignal(t *testing.T) {
	for _, busy := range []bool{false, true} {
		s := newStand(t, 0)
		cmd := s.command(s.program, "mount", "-f", "disk.img", "mnt")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for !s.mounted() {
			time.Sleep(5 * time.Millisecond)
		}
		f, err := os.Create(filepath.Join(s.dir, "f"))
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			f.Close()
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for s.mounted() {
			time.Sleep(5 * time.Millisecond)
		}
		if busy {
			if _, err := f.WriteString("in use"); err != nil {
				t.Error(err)
			}
			f.Close()
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the process ends with %v", err)
		}
		if r := extantRun("cat", s.image+":/f"); busy && r.out != "in use" {
			t.Errorf("what was written last: %v", r)
		}
	}
}

// TestRemount makes a mount read-only and back, as mount(8) asks for it, with what it finds in the table of mounts.
func TestRemount(t *testing.T) {
	s := newStand(t, 0)
	helper := filepath.Join(filepath.Dir(s.program), "mount.fuse.extant")
	if err := os.Symlink("extant", helper); err != nil {
		t.Fatal(err)
	}
	s.run(t, 0, helper, s.image, s.dir, "-o", "rw")
	name := filepath.Join(s.dir, "f")
	for _, c := range []struct {
		options string
		code    int
		want    error
	}{
		{"remount,ro,relatime,user_id=0,group_id=0,default_permissions,max_read=1048576", 0, syscall.EROFS},
		{"rw,remount", 0, nil},
		{"rw,remount,data=journal", exitUsage, nil},
		{"rw,remount,lazytime", exitUsage, nil},
		{"rw,remount,strictatime", exitUsage, nil},
		{"rw,remount,noatime", exitMount, nil},
	} {
		s.run(t, c.code, helper, s.image, s.dir, "-o", c.options)
		if err := os.WriteFile(name, nil, 0o644); !errors.Is(err, c.want) {
			t.Errorf("%s: a write is %v, want %v", c.options, err, c.want)
		}
	}
	s.run(t, 0, s.program, "umount", s.dir)
	s.run(t, 0, helper, s.image, s.dir, "-o", "ro,noatime")
	s.run(t, 0, helper, s.image, s.dir, "-o", "ro,remount")
	if line := s.mountLine(); !strings.Contains(line, "noatime") {
		t.Errorf("after a remount it is no more noatime: %s", line)
	}
	s.run(t, exitMount, helper, s.image, s.dir, "-o", "rw,remount")
	s.run(t, 0, s.program, "umount", s.dir)
}

// TestMountHelper calls the program as mount(8) and mount.fuse3 do.
func TestMountHelper(t *testing.T) {
	s := newStand(t, 0)
	helper := filepath.Join(filepath.Dir(s.program), "mount.fuse.extant")
	if err := os.Symlink("extant", helper); err != nil {
		t.Fatal(err)
	}
	s.run(t, 0, helper, s.image, s.dir, "-f", "-o", "rw")
	if s.mounted() {
		t.Fatal("mounted although -f is to fake it")
	}
	for _, args := range [][]string{{helper, s.image, s.dir, "-v", "-o", "rw,noatime,x-a.b=c"}, {s.program, s.image, s.dir, "-o", "rw,noatime,dev,suid"}} {
		s.run(t, 0, args[0], args[1:]...)
		if !s.mounted() {
			t.Errorf("%q: not mounted", args)
		}
		s.run(t, 0, s.program, "umount", s.dir)
	}
	if out := s.run(t, exitUsage, helper, s.image, s.dir, "-o", "rw,bogus"); !strings.Contains(out, "-o bogus: there is no such option") {
		t.Errorf("an unknown option: %q", out)
	}
	s.run(t, exitMount, helper, s.image+"x", s.dir, "-o", "rw")
}
