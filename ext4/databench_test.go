package ext4_test

import (
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/mkfs"
)

// benchFile is an empty file on a file system in memory.
func benchFile(b *testing.B, size int64, o ext4.Options) (*ext4.FS, *ext4.Inode) {
	b.Helper()
	mem := disk.NewMem(size)
	mo, err := ext4test.Options("-t ext4 -b 4096")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := mkfs.Format(mem, mo); err != nil {
		b.Fatal(err)
	}
	o.ReadWrite = true
	fs, err := ext4.Mount(mem, o)
	if err != nil {
		b.Fatal(err)
	}
	root, err := fs.Root()
	if err != nil {
		b.Fatal(err)
	}
	n, err := root.Create("f", ext4.NewAttr{Mode: 0o644})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := fs.Close(); err != nil {
			b.Error(err)
		}
	})
	return fs, n
}

// filledFile is a file of size bytes that is in the cache.
func filledFile(b *testing.B, size int64) *ext4.Inode {
	b.Helper()
	_, n := benchFile(b, 2*size+(64<<20), ext4.Options{DataBytes: 3 * size})
	p := noise(1, 1<<20)
	for off := int64(0); off < size; off += int64(len(p)) {
		if _, err := n.WriteAt(p, off); err != nil {
			b.Fatal(err)
		}
	}
	if err := n.Fsync(); err != nil {
		b.Fatal(err)
	}
	return n
}

const benchSize = 64 << 20

func BenchmarkCachedRead(b *testing.B) {
	n := filledFile(b, benchSize)
	p := make([]byte, 4096)
	b.Run("random", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(4096)
		x := uint64(1)
		for b.Loop() {
			x = x*6364136223846793005 + 1442695040888963407
			if _, err := n.ReadAt(p, int64(x>>33)%(benchSize/4096)*4096); err != nil {
				b.Fatal(err)
			}
		}
	})
	big := make([]byte, 1<<20)
	b.Run("sequential", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(1 << 20)
		off := int64(0)
		for b.Loop() {
			if _, err := n.ReadAt(big, off); err != nil {
				b.Fatal(err)
			}
			off = (off + 1<<20) % benchSize
		}
	})
}

func BenchmarkOverwrite(b *testing.B) {
	n := filledFile(b, benchSize)
	p := make([]byte, 4096)
	b.ReportAllocs()
	b.SetBytes(4096)
	x := uint64(1)
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		if _, err := n.WriteAt(p, int64(x>>33)%(benchSize/4096/8)*4096); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSequentialWrite writes a file of 256 MiB and syncs it.
func BenchmarkSequentialWrite(b *testing.B) {
	const size = 256 << 20
	_, n := benchFile(b, 2*size, ext4.Options{})
	p := noise(1, 1<<20)
	b.ReportAllocs()
	b.SetBytes(size)
	for b.Loop() {
		if err := n.Truncate(0); err != nil {
			b.Fatal(err)
		}
		for off := int64(0); off < size; off += int64(len(p)) {
			if _, err := n.WriteAt(p, off); err != nil {
				b.Fatal(err)
			}
		}
		if err := n.Fsync(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStore(b *testing.B) {
	n := filledFile(b, 1<<20)
	m, err := n.Map(0, 1<<20, ext4.MapWrite)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		if err := m.Store(i*8%(1<<20), 8, uint64(i)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
