package lab_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"extant/lab"
)

// longTasks is from how many tasks on a case is left out of short runs.
const longTasks = 5

// document returns docs/lab.md without what differs from run to run, or as the reduction becomes better.
func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	return uncounted(string(b))
}

var counts = regexp.MustCompile(`(?m)^  (holds|fails) +[0-9]+ schedules +[0-9a-zµ.]+|^ +[0-9]+  `)

func uncounted(text string) string { return counts.ReplaceAllString(text, "$1 ") }

// TestTable holds every verdict of the table: which failures there are, that there are no others, and that the
// document says so.
func TestTable(t *testing.T) {
	doc := document(t)
	for _, c := range lab.Cases() {
		t.Run(c.Design+"/"+c.About, func(t *testing.T) {
			if testing.Short() && strings.Count(c.Tasks(), "|")+1 >= longTasks {
				t.Skip("tens of thousands of schedules")
			}
			documented(t, doc, check(t, c))
		})
	}
}

// TestMutations shows that each rule of f2 and f3 is needed.
func TestMutations(t *testing.T) {
	doc := document(t)
	for _, c := range lab.Mutations() {
		t.Run(c.Design+"/"+c.About, func(t *testing.T) {
			if len(c.Fails) == 0 {
				t.Error("the case expects no failure")
			}
			documented(t, doc, check(t, c))
		})
	}
}

func check(t *testing.T, c *lab.Case) *lab.Verdict {
	v := c.Run()
	t.Log(v.Result)
	if err := v.Check(); err != nil {
		t.Error(err)
	}
	return v
}

// documented wants the verdict's lines in the document.
func documented(t *testing.T, doc string, v *lab.Verdict) {
	_, row, _ := strings.Cut(new(lab.Table).Row(v), "\n") // without the heading of the design
	if !strings.Contains(doc, uncounted(row)) {
		t.Errorf("docs/lab.md is not up to date, it lacks\n%s", row)
	}
}

// find runs the first case of a design.
func find(t *testing.T, design string) *lab.Verdict {
	t.Helper()
	for _, c := range lab.Cases() {
		if c.Design == design {
			return c.Run()
		}
	}
	t.Fatalf("no design %s", design)
	return nil
}

// TestDiagramOfTheRace wants the functions of the thread in the order in which they come to the BUG.
func TestDiagramOfTheRace(t *testing.T) {
	v := find(t, "a")
	d, err := v.Diagram(v.Findings[0])
	if err != nil {
		t.Fatal(err)
	}
	text := d.String()
	t.Logf("\n%s", text)
	if !strings.Contains(document(t), text) {
		t.Error("docs/lab.md shows another diagram")
	}
	inOrder(t, text,
		"ext4_page_mkwrite", "ext4_convert_inline_data", "ext4_convert_inline_data_nolock",
		"ext4_destroy_inline_data_nolock", "clear EXT4_STATE_MAY_INLINE_DATA",
		"ext4_da_write_begin", "not inline: no handle",
		"ext4_restore_inline_data", "set EXT4_STATE_MAY_INLINE_DATA again",
		"ext4_da_write_end", "ext4_write_inline_data_end", "ext4_write_inline_data",
		"---> BUG_ON(pos + len > EXT4_I(inode)->i_inline_size)")
	inOrder(t, text, "clear EXT4_STATE_MAY_INLINE_DATA", "ext4_map_blocks", "return -ENOSPC", "ext4_restore_inline_data")
}

func inOrder(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		_, after, ok := strings.Cut(text, want)
		if !ok {
			t.Fatalf("no %s at its place", want)
		}
		text = after
	}
}

// TestSplat wants the circle that the thread's own report shows, found without any deadlock.
func TestSplat(t *testing.T) {
	v := find(t, "b")
	if len(v.Reports) != 1 {
		t.Fatalf("%d reports", len(v.Reports))
	}
	text := v.Reports[0].String()
	for _, want := range []string{"i_rwsem", "mmap_lock", "*** DEADLOCK ***", "ext4_file_mmap", "fault_in_iov_iter_readable"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestTableRow(t *testing.T) {
	v := find(t, "b")
	var table lab.Table
	if got := table.Row(v); !strings.Contains(got, "b: ->mmap converts") || !strings.Contains(got, "fails") {
		t.Errorf("first row is\n%s", got)
	}
	if got := table.Row(v); strings.Contains(got, "b: ") {
		t.Errorf("second row of the design repeats its heading\n%s", got)
	}
}
