package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

const (
	treeBytes   = 1_100_000_000
	treeEntries = 36_000
	tinyFiles   = 100_000
	tinyDirs    = 100
)

// makeTrees makes tree A, real files of this machine cut to size, and tree B, very many very small files.
func (b *bench) makeTrees() error {
	if _, err := os.Stat(b.path("A")); errors.Is(err, fs.ErrNotExist) {
		c := &copier{bytes: treeBytes, entries: treeEntries}
		for _, src := range []source{{runtime.GOROOT(), 0, 0}, {"/usr/share", 10_000, 0}, {"/usr/lib", 0, 16 << 10}} {
			if err := c.copyTree(src, filepath.Join(b.path("A"), filepath.Base(src.dir))); err != nil {
				return fmt.Errorf("tree A: %w", err)
			}
		}
	}
	if _, err := os.Stat(b.path("B")); errors.Is(err, fs.ErrNotExist) {
		return makeTiny(b.path("B"))
	}
	return nil
}

// A source is a directory of this machine, how many entries at the end of the count it must leave, and the size
// in bytes under which its files are passed over: these keep the mix of large and small files.
type source struct {
	dir      string
	leave    int
	smallest int64
}

// A copier copies trees until it has spent its bytes or entries. A file too large for what is left is passed over.
type copier struct {
	bytes   int64
	entries int
}

func (c *copier) copyTree(src source, dst string) error {
	return filepath.WalkDir(src.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || c.entries <= src.leave {
			return err
		}
		rel, err := filepath.Rel(src.dir, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir():
			c.entries--
			return os.MkdirAll(to, 0o755)
		case d.Type() == fs.ModeSymlink:
			c.entries--
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		case d.Type().IsRegular():
			return c.copyFile(name, to, src.smallest, d)
		}
		return nil
	})
}

func (c *copier) copyFile(name, to string, smallest int64, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Size() < smallest || info.Size() > min(c.bytes, 64<<20) {
		return nil
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	c.entries--
	c.bytes -= info.Size()
	return errors.Join(out.Close(), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

// makeTiny makes files of 50 to 150 bytes, the same ones on every machine.
func makeTiny(dir string) error {
	rng := rand.NewChaCha8([32]byte{1})
	sizes := rand.New(rand.NewPCG(1, 2))
	for i := range tinyFiles {
		sub := filepath.Join(dir, fmt.Sprintf("d%02d", i%tinyDirs))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		content := make([]byte, 50+sizes.IntN(101))
		if _, err := rng.Read(content); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file-%06d", i)), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
