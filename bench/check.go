package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// checkCases have extant fsck and e2fsck look for damage in the same sound images, and find none.
func (b *bench) checkCases() []pair {
	terabyte := b.path("1T.img")
	cases := []pair{b.checkCase("empty 1 TiB checked", terabyte, fmt.Sprintf("test -e %[1]s || { truncate -s 1T %[1]s && mke2fs -q -F -t ext4 %[1]s; }", terabyte))}
	for _, t := range trees {
		cases = append(cases, b.checkCase(t.name+" checked", b.path(t.name+".img"), b.makePeerImage(t)))
	}
	for _, t := range tenfold {
		cases = append(cases, b.checkCase(t.name+" ten times over, checked", b.path(t.name+"10.img"), fmt.Sprintf("%s -tenfold %s -dir %s", os.Args[0], t.name, b.dir)))
	}
	return cases
}

func (b *bench) checkCase(name, img, setup string) pair {
	return pair{
		name:   name,
		extant: test{name: "extant", setup: []string{setup}, run: []string{b.path("extant"), "fsck", "-fn", img}},
		peer:   test{name: "e2fsck -fn", setup: []string{setup}, run: []string{"e2fsck", "-fn", img}},
	}
}

// tenfold are the trees again, with the size that an image of ten of each needs.
var tenfold = []tree{{"A", "16000M", nil}, {"B", "9000M", []string{"-N", "1200000"}}}

// makeTenfold makes the image of ten copies of a tree, where it is missing, by the kernel. The blocks of files are allocated and never written, so that the
// image takes little memory; a check does not look at them.
func (b *bench) makeTenfold(name string) error {
	img, mnt := b.path(name+"10.img"), b.path("mnt")
	if _, err := os.Stat(img); err == nil {
		return nil
	}
	for _, t := range tenfold {
		if t.name != name {
			continue
		}
		part := img + ".part"
		if err := shell([]string{fmt.Sprintf("mkdir -p %s && truncate -s %s %s", mnt, t.size, part)}); err != nil {
			return err
		}
		if out, err := exec.Command("mke2fs", append(append([]string{"-q", "-F", "-t", "ext4"}, t.inodes...), part)...).CombinedOutput(); err != nil {
			return fmt.Errorf("mke2fs: %w: %s", err, out)
		}
		if err := shell([]string{"mount -o loop " + part + " " + mnt}); err != nil {
			return err
		}
		var err error
		for i := range 10 {
			err = errors.Join(err, allocateTree(b.path(name), filepath.Join(mnt, fmt.Sprint(i))))
		}
		if err := errors.Join(err, shell([]string{"umount " + mnt})); err != nil {
			return err
		}
		return os.Rename(part, img)
	}
	return fmt.Errorf("no tree %s", name)
}

// allocateTree makes the directories and links of a tree, and its files with their sizes and without their content.
func allocateTree(src, dst string) error {
	return filepath.WalkDir(src, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir():
			return os.Mkdir(to, 0o755)
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := os.Create(to)
		if err != nil {
			return err
		}
		if info.Size() > 0 {
			err = syscall.Fallocate(int(f.Fd()), 0, 0, info.Size())
		}
		return errors.Join(err, f.Close())
	})
}
