package prog_test

import (
	"flag"
	"os"
	"testing"

	"extant/internal/model"
	"extant/internal/prog"
)

var update = flag.Bool("update", false, "write what the model says into the scripts")

// TestScripts runs the scripts of testdata on the model.
func TestScripts(t *testing.T) {
	scripts, err := prog.ReadScripts("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name(), func(t *testing.T) {
			got := transcript(t, s.Program)
			if *update {
				if err := os.WriteFile(s.Path, []byte(s.Text+"---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != s.Want {
				t.Errorf("%s: got\n%s\nwant\n%s", s.Path, got, s.Want)
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
