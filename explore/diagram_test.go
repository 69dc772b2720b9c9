package explore_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"extant/explore"
	"extant/sched"
)

// file is the race of seed_test.go as a program with functions, as it is drawn in mails about it.
type file struct {
	xattrSem sched.Mutex
	state    sched.Flags
	handle   bool
}

const mayInline = 1

func (f *file) writeBegin() {
	f.xattrSem.Lock()
	defer f.xattrSem.Unlock()
	if f.state.Test(mayInline) {
		f.handle = true
		sched.Note("inline: start a handle")
		return
	}
	sched.Note("not inline: no handle")
}

func (f *file) writeEnd() {
	if f.state.Test(mayInline) && !f.handle {
		explore.Failf("BUG_ON(!handle)")
	}
}

func (f *file) pageMkwrite() {
	f.convertInlineData()
	if sched.Fault("map blocks") {
		f.state.Set(mayInline)
		sched.Note("error: the flag is restored")
	}
}

func (f *file) convertInlineData() {
	f.xattrSem.Lock()
	defer f.xattrSem.Unlock()
	f.state.Clear(mayInline)
	sched.Note("clear MAY_INLINE_DATA")
}

func raceOfTheThread() {
	f := &file{}
	f.xattrSem.Init(&sched.Class{Name: "xattr_sem"})
	f.state.Init(&sched.Class{Name: "i_state"})
	f.state.Set(mayInline)
	a := sched.Go("write", func() {
		f.writeBegin()
		f.writeEnd()
	})
	b := sched.Go("fault", f.pageMkwrite)
	a.Wait()
	b.Wait()
}

const wantRemarks = `write                        fault

                             file.pageMkwrite
                               file.convertInlineData
                                 // clear MAY_INLINE_DATA
file.writeBegin
  // not inline: no handle
                               // error: the flag is restored
file.writeEnd
  ---> BUG_ON(!handle)
`

const wantOperations = `write                        fault

                             file.pageMkwrite
                               file.convertInlineData
                                 lock xattr_sem
                                 write i_state 0x1
                                 // clear MAY_INLINE_DATA
                                 unlock xattr_sem
                               fault map blocks? 1
file.writeBegin
  lock xattr_sem
  read i_state 0x1
  // not inline: no handle
  unlock xattr_sem
                               write i_state 0x1
                               // error: the flag is restored
file.writeEnd
  read i_state 0x1
  ---> BUG_ON(!handle)
`

func drawn(t *testing.T, remarksOnly bool) *explore.Diagram {
	t.Helper()
	cfg := explore.Config{Faults: 1}
	r := explore.Run(cfg, raceOfTheThread)
	if r.Failure == nil {
		t.Fatal("no failure")
	}
	fail := explore.Minimize(cfg, r.Failure, raceOfTheThread)
	h, err := explore.Trace(cfg, fail.Schedule, raceOfTheThread)
	if err != nil {
		t.Fatal(err)
	}
	return h.Diagram(remarksOnly)
}

func TestDiagram(t *testing.T) {
	if got := drawn(t, true).String(); got != wantRemarks {
		t.Errorf("with remarks only:\n%s\nwant\n%s", got, wantRemarks)
	}
	if got := drawn(t, false).String(); got != wantOperations {
		t.Errorf("with operations:\n%s\nwant\n%s", got, wantOperations)
	}
}

// TestPictures makes sure that pictures are well formed, complete, and load nothing.
func TestPictures(t *testing.T) {
	d := drawn(t, false)
	svg, html := d.SVG(), d.HTML("a race & its <cause>")
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("SVG: %v", err)
		}
	}
	for _, r := range d.Rows {
		for name, text := range map[string]string{"SVG": svg, "HTML": html} {
			if !strings.Contains(strings.NewReplacer("&gt;", ">", "&lt;", "<").Replace(text), r.Text) {
				t.Errorf("%s lacks %q", name, r.Text)
			}
		}
	}
	if !strings.Contains(html, "a race &amp; its &lt;cause&gt;") {
		t.Error("the title is not escaped")
	}
	for _, outside := range []string{"src=", "href=", "@import", "url("} {
		if strings.Contains(html, outside) {
			t.Errorf("the page loads something: %s", outside)
		}
	}
}
