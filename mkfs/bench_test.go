package mkfs_test

import (
	"path/filepath"
	"testing"

	"extant/disk"
	"extant/mkfs"
)

// BenchmarkEmpty makes empty file systems in sparse files.
func BenchmarkEmpty(b *testing.B) {
	for _, s := range []string{"64M", "20G", "16T"} {
		b.Run(s, func(b *testing.B) {
			o := options(b, "-t ext4")
			path := filepath.Join(tempDir(b), "img")
			for b.Loop() {
				d, err := disk.Create(path, size(b, s))
				if err != nil {
					b.Fatal(err)
				}
				o.Rand = options(b, "").Rand
				if _, err := mkfs.Format(d, o); err != nil {
					b.Fatal(err)
				}
				d.Close()
			}
		})
	}
}
