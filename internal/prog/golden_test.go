package prog_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"extant/internal/model"
	"extant/internal/prog"
)

var update = flag.Bool("update", false, "write what the model says into the scripts")

// TestScripts runs the scripts of testdata on the model.
func TestScripts(t *testing.T) {
	list, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(list) == 0 {
		t.Fatal("no scripts:", err)
	}
	for _, name := range list {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			program, want := prog.SplitScript(string(text))
			p, err := prog.Parse(program)
			if err != nil {
				t.Fatal(err)
			}
			got := transcript(t, p)
			if *update {
				if err := os.WriteFile(name, []byte(program+"---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
			}
		})
	}
}

func transcript(t *testing.T, p *prog.Program) string {
	clock := &prog.Clock{}
	sys := prog.Model(model.Config{BlockSize: 4096, ClusterSize: 16384, SizeMax: 17592186040320, Now: clock.Now})
	r := prog.NewRunner(sys)
	r.Clock = clock
	out := r.Run(p)
	if err := r.CloseFiles(); err != nil {
		t.Error(err)
	}
	tree, err := prog.Snapshot(sys)
	if err != nil {
		t.Error(err)
	}
	return prog.Transcript(p, out, tree)
}
