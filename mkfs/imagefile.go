package mkfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"extant/disk"
)

// CreateImage makes a regular file of size bytes, all a hole, and has fill write to it. Until fill has returned without error, the
// file has another name in the same directory; then it takes its own, in place of a file that has it already and whose permissions
// it keeps. When anything fails, nothing is left behind and what was there before is as it was.
func CreateImage(path string, size int64, fill func(disk.Device) error) (err error) {
	path, mode, err := imageTarget(path)
	if err != nil {
		return err
	}
	dev, err := createTemp(path, size)
	if err != nil {
		return err
	}
	temp := dev.Name()
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	if err := errors.Join(fill(dev), dev.Close()); err != nil {
		return err
	}
	if mode != 0 {
		if err := os.Chmod(temp, mode); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	syncDir(filepath.Dir(path))
	return nil
}

// imageTarget returns the file that a path means, behind symbolic links, and its permissions if it exists.
func imageTarget(path string) (string, fs.FileMode, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	fi, err := os.Stat(real)
	if err != nil {
		return "", 0, err
	}
	if !fi.Mode().IsRegular() {
		return "", 0, &fs.PathError{Op: "create", Path: path, Err: errors.New("not a regular file")}
	}
	return real, fi.Mode().Perm(), nil
}

// tempTries is how many temporary names are tried.
const tempTries = 100

// createTemp makes the file under a name that nobody has.
func createTemp(path string, size int64) (*disk.File, error) {
	dir, base := filepath.Split(path)
	for i := range tempTries {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d-%d.tmp", base, os.Getpid(), i))
		dev, err := disk.Create(name, size, disk.NoReplace)
		if !errors.Is(err, fs.ErrExist) {
			return dev, err
		}
	}
	return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("too many temporary files beside it: remove them")}
}

// syncDir makes a new name durable where the system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
