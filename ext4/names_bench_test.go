package ext4_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"extant/ext4"
)

// BenchmarkNames makes, looks at and removes many files in one directory. An operation is one file.
func BenchmarkNames(b *testing.B) {
	for _, k := range []struct{ name, args string }{
		{"default", "-t ext4"}, {"no_journal", "-t ext4 -O ^has_journal"},
	} {
		b.Run(k.name, func(b *testing.B) {
			const files = 50_000
			names := make([]string, files)
			for i := range names {
				names[i] = fmt.Sprintf("file-%05d", i)
			}
			for b.Loop() {
				s := newScratch(b, 512<<20, k.args+" -N 65536", ext4.Options{})
				s.damaged = true // so that checking is not measured
				dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
				s.must("mkdir", err)
				each := func(what string, f func(name string) error) {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					start := time.Now()
					for _, name := range names {
						if err := f(name); err != nil {
							b.Fatal(what, err)
						}
					}
					ns := time.Since(start).Nanoseconds()
					runtime.ReadMemStats(&after)
					b.ReportMetric(float64(ns)/files, "ns/"+what)
					b.ReportMetric(float64(after.Mallocs-before.Mallocs)/files, "allocs/"+what)
				}
				each("create", func(name string) error { _, err := dir.Create(name, ext4.NewAttr{Mode: 0o644}); return err })
				each("stat", func(name string) error {
					n, err := dir.Child(name)
					if err == nil {
						_ = n.Attr()
					}
					return err
				})
				each("unlink", func(name string) error { return dir.Unlink(name, nil) })
				s.unmount()
			}
		})
	}
}
