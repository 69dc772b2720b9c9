package lockdep

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// circled returns the edges of g that are part of a circle of g, strong or not.
func (g *Graph) circled() map[[2]string]bool {
	x := newGraph()
	if x.load(g, func(step) {}) != nil {
		return nil
	}
	all := make(map[[2]string]bool)
	for _, e := range x.edges {
		if x.reach[e.to.id].has(e.from.id) {
			all[[2]string{e.from.name, e.to.name}] = true
		}
	}
	return all
}

// kinds returns the kernel's names of the ways in which e was seen, each once.
func (e *GraphEdge) kinds() string {
	var names []string
	for _, w := range e.Ways {
		k := "E"
		if w.Held != "exclusive" {
			k = "S"
		}
		if w.Taken == "recursive" {
			k += "R"
		} else {
			k += "N"
		}
		if !strings.Contains(strings.Join(names, " "), k) {
			names = append(names, k)
		}
	}
	return strings.Join(names, " ")
}

// DOT writes g in the language of Graphviz. Dependencies within a circle are red, those through events
// dashed.
func (g *Graph) DOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	circled := g.circled()
	fmt.Fprintln(b, "digraph locks {")
	fmt.Fprintln(b, "\tnode [shape=box, style=rounded];")
	for _, n := range g.Nodes {
		shape := map[string]string{"pseudo": "box3d", "context": "hexagon", "event": "ellipse"}[n.Kind]
		if shape == "" {
			shape = "box"
		}
		fmt.Fprintf(b, "\t%s [shape=%s];\n", quoteDOT(n.Name), shape)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		attrs := "label=" + quoteDOT(e.kinds())
		if circled[[2]string{e.From, e.To}] {
			attrs += ", color=red"
		}
		if e.Event {
			attrs += ", style=dashed"
		}
		fmt.Fprintf(b, "\t%s -> %s [%s];\n", quoteDOT(e.From), quoteDOT(e.To), attrs)
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

// quoteDOT returns s as a string of the DOT language, in which only the quote is special; a backslash
// is doubled because labels interpret it.
func quoteDOT(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}
