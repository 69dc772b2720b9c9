package fsck

import (
	"extant/internal/ondisk"
)

// Use is what blocks are used for, as far as a Layout tells.
type Use uint8

// The uses of blocks.
const (
	UseHead      Use = iota // super blocks, descriptors, MMP
	UseBitmap               // of blocks and of inodes
	UseTable                // inodes
	UseJournal              // the internal one
	UseDirectory            // entries and indexes
	UseData                 // all else that files have, the nodes of maps and xattrs among it
	UseFree
	uses
)

// Uses is the number of uses.
const Uses = int(uses)

func (u Use) String() string {
	return [...]string{"super block and descriptors", "bitmaps", "inode tables", "journal", "directories", "data", "free"}[u]
}

// Layout is what lies where, roughly: rows of cells, each as long as the others but for the last.
type Layout struct {
	CellBlocks uint64 // blocks of a cell
	RowGroups  uint64 // block groups of a row
	Rows       [][]Cell
}

// Cell is a range of blocks.
type Cell struct {
	First, End ondisk.Block // the block after the last
	Blocks     [Uses]uint64
	Findings   []int // indexes of Report.Findings
}

// Limits of a Layout.
const (
	layoutRows  = 128
	layoutCells = 128 // of a row
)

// layOut says what lies where after all phases are over. Findings are those of the report.
func (c *checker) layOut(list []Finding) *Layout {
	s := &c.sb
	first, perGroup := uint64(s.FirstDataBlock), uint64(s.BlocksPerGroup)
	l := &Layout{RowGroups: (s.Groups() + layoutRows - 1) / layoutRows}
	row := l.RowGroups * perGroup
	l.CellBlocks = max((row+layoutCells-1)/layoutCells, 1)
	for at := first; at < uint64(c.end); at += row {
		var cells []Cell
		rowEnd := min(at+row, uint64(c.end))
		for from := at; from < rowEnd; from += l.CellBlocks {
			cells = append(cells, Cell{First: ondisk.Block(from), End: ondisk.Block(min(from+l.CellBlocks, rowEnd))})
		}
		l.Rows = append(l.Rows, cells)
	}
	p := &layoutPen{l, first, row}
	p.system(c)
	p.files(c)
	for i := range list {
		if cell := p.cell(c.blockOf(list[i].Place)); cell != nil {
			cell.Findings = append(cell.Findings, i)
		}
	}
	return l
}

// A layoutPen fills the cells of a layout.
type layoutPen struct {
	*Layout
	first, row uint64
}

// cell is the cell of a block; nil for what is outside.
func (p *layoutPen) cell(b ondisk.Block) *Cell {
	at := max(uint64(b), p.first) - p.first // with blocks of 1 KiB, block 0 is before the first group
	if r := at / p.row; r < uint64(len(p.Rows)) {
		if i := at % p.row / p.CellBlocks; i < uint64(len(p.Rows[r])) {
			return &p.Rows[r][i]
		}
	}
	return nil
}

// put adds the n blocks from b on.
func (p *layoutPen) put(u Use, b ondisk.Block, n uint64) {
	for n > 0 {
		cell := p.cell(b)
		if cell == nil {
			return
		}
		k := min(n, uint64(max(cell.End, b)-b))
		if k == 0 {
			return
		}
		cell.Blocks[u] += k
		b, n = b+ondisk.Block(k), n-k
	}
}

// system draws what the file system has for itself.
func (p *layoutPen) system(c *checker) {
	for _, r := range c.fixed {
		u := UseHead
		switch r.kind {
		case blockBitmap, inodeBitmap:
			u = UseBitmap
		case inodeTable:
			u = UseTable
		}
		p.put(u, r.start, uint64(r.end-r.start))
	}
	if c.sb.HasCompat(ondisk.CompatHasJournal) {
		if f, err := c.openFile(ondisk.Ino(c.sb.JournalInum)); err == nil {
			p.runs(UseJournal, f.runs)
		}
	}
	for i := range c.dirs {
		if d := &c.dirs[i]; !d.inline() {
			p.runs(UseDirectory, c.runsOf(d))
		}
	}
}

func (p *layoutPen) runs(u Use, runs []mapRun) {
	for _, r := range runs {
		p.put(u, r.start, r.count)
	}
}

// files draws what is in use by files and not drawn yet, and what is left.
func (p *layoutPen) files(c *checker) {
	for r := range p.Rows {
		for i := range p.Rows[r] {
			cell := &p.Rows[r][i]
			total := uint64(cell.End - cell.First)
			inFiles := c.inFiles(cell.First, cell.End)
			drawn := cell.Blocks[UseJournal] + cell.Blocks[UseDirectory]
			fixed := cell.Blocks[UseHead] + cell.Blocks[UseBitmap] + cell.Blocks[UseTable]
			cell.Blocks[UseData] = max(inFiles, drawn) - drawn
			used := fixed + max(inFiles, drawn)
			cell.Blocks[UseFree] = max(total, used) - used
		}
	}
}

// inFiles is how many of the blocks from first up to end are in clusters that files have.
func (c *checker) inFiles(first, end ondisk.Block) (n uint64) {
	from, to := c.cluster(first), c.cluster(end-1)+1
	for from < to {
		g, i, stop := c.used.span(from, to-from)
		from += uint64(stop - i)
		used, base := c.used.groups[g], c.base.groups[g]
		if used == nil {
			continue
		}
		n += uint64(used.Count(i, stop))
		for k := i; base != nil; k++ {
			if k = base.NextSet(k, stop); k >= stop {
				break
			}
			if used.Test(k) {
				n--
			}
		}
	}
	return n * c.ratio
}

// blockOf is the block in which, or near which, a place is.
func (c *checker) blockOf(p Place) ondisk.Block {
	if p.Block != 0 {
		return p.Block
	}
	if at, ok := c.inodeAt(p.Ino); ok {
		return ondisk.Block(at / int64(c.bs))
	}
	if uint64(p.Group) < c.sb.Groups() {
		return c.sb.GroupFirstBlock(p.Group)
	}
	return 0
}
