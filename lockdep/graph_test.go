package lockdep_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// graphOf returns what a validator sees of f.
func graphOf(t *testing.T, f func()) *lockdep.Graph {
	t.Helper()
	v := lockdep.New(lockdep.Config{Events: true, Report: func(*lockdep.Report) {}})
	detach := v.Attach()
	f()
	detach()
	return v.Graph()
}

// halves returns graphs of two runs that are fine by themselves and form a circle together.
func halves(t *testing.T) (g, h *lockdep.Graph) {
	m := mutexes("a", "b")
	rw := rwMutexes("rw")[0]
	g = graphOf(t, func() {
		nest(m[0], m[1])
		rw.RLock()
		nest(m[0])
		rw.RUnlock()
	})
	h = graphOf(t, func() { nest(m[1], m[0]) })
	return g, h
}

func encode(t *testing.T, g *lockdep.Graph) string {
	t.Helper()
	var b bytes.Buffer
	if err := g.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMerge(t *testing.T) {
	g, h := halves(t)
	if r, err := g.Cycles(); err != nil || len(r) != 0 {
		t.Fatalf("one half: %d circles, error %v", len(r), err)
	}
	if err := g.Merge(h); err != nil {
		t.Fatal(err)
	}
	r, err := g.Cycles()
	if err != nil || len(r) != 1 || r[0].Kind != lockdep.Circular {
		t.Fatalf("both halves: %v, error %v", r, err)
	}
	if s := r[0].Chain[1].Stack; len(s) == 0 || !strings.Contains(s[0], "nest") {
		t.Errorf("the stacks are lost: %q", s)
	}
	before := encode(t, g)
	if err := g.Merge(h); err != nil || encode(t, g) != before {
		t.Errorf("merging again changes the graph (error %v)", err)
	}
}

func TestLoadedGraphCounts(t *testing.T) {
	g, _ := halves(t)
	v, f := collect(t, lockdep.Config{})
	if err := v.Load(g); err != nil {
		t.Fatal(err)
	}
	m := mutexes("a", "b")
	nest(m[1], m[0])
	f.expect(t, lockdep.Circular)
}

func TestEncode(t *testing.T) {
	g, _ := halves(t)
	text := encode(t, g)
	back, err := lockdep.DecodeGraph(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, back); again != text {
		t.Errorf("decoded and encoded:\n%s\nwant:\n%s", again, text)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, bad := range []string{
		`{`, `{"Nodes":[{"Name":"a","Class":"b","Kind":"lock"}]}`, `{"Nodes":[{"Name":"a","Class":"a","Kind":"?"}]}`,
		`{"Nodes":[{"Name":"a/9","Class":"a","Level":9,"Kind":"lock"}]}`,
		`{"Nodes":[{"Name":"a","Class":"a","Kind":"lock","Writers":[[{"Name":"b"}]]}]}`,
		`{"Edges":[{"From":"a","To":"b","Ways":[{"Held":"exclusive","Taken":"shared"}]}]}`,
	} {
		if _, err := lockdep.DecodeGraph(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// drawn is a graph with every kind of node, a circle, and names that need quoting.
func drawn(t *testing.T) *lockdep.Graph {
	return graphOf(t, func() {
		m := mutexes(`&"s_lock`, "<b>", "c")
		nest(m[0], m[1], m[2])
		nest(m[2], m[1])
		var handle sched.Pseudo
		handle.Init(class("handle"))
		reclaim := sched.Context{Class: class("reclaim")}
		var done sched.Event
		done.Init(class("done"))
		handle.Acquire(sched.Recursive)
		reclaim.May()
		m[0].Lock()
		done.Fire()
		done.Wait()
		m[0].Unlock()
		handle.Release()
	})
}

func TestDOT(t *testing.T) {
	var b strings.Builder
	if err := drawn(t).DOT(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"digraph locks {", `"&\"s_lock" -> "<b>" [label="EN"];`, `"c" -> "<b>" [label="EN", color=red];`,
		`"reclaim" [shape=hexagon];`, `"handle" [shape=box3d];`, `"done" [shape=ellipse];`,
		`"done" -> "&\"s_lock" [label="EN", color=red, style=dashed];`, `"handle" -> "reclaim" [label="SN"];`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
}

func TestSVG(t *testing.T) {
	var b strings.Builder
	if err := drawn(t).SVG(&b); err != nil {
		t.Fatal(err)
	}
	texts := 0
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, b.String())
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "text" {
			texts++
		}
	}
	if texts != 6 {
		t.Errorf("%d nodes drawn, want 6", texts)
	}
	if s := b.String(); !strings.Contains(s, `class="circle"`) || !strings.Contains(s, "&lt;b&gt;") {
		t.Errorf("no circle or name in:\n%s", s)
	}
}

func TestEmptyGraph(t *testing.T) {
	g := &lockdep.Graph{}
	var b strings.Builder
	if r, err := g.Cycles(); len(r) != 0 || err != nil || g.DOT(&b) != nil || g.SVG(&b) != nil {
		t.Errorf("circles %v, error %v", r, err)
	}
}
