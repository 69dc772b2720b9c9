package explore

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Measures of an SVG, in pixels. A character of the font is as wide as charWidth, about.
const (
	charWidth  = 7.3
	lineHeight = 18
	margin     = 16
	fontSize   = 12
)

var rowColors = [...]string{RowCall: "#1f2937", RowOperation: "#4b5563", RowNote: "#15803d", RowFailure: "#b91c1c"}

// SVG draws the diagram as a picture.
func (d *Diagram) SVG() string {
	lefts, width := d.lefts()
	height := 2*margin + lineHeight*(len(d.Rows)+2)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" `, width, height, width, height)
	fmt.Fprintf(&b, `font-family="ui-monospace, Menlo, Consolas, monospace" font-size="%d">`+"\n", fontSize)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n")
	for i, name := range d.Columns {
		x, w := lane(i, lefts, width)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" rx="6" fill="#f3f4f6"/>`+"\n",
			x, margin/2, w, height-margin)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" font-weight="bold" fill="#111827">%s</text>`+"\n", lefts[i], margin+fontSize, escape(name))
	}
	for i := range d.Rows {
		d.svgRow(&b, i, lefts, width)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// lefts returns where the columns begin, and how wide all of them are.
func (d *Diagram) lefts() (lefts []float64, width float64) {
	width = margin
	for _, w := range d.widths() {
		lefts = append(lefts, width)
		width += float64(w)*charWidth + 2*margin
	}
	return lefts, width
}

// lane returns where the background of column i begins, and how wide it is.
func lane(i int, lefts []float64, width float64) (x, w float64) {
	right := width
	if i+1 < len(lefts) {
		right = lefts[i+1] - margin/2
	}
	x = lefts[i] - margin/2
	return x, right - margin/2 - x
}

// textAt returns where the text of r begins.
func (r *Row) textAt(lefts []float64) float64 {
	return lefts[r.Column] + float64(2*r.Depth)*charWidth
}

// svgRow draws row i; where another task goes on, a line leads over to it.
func (d *Diagram) svgRow(b *strings.Builder, i int, lefts []float64, width float64) {
	r := &d.Rows[i]
	y := margin + lineHeight*(i+2)
	weight := "normal"
	if r.Kind == RowFailure {
		weight = "bold"
		x, w := lane(r.Column, lefts, width)
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#fee2e2"/>`+"\n", x, y-lineHeight+5, w, lineHeight)
	}
	if i > 0 && d.Rows[i-1].Column != r.Column {
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#9ca3af" stroke-dasharray="3 3"/>`+"\n",
			d.Rows[i-1].textAt(lefts), y-lineHeight+5, r.textAt(lefts), y-lineHeight+5)
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="%s" font-weight="%s">`, r.textAt(lefts), y, rowColors[r.Kind], weight)
	if r.Source != "" {
		fmt.Fprintf(b, `<title>%s</title>`, escape(r.Source))
	}
	fmt.Fprintf(b, "%s</text>\n", escape(strings.TrimLeft(r.line(), " ")))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
