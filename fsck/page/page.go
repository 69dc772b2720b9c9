// Package page shows what a check found as one page of HTML that loads nothing and sends nothing: the findings by their codes, with a
// filter, and a map of the device: what lies where, and where the damage is.
//
// It never looks at a file system: all it shows is in the report.
package page

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode"

	"extant/fsck"
	"extant/internal/ondisk"
)

//go:embed page.html
var text string

// Page is what is to be shown.
type Page struct {
	Title   string // the image's name
	Verdict string // in a few words
	Good    bool   // the verdict is
	Report  *fsck.Report
	Fates   []string // what became of each finding of the report, in its order; nil where nothing was to
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	r := p.Report
	v := view{Title: plain(p.Title), Verdict: p.Verdict, Good: p.Good, Facts: facts(r), Omitted: r.Omitted, Total: len(r.Findings)}
	v.Groups = p.groups()
	for _, g := range v.Groups {
		if !slices.Contains(v.Severities, g.Severity) {
			v.Severities = append(v.Severities, g.Severity)
		}
	}
	if r.Layout != nil {
		v.Map = newDeviceMap(r)
	}
	return template.Must(template.New("page").Parse(text)).Execute(w, v)
}

// A view is what the template shows.
type view struct {
	Title, Verdict string
	Good           bool
	Facts          [][2]string
	Severities     []string
	Groups         []*findingGroup
	Omitted, Total int
	Map            *deviceMap
}

// A findingGroup is the findings of a code.
type findingGroup struct {
	fsck.Problem
	Severity, Repair string
	Count, More      int // met; met and not listed
	Findings         []finding
}

type finding struct {
	ID                         int
	Place, Detail, Hex, Repair string
	Fate                       string
}

// groups are the findings by code, in the order of the report's first of each.
func (p *Page) groups() []*findingGroup {
	var list []*findingGroup
	of := make(map[fsck.Code]*findingGroup)
	for i, f := range p.Report.Findings {
		g := of[f.Code]
		if g == nil {
			k, _ := fsck.Lookup(f.Code)
			g = &findingGroup{Problem: k, Severity: k.Severity.String(), Repair: k.Action.String(), Count: p.Report.Counts[f.Code]}
			of[f.Code], list = g, append(list, g)
		}
		row := finding{ID: i, Place: plain(f.Place.String()), Detail: plain(f.Detail), Hex: hexText(f.Bytes)}
		if f.Repair.Want != 0 {
			row.Repair = fmt.Sprintf("%d, 0x%x", f.Repair.Want, f.Repair.Want)
		}
		if p.Fates != nil {
			row.Fate = p.Fates[i]
		}
		g.Findings = append(g.Findings, row)
	}
	for _, g := range list {
		g.More = g.Count - len(g.Findings)
	}
	return list
}

// hexText is bytes for people, sixteen to a line.
func hexText(b []byte) string {
	var lines []string
	for c := range slices.Chunk(b, 16) {
		lines = append(lines, hex.EncodeToString(c))
	}
	return strings.Join(lines, "\n")
}

// plain is text without what may hide or turn the direction of writing.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// facts are the numbers at the top of the page.
func facts(r *fsck.Report) [][2]string {
	s, u := &r.Super, &r.Usage
	list := [][2]string{
		{"label", plain(s.Label())},
		{"UUID", ondisk.UUID(s.UUID).String()},
		{"size", fmt.Sprintf("%s in blocks of %d", size(s.Blocks()*uint64(s.BlockSize())), s.BlockSize())},
		{"blocks", fmt.Sprintf("%d of %d in use", u.Clusters*uint64(s.ClusterRatio()), s.Blocks())},
		{"inodes", fmt.Sprintf("%d of %d in use", u.Inodes, s.InodesCount)},
		{"files", fmt.Sprintf("%d, %d in pieces", u.Files, u.Fragmented)},
		{"directories", fmt.Sprint(u.Directories)},
		{"symlinks", fmt.Sprint(u.Symlinks)},
		{"others", fmt.Sprint(u.Special)},
	}
	if r.Replay {
		list = append(list, [2]string{"journal", "judged as after its replay"})
	}
	if r.Backup != nil {
		list = append(list, [2]string{"super block", fmt.Sprintf("the copy in group %d", *r.Backup)})
	}
	return slices.DeleteFunc(list, func(f [2]string) bool { return f[1] == "" })
}

// size is a number of bytes for people.
func size(n uint64) string {
	unit := 0
	f := float64(n)
	for f >= 1024 && unit < 5 {
		f, unit = f/1024, unit+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + []string{" bytes", " KiB", " MiB", " GiB", " TiB", " PiB"}[unit]
}
