package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"extant/fsck"
	"extant/fsck/page"
	"extant/internal/ondisk"
)

// An outcome is what a run of fsck found, did and left.
type outcome struct {
	image    string
	rep      *fsck.RepairReport
	policy   fsck.Policy
	items    []item
	ExitCode int
}

// An item is a finding and what became of it.
type item struct {
	fsck.Finding
	fate string // "" where nothing was to become of it
}

// What may become of a finding.
const (
	fateMended = "repaired"
	fateLeft   = "left"
	fateFailed = "could not be repaired"
)

func newOutcome(image string, rep *fsck.RepairReport, p fsck.Policy, code int) *outcome {
	o := &outcome{image: image, rep: rep, policy: p, ExitCode: code}
	done := make(map[string]bool)
	for _, t := range rep.Did {
		o.items = append(o.items, item{t.Finding, fateOf(&t)})
		if t.Outcome != fsck.Mended {
			done[key(&t.Finding)] = true
		}
	}
	for _, f := range rep.After.Findings {
		switch {
		case done[key(&f)]:
		case p == fsck.No || f.Severity == fsck.Notice:
			o.items = append(o.items, item{Finding: f})
		default:
			o.items = append(o.items, item{f, fateLeft})
		}
	}
	return o
}

func fateOf(t *fsck.Treatment) string {
	switch t.Outcome {
	case fsck.Mended:
		return fateMended
	case fsck.Failed:
		return fmt.Sprintf("%s: %v", fateFailed, t.Err)
	}
	return fateLeft
}

// key is what two reports of one finding have in common.
func key(f *fsck.Finding) string { return string(f.Code) + " " + f.Place.String() }

// show writes the outcome to people.
func (r *fsckRun) show(o *outcome) error {
	for _, it := range o.items {
		if r.asked != nil && (it.fate == fateMended || it.fate == fateLeft) {
			continue // it was shown with its question
		}
		r.showFinding(it)
	}
	if n := o.rep.After.Omitted; n > 0 {
		fmt.Fprintf(r.out, "%d more findings are counted, and not shown\n", n)
	}
	if r.f.verbose {
		r.showUsage(o.rep.After)
	}
	u, s := &o.rep.After.Usage, &o.rep.After.Super
	tenths := u.Fragmented * 1000 / max(u.Inodes, 1)
	fmt.Fprintf(r.out, "%s: %d/%d files (%d.%d%% non-contiguous), %d/%d blocks\n", escapeName(o.image),
		u.Inodes, s.InodesCount, tenths/10, tenths%10, u.Clusters*uint64(s.ClusterRatio())+uint64(s.FirstDataBlock), s.Blocks())
	_, err := fmt.Fprintf(r.out, "%s: %s\n", escapeName(o.image), o.verdict())
	switch stopped := o.rep.Stopped; {
	case stopped == nil:
	case stopped.Code == fsck.SuperSize:
		r.note("%s: nothing is repaired without its end, with which what is missing may come back: at a terminal, without -p and -y, it can be all the same", o.image)
	default:
		r.note("%s: it takes a decision to repair the rest: run it with -y, or without -p at a terminal", o.image)
	}
	return err
}

// showSkipped says that a file system was believed.
func (r *fsckRun) showSkipped(s *ondisk.Super) error {
	if r.f.json {
		return r.putJSON(&fsckJSON{Image: r.image, ImageBytes: rawBytes(r.image), Skipped: true, Clean: true, Findings: []findingJSON{}})
	}
	_, err := fmt.Fprintf(r.out, "%s: clean, %d/%d files, %d/%d blocks; it was not looked at, which -f does\n", escapeName(r.image),
		s.InodesCount-s.FreeInodesCount, s.InodesCount, s.Blocks()-s.BlocksFree(), s.Blocks())
	return err
}

// showFinding writes a finding: what and where, then how grave, what a repair does and what e2fsck calls it.
func (r *fsckRun) showFinding(it item) {
	p, _ := fsck.Lookup(it.Code)
	fmt.Fprintf(r.out, "%s: ", it.Code)
	if at := placeText(&it.Finding); at != "" {
		fmt.Fprintf(r.out, "%s: ", escape(at))
	}
	fmt.Fprintf(r.out, "%s\n    %s: %s; repair: %s", escape(it.Detail), it.Severity, p.Meaning, repairText(&it.Finding))
	if p.E2fsck != "" {
		fmt.Fprintf(r.out, "; e2fsck: %s", p.E2fsck)
	}
	if it.fate != "" {
		fmt.Fprintf(r.out, "; %s", escape(it.fate))
	}
	fmt.Fprintln(r.out)
	if !r.f.verbose {
		return
	}
	for c := range slices.Chunk(it.Bytes, hexPerLine) {
		fmt.Fprintf(r.out, "    %s\n", hex.EncodeToString(c))
	}
}

// placeText is where a finding is; nothing for what is about the file system as a whole.
func placeText(f *fsck.Finding) string {
	if f.Place != (fsck.Place{}) || strings.HasPrefix(string(f.Code), "group-") || strings.Contains(string(f.Code), "bitmap") {
		return f.Place.String()
	}
	return ""
}

// repairText is what a repair does about a finding.
func repairText(f *fsck.Finding) string {
	text := f.Repair.Action.String()
	switch f.Repair.Action {
	case fsck.SetField:
		if f.Repair.Want != 0 {
			text += fmt.Sprintf(" to %d", f.Repair.Want)
		}
	case fsck.SetFlag, fsck.ClearFlag:
		if f.Repair.Want != 0 {
			text += fmt.Sprintf(" %#x", f.Repair.Want)
		}
	case fsck.SetEntry:
		if f.Repair.Want != 0 {
			text += fmt.Sprintf(" to inode %d", f.Repair.Want)
		}
	}
	return text
}

func (r *fsckRun) showUsage(rep *fsck.Report) {
	u := &rep.Usage
	t := table{}
	for _, row := range []struct {
		n    uint64
		what string
	}{
		{u.Inodes, "inodes in use"}, {u.Files, "regular files"}, {u.Fragmented, "of them in more than one piece"}, {u.Directories, "directories"},
		{u.Symlinks, "symbolic links"}, {u.Special, "devices, FIFOs and sockets"}, {u.Clusters * uint64(rep.Super.ClusterRatio()), "blocks in use"},
	} {
		t.add(fmt.Sprintf("%12d", row.n), row.what)
	}
	for _, row := range t.rows() {
		fmt.Fprintln(r.out, row)
	}
}

// wrong is the number of findings of a report that are more than notices.
func wrong(rep *fsck.Report) (n int) {
	for c, k := range rep.Counts {
		if p, _ := fsck.Lookup(c); p.Severity > fsck.Notice {
			n += k
		}
	}
	return n
}

// verdict is the outcome in a few words.
func (o *outcome) verdict() string {
	repairs := 0
	for _, t := range o.rep.Did {
		if t.Outcome == fsck.Mended {
			repairs++
		}
	}
	left := wrong(o.rep.After)
	switch {
	case left > 0 && repairs > 0:
		return fmt.Sprintf("%s, and %s still wrong", countOf(repairs, "repair was made", "repairs were made"), countOf(left, "thing is", "things are"))
	case left > 0:
		return countOf(left, "thing is wrong", "things are wrong")
	case repairs > 0:
		return fmt.Sprintf("%s, nothing is wrong any more", countOf(repairs, "repair was made", "repairs were made"))
	}
	return "clean"
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// page is the outcome as a page. It shows what was found before any repair.
func (o *outcome) page() *page.Page {
	p := &page.Page{Title: o.image, Verdict: o.verdict(), Good: o.rep.Clean(), Report: o.rep.Before}
	if o.policy == fsck.No {
		return p
	}
	fate := make(map[string]string)
	for _, it := range o.items {
		fate[key(&it.Finding)] = it.fate
	}
	for i := range p.Report.Findings {
		p.Fates = append(p.Fates, fate[key(&p.Report.Findings[i])])
	}
	return p
}
