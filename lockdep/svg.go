package lockdep

import (
	"bufio"
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
)

// The measures of a drawing, in pixels.
const (
	boxHeight  = 28
	charWidth  = 8 // of the 13 px monospace font
	rowGap     = 64
	columnGap  = 28
	drawMargin = 24
)

// box is a node of a drawing.
type box struct {
	node       *GraphNode
	row        int
	x, y, w    int
	barycenter float64
}

// layout places nodes in rows, so that dependencies lead down as long as there is no circle.
type layout struct {
	boxes map[string]*box
	rows  [][]*box
	w, h  int
}

// SVG writes a drawing of g: outer locks above, inner ones below. Dependencies within a circle are red, those
// through events dashed. What follows from others is left out: A --> C, if there are A --> B and
// B --> C.
func (g *Graph) SVG(w io.Writer) error {
	l := g.layout()
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="monospace" font-size="13">`+"\n", l.w, l.h, l.w, l.h)
	fmt.Fprint(b, svgHead)
	circled := g.circled()
	implied := g.implied()
	for i := range g.Edges {
		if e := &g.Edges[i]; !implied[[2]string{e.From, e.To}] {
			l.drawEdge(b, e, circled[[2]string{e.From, e.To}])
		}
	}
	for _, row := range l.rows {
		for _, x := range row {
			x.draw(b)
		}
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

const svgHead = `<style>
rect { fill: #f6f8fa; stroke: #57606a }
.context { fill: #fff8c5 } .event { fill: #ddf4ff } .pseudo { stroke-dasharray: 4 2 }
path { fill: none; stroke: #57606a } .circle { stroke: #cf222e; stroke-width: 2 } .maybe { stroke-dasharray: 5 3 }
</style>
<rect width="100%" height="100%" style="fill:white;stroke:none"/>
<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:context-stroke;stroke:none"/></marker></defs>
`

// implied returns the edges that a longer path makes unnecessary to draw.
func (g *Graph) implied() map[[2]string]bool {
	x := newGraph()
	implied := make(map[[2]string]bool)
	if x.load(g, func(step) {}) != nil {
		return implied
	}
	for _, e := range x.edges {
		name := [2]string{e.from.name, e.to.name}
		for _, via := range e.from.out {
			// A path through a circle that either end is part of implies nothing: each of its edges
			// would be implied by the others.
			through := x.reach[via.to.id]
			if through.has(e.to.id) && !through.has(e.from.id) && !x.reach[e.to.id].has(via.to.id) {
				implied[name] = true
			}
		}
	}
	return implied
}

// layout gives each node a row below all that lead to it, and a place in the row near them.
func (g *Graph) layout() *layout {
	l := &layout{boxes: make(map[string]*box)}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		l.boxes[n.Name] = &box{node: n, w: (len([]rune(n.Name)) + 2) * charWidth}
	}
	down := g.acyclic()
	for moved, round := true, 0; moved && round < len(g.Nodes); round++ {
		moved = false
		for _, e := range down {
			if from, to := l.boxes[e.From], l.boxes[e.To]; to.row <= from.row {
				to.row = from.row + 1
				moved = true
			}
		}
	}
	l.fillRows(g)
	l.place(down)
	return l
}

// acyclic returns the edges of g without those that close a circle on a walk that begins at the outermost
// locks.
func (g *Graph) acyclic() []GraphEdge {
	out := make(map[string][]GraphEdge)
	inner := make(map[string]bool)
	for _, e := range g.Edges {
		out[e.From] = append(out[e.From], e)
		inner[e.To] = inner[e.To] || e.To != e.From
	}
	const entered, left = 1, 2
	state := make(map[string]int)
	var down []GraphEdge
	var walk func(string)
	walk = func(name string) {
		state[name] = entered
		for _, e := range out[name] {
			if state[e.To] == 0 {
				walk(e.To)
			}
			if state[e.To] == left {
				down = append(down, e)
			}
		}
		state[name] = left
	}
	for _, outermost := range []bool{true, false} {
		for _, n := range g.Nodes {
			if state[n.Name] == 0 && (!outermost || !inner[n.Name]) {
				walk(n.Name)
			}
		}
	}
	return down
}

func (l *layout) fillRows(g *Graph) {
	used := make(map[int][]*box)
	for i := range g.Nodes {
		x := l.boxes[g.Nodes[i].Name]
		used[x.row] = append(used[x.row], x)
	}
	rows := make([]int, 0, len(used))
	for r := range used {
		rows = append(rows, r)
	}
	slices.Sort(rows)
	for i, r := range rows {
		for _, x := range used[r] {
			x.row = i
		}
		l.rows = append(l.rows, used[r])
	}
}

// place orders each row by where the nodes above it are, and gives every box its coordinates.
func (l *layout) place(down []GraphEdge) {
	for i, row := range l.rows {
		for _, x := range row {
			x.center(l, down)
		}
		slices.SortStableFunc(row, func(a, b *box) int { return cmp.Compare(a.barycenter, b.barycenter) })
		at := drawMargin
		for _, x := range row {
			x.x, x.y = at, drawMargin+i*(boxHeight+rowGap)
			at += x.w + columnGap
		}
		l.w = max(l.w, at-columnGap+drawMargin)
	}
	for _, row := range l.rows {
		last := row[len(row)-1]
		shift := (l.w - drawMargin - last.x - last.w) / 2
		for _, x := range row {
			x.x += shift
		}
	}
	l.h = 2*drawMargin + len(l.rows)*(boxHeight+rowGap) - rowGap
	l.w, l.h = max(l.w, 2*drawMargin), max(l.h, 2*drawMargin)
}

func (x *box) center(l *layout, down []GraphEdge) {
	sum, n := 0, 0
	for _, e := range down {
		if from := l.boxes[e.From]; e.To == x.node.Name && from.row < x.row {
			sum += from.x + from.w/2
			n++
		}
	}
	if n > 0 {
		x.barycenter = float64(sum) / float64(n)
	}
}

func (x *box) draw(b *bufio.Writer) {
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n",
		html.EscapeString(x.node.Kind), x.x, x.y, x.w, boxHeight)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n",
		x.x+x.w/2, x.y+boxHeight-9, html.EscapeString(x.node.Name))
}

// drawEdge draws e as a curve from the bottom of its first box to the top of its second one, or round
// the right side if it leads up or to itself.
func (l *layout) drawEdge(b *bufio.Writer, e *GraphEdge, circled bool) {
	from, to := l.boxes[e.From], l.boxes[e.To]
	if from == nil || to == nil {
		return
	}
	class := ""
	if circled {
		class = "circle"
	}
	if e.Event {
		class += " maybe"
	}
	x1, y1, x2, y2 := from.x+from.w/2, from.y+boxHeight, to.x+to.w/2, to.y
	bend := max(rowGap/2, (y2-y1)/2)
	d := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1, y1+bend, x2, y2-bend, x2, y2)
	if to.row <= from.row {
		x1, x2 = from.x+from.w, to.x+to.w
		y1, y2 = from.y+boxHeight/3, to.y+2*boxHeight/3
		d = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+columnGap, y1, x2+columnGap, y2, x2, y2)
	}
	fmt.Fprintf(b, `<path class="%s" marker-end="url(#a)" d="%s"><title>%s --&gt; %s %s</title></path>`+"\n",
		class, d, html.EscapeString(e.From), html.EscapeString(e.To), e.kinds())
}
