// Command locks measures what a pair of Lock and Unlock costs with extant's sched and lockdep, beside package
// sync and go-deadlock, and how fast control goes from one goroutine to another, which no explorer of schedules
// can outrun.
//
//	go run ./locks [-n WINDOWS] [-run REGEXP]
//
// Every case is measured in many short windows, all cases in turn. On a machine that does other work, too, the
// best window says what the code can do, and the median what the machine had left.
package main

import (
	"flag"
	"fmt"
	"log"
	"regexp"
	"runtime"
	"slices"
	"time"
)

// window is how long one measurement is to last: shorter than a scheduler's time slice, so that many windows
// are not interrupted.
const window = 500 * time.Microsecond

// A test is a case: run does its operation n times, after start and before stop, which are not measured.
type test struct {
	name        string
	start, stop func()
	run         func(n int)

	n       int // operations in a window
	samples []float64
}

func main() {
	log.SetFlags(0)
	windows := flag.Int("n", 1000, "windows of each case")
	only := flag.String("run", "", "regular expression that chooses cases by name")
	flag.Parse()
	choose, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal(err)
	}
	tests := slices.DeleteFunc(append(pairs(), handoffs()...), func(t *test) bool { return !choose.MatchString(t.name) })
	for _, t := range tests {
		t.fit()
	}
	for range *windows {
		for _, t := range tests {
			took := t.measure()
			t.samples = append(t.samples, float64(took.Nanoseconds())/float64(t.n))
		}
	}
	fmt.Printf("%s, %d cores, %d windows of %v\n\n", runtime.Version(), runtime.NumCPU(), *windows, window)
	fmt.Println("| case | best ns | median ns |")
	fmt.Println("|---|---:|---:|")
	for _, t := range tests {
		slices.Sort(t.samples)
		fmt.Printf("| %s | %.1f | %.1f |\n", t.name, t.samples[0], t.samples[len(t.samples)/2])
	}
}

// fit finds how many operations fill a window, by the best of a few tries at growing counts.
func (t *test) fit() {
	for t.n = 1; ; t.n *= 2 {
		best := min(t.measure(), t.measure(), t.measure())
		if best >= window {
			return
		}
	}
}

func (t *test) measure() time.Duration {
	t.start()
	defer t.stop()
	t.run(1)
	begin := time.Now()
	t.run(t.n)
	return time.Since(begin)
}
