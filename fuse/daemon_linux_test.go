package fuse_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/fuse"
	"extant/internal/conform"
	"extant/internal/ext4test"
	"extant/lockdep"
	"extant/mkfs"
)

// What serves a mount is another process, this program itself: one that faults on a mapping of a file that it has to answer for itself
// would stop for ever when memory is collected meanwhile.
const serveVar = "EXTANT_FUSE_SERVE"

func TestMain(m *testing.M) {
	conform.Main()
	if args := os.Getenv(serveVar); args != "" {
		if err := serve(strings.Fields(args)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve mounts an image in a directory, says "ready", and goes on until it is unmounted.
func serve(args []string) (err error) {
	if slices.Contains(args, "nobody") {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
			return err
		}
	}
	dev, err := disk.Open(args[0], disk.ReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	eo := ext4.Options{ReadWrite: true, Background: true, ReadPast: true, WritePast: fuse.WritePast}
	fo := fuse.Options{Source: args[0], AllowOther: true, Dev: true, Suid: true}
	for _, word := range args[2:] {
		switch word {
		case "ro":
			eo.ReadWrite, fo.ReadOnly = false, true
		case "noatime":
			eo.ATime = ext4.NoATime
		case "strictatime":
			eo.ATime = ext4.StrictATime
		case "nodelalloc":
			eo.NoDelalloc = true
		case "data=journal":
			eo.Data = ext4.DataJournal
		case "writethrough":
			fo.WriteThrough = true
		case "lockdep":
			defer watch(&err)()
		case "nobody":
			fo.AllowOther, fo.Dev, fo.Suid = false, false, false
		case "trace":
			fo.Trace = true
		default:
			return fmt.Errorf("no option %s", word)
		}
	}
	fs, err := ext4.Mount(dev, eo)
	if err != nil {
		return err
	}
	s, err := fuse.Mount(fs, args[1], fo)
	if err != nil {
		return errors.Join(err, fs.Close())
	}
	fmt.Println("ready")
	s.Wait()
	return fs.Close()
}

// watch validates the order of locks against LOCKS until the function it returns is called, which adds what was found to err.
func watch(err *error) func() {
	text, rerr := os.ReadFile("../LOCKS")
	if rerr != nil {
		panic(rerr)
	}
	order, rerr := lockdep.ParseOrder(string(text))
	if rerr != nil {
		panic(rerr)
	}
	v := lockdep.New(lockdep.Config{Order: order})
	detach := v.Attach()
	return func() {
		detach()
		for _, r := range v.Reports() {
			*err = errors.Join(*err, errors.New(r.String()))
		}
	}
}

// A daemon serves one mount.
type daemon struct {
	image, dir string
	cmd        *exec.Cmd
}

// format makes an image.
func format(t testing.TB, size int64, args string) string {
	t.Helper()
	image := filepath.Join(ext4test.TempDir(t), "disk.img")
	dev, err := disk.Create(image, size)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ext4test.Options(args)
	if err == nil {
		_, err = mkfs.Format(dev, o)
	}
	if err = errors.Join(err, dev.Close()); err != nil {
		t.Fatal(err)
	}
	return image
}

// mount mounts an image until the test ends, when it is checked.
func mount(t testing.TB, image, options string) *daemon {
	t.Helper()
	ext4test.Mounts(t, false)
	dir := filepath.Join(ext4test.TempDir(t), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &daemon{image: image, dir: dir}
	d.start(t, options)
	t.Cleanup(func() {
		if d.cmd != nil {
			d.unmount(t)
		}
		ext4test.Check(t, image)
	})
	return d
}

func (d *daemon) start(t testing.TB, options string) {
	t.Helper()
	d.cmd = exec.Command(os.Args[0])
	d.cmd.Env = append(os.Environ(), serveVar+"="+d.image+" "+d.dir+" "+options)
	d.cmd.Stderr = os.Stderr
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	if line, err := said.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the daemon says %q, %v", line, err)
	}
	go io.Copy(os.Stderr, said)
}

// unmount unmounts as a user would, and waits for the daemon.
func (d *daemon) unmount(t testing.TB) {
	t.Helper()
	ext4test.Unmount(t, d.dir)
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("daemon: %v", err)
	}
	d.cmd = nil
}

// kill ends the daemon as a crash would. The directory shows that nobody serves it until gone is called.
func (d *daemon) kill(t testing.TB) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = d.cmd.Wait()
	d.cmd = nil
}

// gone ends the mount that nobody serves.
func (d *daemon) gone(t testing.TB) {
	t.Helper()
	if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}

// path is the path of a name in the mount.
func (d *daemon) path(name string) string { return filepath.Join(d.dir, name) }
