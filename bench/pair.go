package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A test is one command to measure. Before each run its setup runs, unmeasured.
type test struct {
	name  string
	setup []string   // a shell command
	run   []string   // the measured command
	also  [][]string // measured commands that belong to it, after run
	undo  []string   // a shell command, after each run, unmeasured
}

// A pair is a case: extant and the peer do the same work in turn.
type pair struct {
	name        string
	extant      test
	peer        test
	allowStatus int // exit status of the peer that is no failure, beside 0
}

type sample struct {
	wall, cpu time.Duration
	peak      int64         // KiB
	others    time.Duration // what everybody else had of the processors meanwhile
}

// measure runs both commands in turn and returns a row of the table.
func (b *bench) measure(p pair) (string, error) {
	var ours, theirs []sample
	for i, again := 0, 0; i <= b.runs; i++ {
		a, err := p.extant.once()
		if err != nil {
			return "", fmt.Errorf("extant: %w", err)
		}
		z, err := p.peer.once()
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.peer.name, err)
		}
		if i > 0 && !(b.alone(a) && b.alone(z)) && again < 10*b.runs {
			i, again = i-1, again+1
			continue
		}
		if i > 0 {
			ours, theirs = append(ours, a), append(theirs, z)
		}
	}
	return row(p, ours, theirs), nil
}

// alone reports whether a command had the processors for itself while it ran, as far as was asked for. A tick of the clock at its beginning and one
// at its end may be somebody else's.
func (b *bench) alone(s sample) bool {
	return b.share <= 0 || s.others < time.Duration(b.share*float64(s.wall))+20*time.Millisecond
}

func (t test) once() (sample, error) {
	var total sample
	if err := shell(t.setup); err != nil {
		return total, err
	}
	for _, args := range append([][]string{t.run}, t.also...) {
		s, err := timed(args)
		if err != nil {
			return total, err
		}
		total.wall += s.wall
		total.cpu += s.cpu
		total.others += s.others
		total.peak = max(total.peak, s.peak)
	}
	return total, shell(t.undo)
}

func timed(args []string) (sample, error) {
	cmd := exec.Command(args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	before, start := busy(), time.Now()
	err := cmd.Run()
	wall, all := time.Since(start), busy()-before
	if err != nil {
		return sample{}, fmt.Errorf("%q: %w: %s", args, err, stderr.Bytes())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return sample{wall: wall, cpu: cpu, peak: usage.Maxrss, others: all - cpu}, nil
}

// busy is how long the processors have worked since the system started.
func busy() (sum time.Duration) {
	stat, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, word := range strings.Fields(line) {
		if i == 4 || i == 5 || i > 7 { // idle, waiting for a disk; stolen, and guests that are counted already
			continue
		}
		n, _ := strconv.ParseInt(word, 10, 64) // "cpu" is none
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}

func shell(lines []string) error {
	for _, line := range lines {
		if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	return nil
}

func row(p pair, a, z []sample) string {
	wall := func(s sample) float64 { return s.wall.Seconds() }
	cpu := func(s sample) float64 { return s.cpu.Seconds() }
	peak := func(s sample) float64 { return float64(s.peak) / 1024 }
	return fmt.Sprintf("| %s | %.3f | %.3f | %.0f | %s | %.3f | %.3f | %.0f | %s | %s |",
		p.name, median(a, wall), median(a, cpu), median(a, peak), p.peer.name,
		median(z, wall), median(z, cpu), median(z, peak), ratios(a, z, wall), ratios(a, z, cpu))
}

func median(s []sample, of func(sample) float64) float64 {
	v := make([]float64, len(s))
	for i := range s {
		v[i] = of(s[i])
	}
	return middle(v)
}

func middle(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// ratios is the median, and the span, of the ratio taken pair by pair.
func ratios(a, z []sample, of func(sample) float64) string {
	v := make([]float64, len(a))
	for i := range a {
		v[i] = of(a[i]) / max(of(z[i]), 1e-6)
	}
	m := middle(v)
	return fmt.Sprintf("%.2f [%.2f-%.2f]", m, v[0], v[len(v)-1])
}
