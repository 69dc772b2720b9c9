// Command engine measures the read-write engine beside the kernel's ext4: the same work through package ext4 and through system calls
// on a loop mount, in turn, on images of the same kind that package mkfs makes.
//
//	GODEBUG=madvdontneed=0 go run ./engine [-n RUNS] [-dir DIR] [-run REGEXP]     print a table row per case
//	go run ./engine -curves [-dir DIR]                     print how cost grows with size
//	go run ./engine -memory MIB [-dir DIR]                 print what a working set of 2 GiB takes with so much memory for data
//
// It wants root, and a directory in memory with 3 GB free (the default is under /dev/shm). Each run begins with a fresh image.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	log.SetFlags(0)
	n := flag.Int("n", 5, "counted runs of each, after one warm-up")
	dir := flag.String("dir", "/dev/shm/extant-engine", "where images lie")
	only := flag.String("run", "", "regular expression that chooses cases by name")
	curves := flag.Bool("curves", false, "print how cost grows with size")
	memory := flag.Int64("memory", 0, "measure the memory for a working set of 2 GiB with this much for data, in MiB")
	alone := flag.String("profile", "", "run extant alone and write a profile of the processor there")
	flag.Parse()
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		log.Fatal(err)
	}
	b := &bench{img: filepath.Join(*dir, "engine.img"), mnt: filepath.Join(*dir, "mnt"), runs: *n}
	defer os.Remove(b.img)
	if *memory == 0 {
		warm()
	}
	var err error
	switch {
	case *curves:
		err = b.curves(regexp.MustCompile(*only))
	case *memory > 0:
		err = b.memory(*memory << 20)
	case *alone != "":
		err = b.profile(*alone, regexp.MustCompile(*only))
	default:
		err = b.table(regexp.MustCompile(*only))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// warm has the process use a GiB once. The kernel's cache is made of memory that the machine has; a process's has to be found first, which on a virtual
// machine costs more than all that is measured here, and comes in large pages, as the pool of folios asks for. With GODEBUG=madvdontneed=0 it keeps what it
// once had.
func warm() {
	p := make([]byte, gib)
	_ = unix.Madvise(p, unix.MADV_HUGEPAGE) // it is warm in small pages as well
	for i := 0; i < len(p); i += 4 * kib {
		p[i] = 1
	}
	runtime.KeepAlive(p)
	p = nil
	runtime.GC()
}

// bench is where things lie and how often each case runs.
type bench struct {
	img, mnt string
	runs     int
}

// table prints a row per case.
func (b *bench) table(choose *regexp.Regexp) error {
	fmt.Printf("%s, %d cores, median of %d\n\n", runtime.Version(), runtime.NumCPU(), b.runs)
	fmt.Println("| case | extant | peer | peer's | ratio | wanted |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, c := range cases {
		if !choose.MatchString(c.name) {
			continue
		}
		if err := b.compare(c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// compare runs a case on both in turn and prints its rows.
func (b *bench) compare(c workload) error {
	ours, theirs := map[string][]float64{}, map[string][]float64{}
	for i := range b.runs + 1 {
		a, err := b.once(b.extant, c)
		if err != nil {
			return fmt.Errorf("extant: %w", err)
		}
		peer := b.kernel
		if c.diskfs {
			peer = b.diskfs
		}
		z, err := b.once(peer, c)
		if err != nil {
			return fmt.Errorf("peer: %w", err)
		}
		if i == 0 {
			continue
		}
		for what := range a {
			ours[what] = append(ours[what], a[what])
			theirs[what] = append(theirs[what], z[what])
		}
	}
	for _, f := range c.figures {
		b.row(c, f, ours[f.name], theirs[f.name])
	}
	return nil
}

func (b *bench) row(c workload, f figure, ours, theirs []float64) {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	lo, hi := slices.Min(ratios), slices.Max(ratios)
	peer := "kernel, loop mount"
	if c.diskfs {
		peer = "go-diskfs"
	}
	fmt.Printf("| %s | %.4g %s | %s | %.4g %s | %.2f [%.2f-%.2f] | %s |\n", f.name, middle(ours), f.unit, peer, middle(theirs), f.unit, middle(ratios), lo, hi, f.wanted)
}

func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// once runs a case on a fresh file system.
func (b *bench) once(open func(options) (system, error), c workload) (map[string]float64, error) {
	s, err := open(c.options)
	if err != nil {
		return nil, err
	}
	r := &result{figures: map[string]float64{}}
	err = c.run(s, r)
	if cerr := s.close(); err == nil {
		err = cerr
	}
	return r.figures, err
}

// profile runs the cases on extant alone.
func (b *bench) profile(path string, choose *regexp.Regexp) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1000)
	defer func() {
		for _, kind := range []string{"mutex", "block"} {
			if f, err := os.Create(path + "." + kind); err == nil {
				pprof.Lookup(kind).WriteTo(f, 0)
				f.Close()
			}
		}
	}()
	for range b.runs {
		for _, c := range cases {
			if choose.MatchString(c.name) {
				figures, err := b.once(b.extant, c)
				if err != nil {
					return err
				}
				fmt.Println(c.name, figures)
			}
		}
	}
	return nil
}

// result gathers the figures of a run.
type result struct {
	figures map[string]float64
	start   time.Time
}

func (r *result) begin() {
	runtime.GC()
	r.start = time.Now()
}

// wall keeps the seconds since begin.
func (r *result) wall(name string) { r.figures[name] = time.Since(r.start).Seconds() }

// rate keeps n a second since begin.
func (r *result) rate(name string, n float64) { r.figures[name] = n / time.Since(r.start).Seconds() }
