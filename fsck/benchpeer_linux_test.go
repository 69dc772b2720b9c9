//go:build linux

package fsck_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
	"extant/mkfs"
)

// BenchmarkSmall checks a clean file system of 1 to 4 MiB in memory, as tests of the engine do after every operation.
func BenchmarkSmall(b *testing.B) {
	for _, size := range []int64{1, 4} {
		b.Run(map[int64]string{1: "1MiB", 4: "4MiB"}[size], func(b *testing.B) {
			dev := disk.NewMem(size << 20)
			if _, err := mkfs.Format(dev, mkfs.Options{BlockSize: 1024}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				benchCheck(b, dev, 1)
			}
		})
	}
}

// BenchmarkEmptyTerabyte checks an empty sparse file system of 1 TiB.
func BenchmarkEmptyTerabyte(b *testing.B) {
	dev := disk.NewMem(1 << 40)
	if _, err := mkfs.Format(dev, mkfs.Options{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		benchCheck(b, dev, 2)
	}
}

func benchCheck(b *testing.B, dev disk.Device, workers int) {
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Workers: workers})
	if err != nil || !r.Clean() {
		b.Fatal(err, r)
	}
}

// BenchmarkPeer checks the images in the folder that EXTANT_BENCH_IMAGES names beside e2fsck -fn, by turns, and reports the ratios
// of wall and processor times.
func BenchmarkPeer(b *testing.B) {
	images, _ := filepath.Glob(filepath.Join(os.Getenv("EXTANT_BENCH_IMAGES"), "*.img"))
	if os.Getenv("EXTANT_BENCH_IMAGES") == "" || len(images) == 0 {
		b.Skip("EXTANT_BENCH_IMAGES names no folder with images")
	}
	for _, path := range images {
		b.Run(filepath.Base(path), func(b *testing.B) {
			var ours, theirs cost
			for b.Loop() {
				ours.add(measure(func() { checkFile(b, path) }))
				theirs.add(peer(b, path))
			}
			b.ReportMetric(ours.wall.Seconds()/theirs.wall.Seconds(), "wall/e2fsck")
			b.ReportMetric(ours.cpu.Seconds()/theirs.cpu.Seconds(), "cpu/e2fsck")
			b.ReportMetric(ours.cpu.Seconds()*1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(theirs.cpu.Seconds()*1000/float64(b.N), "e2fsck-cpu-ms/op")
		})
	}
}

type cost struct{ wall, cpu time.Duration }

func (c *cost) add(d cost) { c.wall, c.cpu = c.wall+d.wall, c.cpu+d.cpu }

func checkFile(b *testing.B, path string) {
	dev, err := disk.Open(path, disk.ReadOnly)
	if err != nil {
		b.Fatal(err)
	}
	defer dev.Close()
	benchCheck(b, dev, 2)
}

func peer(b *testing.B, path string) cost {
	cmd := exec.Command("e2fsck", "-fn", path)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return cost{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}
