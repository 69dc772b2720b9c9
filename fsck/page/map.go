package page

import (
	"fmt"
	"strings"

	"extant/fsck"
)

// A deviceMap is the layout of a device, drawn: a row for each group of blocks, or for some.
type deviceMap struct {
	Scale  string // what a cell and a row are
	Cells  int    // of the longest row
	Height int
	Rows   []mapRow
	Legend []legend
}

type mapRow struct {
	Label, Title string
	Shapes       []shape
	Hits         []hit
}

// A shape is all cells of a row, or their parts, with one use.
type shape struct {
	Use  fsck.Use
	Path string
}

// A hit is a cell with findings.
type hit struct {
	X     int
	Title string
	IDs   string // of the findings
}

type legend struct {
	Use   fsck.Use
	Name  string
	Share string
}

const cellHeight = 24

// newDeviceMap draws the layout of a report.
func newDeviceMap(r *fsck.Report) *deviceMap {
	l := r.Layout
	m := &deviceMap{Height: cellHeight}
	m.Scale = fmt.Sprintf("A row is %s, a cell %s.", count(l.RowGroups, "block group"), count(l.CellBlocks, "block"))
	var sum [fsck.Uses]uint64
	total := uint64(0)
	for i, cells := range l.Rows {
		m.Cells = max(m.Cells, len(cells))
		m.Rows = append(m.Rows, drawRow(l, uint64(i), cells))
		for _, c := range cells {
			for u, n := range c.Blocks {
				sum[u] += n
				total += n
			}
		}
	}
	for u, n := range sum {
		if n > 0 {
			m.Legend = append(m.Legend, legend{fsck.Use(u), fsck.Use(u).String(), fmt.Sprintf("%s, %s", size(n*uint64(r.Super.BlockSize())), percent(n, total))})
		}
	}
	return m
}

func percent(n, total uint64) string {
	p := float64(n) * 100 / float64(max(total, 1))
	if p < 0.1 {
		return "under 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

func count(n uint64, what string) string {
	if n == 1 {
		return "a " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func drawRow(l *fsck.Layout, nr uint64, cells []fsck.Cell) mapRow {
	row := mapRow{Label: fmt.Sprint(nr * l.RowGroups)}
	row.Title = fmt.Sprintf("group %s, blocks %d to %d", row.Label, cells[0].First, cells[len(cells)-1].End-1)
	if l.RowGroups > 1 {
		row.Title = strings.Replace(row.Title, "group "+row.Label, fmt.Sprintf("groups from %s on", row.Label), 1)
	}
	var paths [fsck.Uses]strings.Builder
	for x := 0; x < len(cells); {
		n := 1
		if u, ok := pure(&cells[x]); ok {
			for x+n < len(cells) {
				if v, ok := pure(&cells[x+n]); !ok || v != u {
					break
				}
				n++
			}
			fmt.Fprintf(&paths[u], "M%d 0h%dv%dh-%dz", x, n, cellHeight, n)
		} else {
			drawMixed(&paths, x, &cells[x])
		}
		x += n
	}
	for u := range paths {
		if paths[u].Len() > 0 {
			row.Shapes = append(row.Shapes, shape{fsck.Use(u), paths[u].String()})
		}
	}
	for x := range cells {
		if c := &cells[x]; len(c.Findings) > 0 {
			ids := strings.Trim(fmt.Sprint(c.Findings), "[]")
			row.Hits = append(row.Hits, hit{x, fmt.Sprintf("blocks %d to %d: %s", c.First, c.End-1, count(uint64(len(c.Findings)), "finding")), ids})
		}
	}
	return row
}

// pure is the use of a cell that has but one.
func pure(c *fsck.Cell) (use fsck.Use, ok bool) {
	found := 0
	for u, n := range c.Blocks {
		if n > 0 {
			use = fsck.Use(u)
			found++
		}
	}
	return use, found == 1
}

// drawMixed divides a cell among its uses, one above the other. What is there has a pixel at least.
func drawMixed(paths *[fsck.Uses]strings.Builder, x int, c *fsck.Cell) {
	total, present := uint64(0), 0
	for _, n := range c.Blocks {
		total += n
		if n > 0 {
			present++
		}
	}
	y, room := 0, cellHeight-present
	for u, n := range c.Blocks {
		if n == 0 {
			continue
		}
		present--
		h := 1 + int(n*uint64(room)/total)
		if present == 0 {
			h = cellHeight - y
		}
		fmt.Fprintf(&paths[u], "M%d %dh1v%dh-1z", x, y, h)
		y += h
	}
}
