package prog_test

import (
	"errors"
	"testing"
	"time"

	"extant/internal/model"
	"extant/internal/prog"
)

const seed = `file a 24                     # 24 bytes, inline
thread write a 0 12
thread map a m; store m 0 1
thread sync a
`

// TestSeedRace makes sure that the race that everything began with can be said.
func TestSeedRace(t *testing.T) {
	p, err := prog.Parse(seed)
	if err != nil {
		t.Fatal(err)
	}
	if p.Ops() != 5 || p.Group(1) != 3 || p.Group(0) != 0 {
		t.Errorf("%d operations, %d threads:\n%s", p.Ops(), p.Group(1), p)
	}
}

// TestGenerate makes programs, prints them, reads them back and runs them: the model agrees with itself.
func TestGenerate(t *testing.T) {
	for i := range uint64(200) {
		p := prog.Generate(i, prog.Profile{
			Ops: 50, Model: model.Config{BlockSize: 4096}, Users: true, Maps: true, Handles: true, ACLs: true, Flags: true, Sparse: true, Remount: true,
		})
		text := p.String()
		q, err := prog.Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", i, err, text)
		}
		if q.String() != text {
			t.Fatalf("seed %d:\n%s\nread back as\n%s", i, text, q)
		}
		clock := &prog.Clock{}
		c := model.Config{BlockSize: 4096, Now: clock.Now}
		if err := prog.Differ(q, prog.Model(c), prog.Model(c), clock, prog.Rules{ATimes: true, CTimes: true}); err != nil {
			t.Fatalf("seed %d: %v", i, err)
		}
	}
}

// unclosable is a system whose files cannot be closed.
type unclosable struct{ prog.System }

func (s unclosable) Open(c model.Cred, path string, flags, mode uint32) (prog.File, error) {
	f, err := s.System.Open(c, path, flags, mode)
	return unclosableFile{f}, err
}

type unclosableFile struct{ prog.File }

var errUnclosable = errors.New("cannot be closed")

func (unclosableFile) Close() error { return errUnclosable }

// TestThreadCloses wants to hear of what threads left open and what could not be closed, once.
func TestThreadCloses(t *testing.T) {
	p, err := prog.Parse("create a\nthread open @f a read\n")
	if err != nil {
		t.Fatal(err)
	}
	r := prog.NewRunner(unclosable{prog.Model(model.Config{BlockSize: 4096, Now: time.Now})})
	r.Run(p)
	if err := r.CloseFiles(); !errors.Is(err, errUnclosable) {
		t.Errorf("closed: %v", err)
	}
	if err := r.CloseFiles(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestMinimize leaves what is needed.
func TestMinimize(t *testing.T) {
	p := prog.Generate(1, prog.Profile{Ops: 100, Model: model.Config{BlockSize: 4096}})
	fails := func(p *prog.Program) bool {
		clock := &prog.Clock{}
		sys := prog.Model(model.Config{BlockSize: 4096, Now: clock.Now})
		prog.NewRunner(sys).Run(p)
		st, err := sys.Stat(model.Cred{}, "/", false)
		return err == nil && st.Links > 2
	}
	if q := prog.Minimize(p, fails); q.Ops() != 1 {
		t.Errorf("one mkdir would do:\n%s", q)
	}
}

// BenchmarkGenerate says how many programs of 20 operations a second can be made.
func BenchmarkGenerate(b *testing.B) {
	start := time.Now()
	for i := range b.N {
		prog.Generate(uint64(i), prog.Profile{Ops: 20, Model: model.Config{BlockSize: 4096}})
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "programs/s")
}
