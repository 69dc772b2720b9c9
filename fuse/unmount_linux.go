package fuse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"extant/disk"
)

const waitEvery = 10 * time.Millisecond

// Unmount ends the mount in a directory, whichever process serves it, and returns when that has closed the image. It fails with syscall.EBUSY while files
// in it are in use, and with syscall.EINVAL where nothing of this package is mounted.
func Unmount(ctx context.Context, dir string) error {
	dir, err := realPath(dir)
	if err != nil {
		return err
	}
	source, err := sourceOf(dir)
	if err != nil {
		return err
	}
	if err := unmount(dir, 0, "-u"); err != nil {
		return err
	}
	return waitClosed(ctx, source)
}

// Detach makes a directory free though files of the mount are in use: the mount ends with their last use.
func Detach(dir string) error {
	dir, err := realPath(dir)
	if err != nil {
		return err
	}
	return unmount(dir, unix.MNT_DETACH, "-uz")
}

// realPath is the path that the kernel knows a mount by. Of dir itself only the name is looked at: if what serves it is gone, it cannot be.
func realPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
	return filepath.Join(parent, filepath.Base(dir)), err
}

func unmount(dir string, flags int, fusermount string) error {
	if os.Geteuid() == 0 {
		return unix.Unmount(dir, flags)
	}
	out, err := exec.Command("fusermount3", fusermount, "--", dir).CombinedOutput()
	if err == nil {
		return nil
	}
	if bytes.Contains(out, []byte("busy")) {
		return syscall.EBUSY
	}
	return errors.Join(err, errors.New(strings.TrimSpace(string(out))))
}

// sourceOf is the image that a mount shows.
func sourceOf(dir string) (string, error) {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	source := ""
	for line := range strings.Lines(string(info)) {
		mount, rest, _ := strings.Cut(line, " - ")
		about, of := strings.Fields(mount), strings.Fields(rest)
		if len(about) > 4 && len(of) > 1 && unescape(about[4]) == dir {
			source = "" // the last one is on top
			if of[0] == "fuse."+fsType {
				source = unescape(of[1])
			}
		}
	}
	if source == "" {
		return "", fmt.Errorf("no image is mounted there: %w", syscall.EINVAL)
	}
	return source, nil
}

// unescape reads the octal numbers that stand for white space.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// waitClosed waits until nobody has the image open that had it to serve the mount.
func waitClosed(ctx context.Context, source string) error {
	image := source
	if i := strings.LastIndexByte(source, '#'); i > 0 {
		if _, err := os.Stat(source); err != nil {
			image = source[:i]
		}
	}
	for {
		dev, err := disk.Open(image, disk.ReadOnly)
		if err == nil {
			return dev.Close()
		}
		if !errors.Is(err, syscall.EBUSY) {
			return nil // what cannot be opened cannot be waited for
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitEvery):
		}
	}
}
