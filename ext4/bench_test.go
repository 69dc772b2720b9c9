package ext4_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"crypto/sha256"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

// BenchmarkWalk reads and hashes Go's own source tree, some 10,000 files, from an image in memory.
func BenchmarkWalk(b *testing.B) {
	im := mke2fs(b, filepath.Join(runtime.GOROOT(), "src"), "512M", "-t ext4 -b 4096")
	b.Run("names", func(b *testing.B) { benchWalk(b, im, false) })
	b.Run("hash", func(b *testing.B) { benchWalk(b, im, true) })
}

func benchWalk(b *testing.B, im *image, hash bool) {
	var files int
	var bytes int64
	for b.Loop() {
		dev, err := disk.Open(im.path, disk.ReadOnly)
		if err != nil {
			b.Fatal(err)
		}
		fs, err := ext4.Mount(dev, ext4.Options{})
		if err != nil {
			b.Fatal(err)
		}
		root, err := fs.Root()
		if err != nil {
			b.Fatal(err)
		}
		files, bytes = 0, 0
		walkBench(b, root, hash, make([]byte, 256<<10), &files, &bytes)
		if err := dev.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(files), "files")
	if hash {
		b.SetBytes(bytes)
	}
}

func walkBench(b *testing.B, dir *ext4.Inode, hash bool, buf []byte, files *int, bytes *int64) {
	for e, err := range dir.ReadDir(0) {
		if err != nil {
			b.Fatal(err)
		}
		if e.Name == "." || e.Name == ".." {
			continue
		}
		n, err := dir.FS().Inode(e.Ino)
		if err != nil {
			b.Fatal(err)
		}
		*files++
		a := n.Attr()
		switch {
		case n.IsDir():
			walkBench(b, n, hash, buf, files, bytes)
		case hash && a.Type() == ondisk.ModeRegular:
			h := sha256.New()
			for off := int64(0); off < a.Size; {
				k, err := n.ReadAt(buf, off)
				if err != nil && err != io.EOF {
					b.Fatal(err)
				}
				h.Write(buf[:k])
				off += int64(k)
			}
			*bytes += a.Size
		}
	}
}

// BenchmarkReadAt reads 4 KiB at random places of a file of 64 MiB.
func BenchmarkReadAt(b *testing.B) {
	src := sourceOf(b, nil)
	if err := os.WriteFile(filepath.Join(src, "file"), noise(1, 64<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, args := range []string{"-t ext4 -b 4096", "-t ext3 -b 4096"} {
		fs, err := ext4.Mount(disk.NewMemFrom(mke2fs(b, src, "128M", args).bytes()), ext4.Options{})
		if err != nil {
			b.Fatal(err)
		}
		root, err := fs.Root()
		if err != nil {
			b.Fatal(err)
		}
		n, err := root.Child("file")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(args[3:7], func(b *testing.B) {
			p, r := make([]byte, 4096), rand.New(rand.NewPCG(1, 2))
			b.SetBytes(4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := n.ReadAt(p, r.Int64N(64<<20-4096)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLookup finds names in directories of several sizes; with an index the size hardly matters.
func BenchmarkLookup(b *testing.B) {
	for _, size := range []int{10, 1000, 20_000} {
		files := map[string][]byte{}
		for i := range size {
			files[fmt.Sprintf("dir/name %d", i)] = nil
		}
		im := mke2fs(b, sourceOf(b, files), "256M", "-t ext4 -b 4096 -N 30000")
		im.e2fsck("-fyD")
		fs, err := ext4.Mount(disk.NewMemFrom(im.bytes()), ext4.Options{})
		if err != nil {
			b.Fatal(err)
		}
		root, err := fs.Root()
		if err != nil {
			b.Fatal(err)
		}
		dir, err := root.Child("dir")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := dir.Lookup(fmt.Sprintf("name %d", i%size)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
