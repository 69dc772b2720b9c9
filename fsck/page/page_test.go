package page_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"extant/disk"
	"extant/fsck"
	"extant/fsck/page"
	"extant/mkfs"
)

// damaged is the report on a small file system with a wrong count and marks in a bitmap.
func damaged(t *testing.T) *fsck.Report {
	t.Helper()
	dev := disk.NewMem(40 << 20)
	g, err := mkfs.Format(dev, mkfs.Options{BlockSize: 1024, Label: "<b>&\u202e"})
	if err != nil {
		t.Fatal(err)
	}
	// The bitmaps of group 1 follow those of group 0; wherever they lie, some of these bits are of no block in use.
	for at := int64(g.Super.FirstDataBlock); at < 400; at++ {
		if _, err := dev.WriteAt([]byte{0xFF}, at*1024+900); err != nil {
			t.Fatal(err)
		}
	}
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Layout: true, FindingsMax: 50})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) == 0 {
		t.Fatal("nothing is wrong")
	}
	return r
}

func write(t *testing.T, p *page.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPage(t *testing.T) {
	r := damaged(t)
	fates := make([]string, len(r.Findings))
	fates[0] = "what became of it"
	text := write(t, &page.Page{Title: `"><script>alert(1)</script>`, Verdict: "things are wrong", Report: r, Fates: fates})
	for _, want := range []string{"&lt;script&gt;alert", "things are wrong", "what became of it", `&lt;b&gt;&amp;\u202e`, `class="hit"`, `class="u5"`, "A row is a block group"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for c, n := range r.Counts {
		if !strings.Contains(text, "<code>"+string(c)+"</code>") && n > 0 && r.Omitted == 0 {
			t.Errorf("no %s", c)
		}
	}
	if n := strings.Count(text, `<div class="f"`); n != len(r.Findings) {
		t.Errorf("%d findings, want %d", n, len(r.Findings))
	}
	if strings.ContainsAny(text, "\u202e") || strings.Contains(text, "ZgotmplZ") {
		t.Error("unsafe text")
	}
}

// TestPageLoadsNothing wants a page without addresses of anything outside it.
func TestPageLoadsNothing(t *testing.T) {
	text := write(t, &page.Page{Title: "x", Report: damaged(t)})
	if m := regexp.MustCompile(`(?i)(https?:|//[a-z]|src=|href=|url\(|@import|fetch\(|XMLHttp)`).FindString(text); m != "" {
		t.Errorf("the page has %q", m)
	}
}

// TestMapAddsUp adds up the areas that each row draws: every cell is covered once.
func TestMapAddsUp(t *testing.T) {
	r := damaged(t)
	text := write(t, &page.Page{Title: "x", Report: r})
	rows := regexp.MustCompile(`(?s)<svg viewBox="0 0 (\d+) 24".*?</svg>`).FindAllString(text, -1)
	if len(rows) != len(r.Layout.Rows) {
		t.Fatalf("%d rows, want %d", len(rows), len(r.Layout.Rows))
	}
	piece := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z`)
	for i, row := range rows {
		if err := wellFormed(row); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		area := 0
		for _, m := range piece.FindAllStringSubmatch(row, -1) {
			area += number(m[3]) * number(m[4])
		}
		if want := 24 * len(r.Layout.Rows[i]); area != want {
			t.Errorf("row %d draws %d, want %d", i, area, want)
		}
	}
}

func number(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func wellFormed(s string) error {
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func TestPageOfNothing(t *testing.T) {
	text := write(t, &page.Page{Title: "x", Verdict: "clean", Good: true, Report: &fsck.Report{}})
	if !strings.Contains(text, "There are none.") || strings.Contains(text, "<svg") {
		t.Errorf("%s", text)
	}
}
