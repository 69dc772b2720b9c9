package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// A workload is a case: something to do on either system, and what of it is measured.
type workload struct {
	name    string
	figures []figure
	diskfs  bool // the peer is go-diskfs
	options options
	run     func(s system, r *result) error
}

// A figure is something measured.
type figure struct{ name, unit, wanted string }

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

var (
	plain = options{size: 2 * gib, inodes: 70_000, data: 256 * mib}
	roomy = options{size: 2 * gib, inodes: 70_000, data: gib}
)

var cases = []workload{
	{"names", []figure{
		{"50,000 files: create, write 100 B, close", "s", "0.7"}, {"50,000 files: stat", "s", "0.7"}, {"50,000 files: unlink", "s", "0.7"},
	}, false, roomy, names},
	{"parallel names", []figure{
		{"create: two goroutines over one", "x", "1.7 of extant"}, {"stat: two goroutines over one", "x", "1.7 of extant"}, {"unlink: two goroutines over one", "x", "1.7 of extant"},
	}, false, roomy, parallelNames},
	{"reads", []figure{
		{"4 KiB reads at random in 8 MiB, cached", "/s", "at least 3"}, {"4 KiB reads at random in 256 MiB, cached", "/s", "at least 3"},
		{"1 MiB reads in order, cached", "MB/s", "at least 1"},
	}, false, roomy, reads},
	{"write", []figure{{"1 GiB written in order, fsync", "s", "1.2"}}, false, plain, write},
	{"overwrite", []figure{{"65,536 x 4 KiB overwritten at random, fsync", "s", "1"}}, false, roomy, overwrite},
	{"append", []figure{{"1,000 x (append 4 KiB, fsync)", "s", "1.2"}}, false, plain, appendSync},
	{"group", []figure{
		{"append 100 B, fsync: one goroutine", "/s", ""}, {"append 100 B, fsync: 16 goroutines over one", "x", "at least 4 of extant"},
	}, false, plain, groupSync},
	{"diskfs", []figure{
		{"900 files: create, write 100 B, close", "s", "0.1"}, {"900 files: stat", "s", "0.1"}, {"900 files: unlink", "s", "0.1"},
	}, true, options{size: gib, data: 256 * mib}, func(s system, r *result) error { return eachName(s, r, "900 files: ", 900) }},
}

func names(s system, r *result) error { return eachName(s, r, "50,000 files: ", 50_000) }

func eachName(s system, r *result, prefix string, files int) error {
	d, err := s.mkdir("dir")
	if err != nil {
		return err
	}
	remember(d)
	for _, w := range []struct {
		what string
		do   func(d folder, name string) error
	}{{"create, write 100 B, close", createOne}, {"stat", statOne}, {"unlink", unlinkOne}} {
		r.begin()
		if err := inFolder(d, 0, files, w.do); err != nil {
			return err
		}
		r.wall(prefix + w.what)
	}
	return nil
}

// remember has a folder of the kernel's closed before it is unmounted.
func remember(d folder) {
	if k, ok := d.(kernelFolder); ok {
		folders[k] = struct{}{}
	}
}

var hundred = make([]byte, 100)

func createOne(d folder, name string) error {
	f, err := d.create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(hundred, 0)
	return errors.Join(err, f.Close())
}

func statOne(d folder, name string) error   { return d.stat(name) }
func unlinkOne(d folder, name string) error { return d.unlink(name) }

func inFolder(d folder, first, files int, do func(folder, string) error) error {
	for i := range files {
		if err := do(d, fmt.Sprintf("file-%06d", first+i)); err != nil {
			return err
		}
	}
	return nil
}

// parallelNames does the work on 15,000 files in each of two directories by one goroutine, and on as many in each of two others by one goroutine each. It
// goes from the one to the other every 1,000 files, for what a name costs depends on how many there are.
func parallelNames(s system, r *result) error {
	const files, turn = 15_000, 1_000
	var dirs [4]folder
	for i := range dirs {
		var err error
		if dirs[i], err = s.mkdir(fmt.Sprint("dir", i)); err != nil {
			return err
		}
		remember(dirs[i])
	}
	for _, w := range []struct {
		what string
		do   func(d folder, name string) error
	}{{"create", createOne}, {"stat", statOne}, {"unlink", unlinkOne}} {
		r.begin()
		var one, two time.Duration
		for first := 0; first < files; first += turn {
			start := time.Now()
			if err := errors.Join(inFolder(dirs[0], first, turn, w.do), inFolder(dirs[1], first, turn, w.do)); err != nil {
				return err
			}
			half := time.Now()
			if err := together(2, func(i int) error { return inFolder(dirs[2+i], first, turn, w.do) }); err != nil {
				return err
			}
			one, two = one+half.Sub(start), two+time.Since(half)
		}
		r.figures[w.what+": two goroutines over one"] = one.Seconds() / two.Seconds()
	}
	return nil
}

func together(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// filled is a file of size bytes, written and synced.
func filled(s system, size int64) (regular, error) {
	d, err := s.mkdir("data")
	if err != nil {
		return nil, err
	}
	remember(d)
	f, err := d.create("file")
	if err != nil {
		return nil, err
	}
	p := make([]byte, mib)
	for i := range p {
		p[i] = byte(i*7 + i>>8)
	}
	for off := int64(0); off < size; off += mib {
		if _, err := f.WriteAt(p, off); err != nil {
			return nil, err
		}
	}
	return f, f.Sync()
}

// random calls do for n offsets of blocks in size bytes.
func random(n int, size int64, do func(off int64) error) error {
	x := uint64(1)
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
		if err := do(int64(x>>33) % (size / (4 * kib)) * (4 * kib)); err != nil {
			return err
		}
	}
	return nil
}

func reads(s system, r *result) error {
	const size, n = 256 * mib, 500_000
	f, err := filled(s, size)
	if err != nil {
		return err
	}
	defer f.Close()
	p := make([]byte, mib)
	read := func(off int64) error { _, err := f.ReadAt(p[:4*kib], off); return err }
	for _, part := range []int64{8 * mib, size} {
		if err := random(n/10, part, read); err != nil {
			return err
		}
		r.begin()
		if err := random(n, part, read); err != nil {
			return err
		}
		r.rate(fmt.Sprintf("4 KiB reads at random in %d MiB, cached", part/mib), n)
	}
	r.begin()
	for i := range int64(8 * size / mib) {
		if _, err := f.ReadAt(p, i*mib%size); err != nil {
			return err
		}
	}
	r.rate("1 MiB reads in order, cached", 8*size/1e6)
	return nil
}

func write(s system, r *result) error {
	r.begin()
	f, err := filled(s, gib)
	if err != nil {
		return err
	}
	r.wall("1 GiB written in order, fsync")
	return f.Close()
}

func overwrite(s system, r *result) error {
	const size = 256 * mib
	f, err := filled(s, size)
	if err != nil {
		return err
	}
	defer f.Close()
	p := make([]byte, 4*kib)
	r.begin()
	if err := random(65_536, size, func(off int64) error { _, err := f.WriteAt(p, off); return err }); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	r.wall("65,536 x 4 KiB overwritten at random, fsync")
	return nil
}

func appendSync(s system, r *result) error {
	d, err := s.mkdir("logs")
	if err != nil {
		return err
	}
	remember(d)
	r.begin()
	if err := appends(d, "log", 1000, make([]byte, 4*kib)); err != nil {
		return err
	}
	r.wall("1,000 x (append 4 KiB, fsync)")
	return nil
}

func appends(d folder, name string, n int, p []byte) error {
	f, err := d.create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := range n {
		if _, err := f.WriteAt(p, int64(i*len(p))); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

func groupSync(s system, r *result) error {
	const each = 500
	d, err := s.mkdir("logs")
	if err != nil {
		return err
	}
	remember(d)
	r.begin()
	if err := appends(d, "one", 4*each, hundred); err != nil {
		return err
	}
	r.rate("append 100 B, fsync: one goroutine", 4*each)
	r.begin()
	if err := together(16, func(i int) error { return appends(d, fmt.Sprint("log", i), each, hundred) }); err != nil {
		return err
	}
	r.rate("sixteen", 16*each)
	r.figures["append 100 B, fsync: 16 goroutines over one"] = r.figures["sixteen"] / r.figures["append 100 B, fsync: one goroutine"]
	return nil
}
