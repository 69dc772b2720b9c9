package ext4_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"extant/ext4"
)

// TestConcurrentUse reads one mounted file system from many goroutines at once, through caches too small for it.
func TestConcurrentUse(t *testing.T) {
	files := map[string][]byte{}
	for i, name := range names(300) {
		files[path.Join([]string{"a", "b", "c/d"}[i%3], name)] = noise(uint64(i), i*50)
	}
	im := mke2fs(t, sourceOf(t, files), "16M", "-t ext4 -b 1024")
	im.e2fsck("-fyD")
	want := readTree(t, im.mount(ext4.Options{}))
	fs := im.mount(ext4.Options{CacheBytes: 64 << 10})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { compareTrees(t, readTree(t, fs), want, nil) })
	}
	for i := range 4 {
		wg.Go(func() {
			for _, name := range slices.Sorted(maps.Keys(files)) {
				n, err := fs.Root()
				for _, part := range strings.Split(name, "/") {
					if err == nil {
						n, err = n.Child(part)
					}
				}
				if err != nil {
					t.Errorf("%q: %v", name, err)
					return
				}
				b := make([]byte, 300)
				if k, _ := n.ReadAt(b, int64(i*10)); string(b[:k]) != string(files[name][min(i*10, len(files[name])):][:k]) {
					t.Errorf("%q: content differs", name)
				}
			}
		})
	}
	wg.Wait()
}
