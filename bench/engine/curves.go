package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/mkfs"
)

// curves prints how cost grows with size, of extant alone.
func (b *bench) curves(choose *regexp.Regexp) error {
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"entries", b.entries}, {"offsets", b.offsets}, {"extents", b.extents}, {"mount", b.mountHuge},
	} {
		if choose.MatchString(c.name) {
			if err := c.run(); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// entries fills one directory with a million names.
func (b *bench) entries() error {
	s, err := b.extant(options{size: 1536 * mib, inodes: 1_010_000, data: 64 * mib})
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.mkdir("dir")
	if err != nil {
		return err
	}
	fmt.Println("| entries of the directory | create, ns | lookup, ns |")
	fmt.Println("|---:|---:|---:|")
	const step = 100_000
	for n := 0; n < 1_000_000; n += step {
		start := time.Now()
		for i := range step {
			f, err := d.create(fmt.Sprintf("file-%07d", n+i))
			if err != nil {
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
		}
		made := time.Since(start)
		start = time.Now()
		for i := range step {
			if _, err := d.(extantFolder).Lookup(fmt.Sprintf("file-%07d", (n+step)/step*i)); err != nil {
				return err
			}
		}
		fmt.Printf("| %d | %d | %d |\n", n+step, made.Nanoseconds()/step, time.Since(start).Nanoseconds()/step)
	}
	return nil
}

// offsets writes and reads blocks ever further out in a file that ends up 16 TiB long.
func (b *bench) offsets() error {
	s, err := b.extant(plain)
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.mkdir("dir")
	if err != nil {
		return err
	}
	f, err := d.create("sparse")
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Println("\n| offset | 1,000 blocks written there and synced, ms | a cached read, ns |")
	fmt.Println("|---:|---:|---:|")
	p := make([]byte, 4*kib)
	for _, off := range []int64{0, gib, 1 << 40, 4 << 40, 16<<40 - 512*mib} {
		start := time.Now()
		for i := range int64(1000) {
			if _, err := f.WriteAt(p, off+i*64*kib); err != nil {
				return err
			}
		}
		if err := f.Sync(); err != nil {
			return err
		}
		wrote := time.Since(start)
		start = time.Now()
		const reads = 100_000
		for i := range int64(reads) {
			if _, err := f.ReadAt(p, off+i*7%1000*64*kib); err != nil {
				return err
			}
		}
		fmt.Printf("| %d GiB | %.1f | %d |\n", off/gib, wrote.Seconds()*1e3, time.Since(start).Nanoseconds()/reads)
	}
	return nil
}

// extents reads files of more and more extents from the device, at random.
func (b *bench) extents() error {
	s, err := b.extant(options{size: 2 * gib, data: 1 * mib})
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.mkdir("dir")
	if err != nil {
		return err
	}
	fmt.Println("\n| extents of the file | written and synced, ns a block | an uncached read, ns |")
	fmt.Println("|---:|---:|---:|")
	p := make([]byte, 4*kib)
	for _, n := range []int64{10, 100, 1000, 10_000, 100_000} {
		f, err := d.create(fmt.Sprint("file", n))
		if err != nil {
			return err
		}
		start := time.Now()
		for i := range n {
			if _, err := f.WriteAt(p, i*8*kib); err != nil {
				return err
			}
		}
		if err := f.Sync(); err != nil {
			return err
		}
		wrote := time.Since(start)
		if err := s.(*extantSystem).fs.Sync(); err != nil {
			return err
		}
		start = time.Now()
		const reads = 20_000
		for i := range int64(reads) {
			if _, err := f.ReadAt(p, i*7919%n*8*kib); err != nil {
				return err
			}
		}
		fmt.Printf("| %d | %d | %d |\n", n, wrote.Nanoseconds()/n, time.Since(start).Nanoseconds()/reads)
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// mountHuge mounts ever larger sparse images to write, makes a file in each, and unmounts them.
func (b *bench) mountHuge() error {
	fmt.Println("\n| image | mounted to write, ms | heap then, MiB | first file made, ms | unmounted, ms |")
	fmt.Println("|---:|---:|---:|---:|---:|")
	for _, size := range []int64{gib, 1 << 40, 16 << 40, 64 << 40} {
		if err := b.mountOne(size); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) mountOne(size int64) error {
	dev, err := disk.Create(b.img, min(size, 15<<40))
	if size > 15<<40 { // more than the host's files can have: in memory
		dev.Close()
		return b.mountDevice(disk.NewMem(size), size)
	}
	if err != nil {
		return err
	}
	defer dev.Close()
	return b.mountDevice(dev, size)
}

func (b *bench) mountDevice(dev disk.Device, size int64) error {
	if _, err := mkfs.Format(dev, mkfs.Options{}); err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	fs, err := ext4.Mount(dev, ext4.Options{ReadWrite: true})
	if err != nil {
		return err
	}
	mounted := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	start = time.Now()
	root, err := fs.Root()
	if err != nil {
		return err
	}
	if _, err := root.Create("file", ext4.NewAttr{Mode: 0o644}); err != nil {
		return err
	}
	made := time.Since(start)
	start = time.Now()
	if err := fs.Close(); err != nil {
		return err
	}
	fmt.Printf("| %d GiB | %.2f | %.2f | %.2f | %.1f |\n", size/gib, mounted.Seconds()*1e3,
		(float64(after.HeapAlloc)-float64(before.HeapAlloc))/mib, made.Seconds()*1e3, time.Since(start).Seconds()*1e3)
	return nil
}

// memory writes and reads 2 GiB at random with little memory for it.
func (b *bench) memory(data int64) error {
	const size = 2 * gib
	s, err := b.extant(options{size: 2304 * mib, data: data})
	if err != nil {
		return err
	}
	f, err := filled(s, size)
	if err != nil {
		return err
	}
	p := make([]byte, 4*kib)
	start := time.Now()
	err = random(200_000, size, func(off int64) error {
		if _, err := f.ReadAt(p, off); err != nil {
			return err
		}
		_, err := f.WriteAt(p, off)
		return err
	})
	if err != nil {
		return err
	}
	wall := time.Since(start)
	if err := f.Close(); err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return err
	}
	fmt.Printf("2 GiB written in order, then 200,000 blocks read and written at random (%.1f s), %d MiB for data: peak %s\n",
		wall.Seconds(), data/mib, peak())
	return nil
}

// peak is the most memory that the process has had, as the kernel says it.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
