package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"extant/explore"
	"extant/lab"
)

type labFlags struct {
	html, svg string
	broken    bool
	json      bool
	jobs      int
	only      int // the case that this process is asked, or -1
}

func newLab(a *app) *cobra.Command {
	f := &labFlags{}
	cmd := &cobra.Command{
		Use:     "lab [--html FILE] [--svg FILE] [DESIGN]",
		Short:   "Try designs for inline files that are written and mapped at once",
		GroupID: groupConcurrency,
		Long: `lab tries the designs that were proposed for ext4's race between write(2) and stores through a mapping of a file whose data is in its
inode, and extant's own, as models with the kernel's function names, under every schedule of a few tasks. It prints a line for each question
put to a design: whether it holds, how many schedules there are that differ, and whether all were tried. Several questions are tried
at once, each in a process of its own.

With a DESIGN it prints that one's answers, a diagram for each way in which it fails, and the reports of the lock validator.

  a       page_mkwrite converts the file: the original
  b       ->mmap converts it, under the inode's lock
  c       a hook before mmap_lock converts it
  d, d'   writeback copies the page into the inode, without and with the inode's lock
  e       page_mkwrite drops mmap_lock, converts and asks for a retry
  f1      page_mkwrite converts under the folio's lock
  f2      page_mkwrite evicts, writeback converts, both under the folio's lock
  f3      writeback copies the page into the inode under the folio's lock`,
		Example: `  extant lab
  extant lab a
  extant lab b --html deadlock.html`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: labDesigns(),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.StringVar(&f.html, "html", "", "draw the design's first failure as a page, in `FILE`")
	p.StringVar(&f.svg, "svg", "", "draw the design's first failure as a picture, in `FILE`")
	p.BoolVar(&f.broken, "broken", false, "try f2 and f3 with one of their rules broken, which must fail")
	p.IntVarP(&f.jobs, "jobs", "j", 0, "try `N` questions at once; 0 is one for each processor")
	p.BoolVar(&f.json, "json", false, "write a JSON array")
	p.IntVar(&f.only, "case", -1, "try the `N`th question alone, for another process")
	if err := p.MarkHidden("case"); err != nil {
		panic(err)
	}
	cmd.ValidArgsFunction = cobra.FixedCompletions(labDesigns(), cobra.ShellCompDirectiveNoFileComp)
	return a.verbCommand(cmd, func(args []string) error {
		r := &labRun{app: a, labFlags: f, list: &jsonList{w: a.out}, drawn: map[string]bool{}}
		if len(args) == 1 {
			r.design = args[0]
		}
		if r.jobs <= 0 {
			r.jobs = runtime.GOMAXPROCS(0)
		}
		return r.run()
	})
}

// labDesigns lists the designs.
func labDesigns() (names []string) {
	for _, c := range lab.Cases() {
		names = append(names, c.Design)
	}
	return slices.Compact(names)
}

// labRun is one run of lab.
type labRun struct {
	*app
	*labFlags
	design string // empty for all
	table  lab.Table
	list   *jsonList
	drawn  map[string]bool // failures by their text
	parts  []string        // what follows the table: diagrams and reports
	first  *explore.Diagram
	title  string // of first
}

// labJSON is the shape of an element of lab --json.
type labJSON struct {
	Design     string    `json:"design"`
	Title      string    `json:"title"`
	About      string    `json:"about"`
	Tasks      string    `json:"tasks"`
	Holds      bool      `json:"holds"`
	Schedules  int       `json:"schedules"`
	Seconds    float64   `json:"seconds"`
	Exhausted  bool      `json:"exhausted"`
	Bounds     []string  `json:"bounds"`
	Failures   []labFail `json:"failures"`
	Lockdep    []string  `json:"lockdep"`
	AsExpected bool      `json:"as_expected"`
}

// labFail is one way in which a design fails.
type labFail struct {
	Text      string `json:"text"`
	Schedules int    `json:"schedules"`
	Schedule  string `json:"schedule"`
}

func (r *labRun) run() error {
	cases := lab.Cases()
	if r.broken {
		cases = lab.Mutations()
	}
	if r.design != "" {
		cases = slices.DeleteFunc(cases, func(c *lab.Case) bool { return c.Design != r.design })
	}
	switch {
	case len(cases) == 0:
		return usagef("no design %q", r.design)
	case r.design == "" && (r.html != "" || r.svg != ""):
		return usagef("--html and --svg draw a failure of one DESIGN")
	case r.only >= len(cases):
		return usagef("no question %d", r.only)
	case r.only >= 0:
		return r.answer(cases[r.only])
	}
	if program := r.program(); program != "" {
		if err := r.spread(program, cases); err != nil {
			return err
		}
		return r.end()
	}
	for _, c := range cases {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := r.ask(c); err != nil {
			return err
		}
	}
	return r.end()
}

// ask explores one case and shows what came of it.
func (r *labRun) ask(c *lab.Case) error {
	v := c.Run()
	err := v.Check()
	if err != nil {
		r.fail(err)
	}
	if r.design != "" {
		if err := r.draw(v); err != nil {
			return err
		}
	}
	if r.json {
		return r.list.put(labObject(v, err == nil))
	}
	return r.show(r.table.Row(v))
}

func labObject(v *lab.Verdict, expected bool) labJSON {
	o := labJSON{
		Design: v.Case.Design, Title: v.Case.Title, About: v.Case.About, Tasks: v.Case.Tasks(), Holds: v.Holds(),
		Schedules: v.Result.Executions, Seconds: v.Result.Elapsed.Seconds(), Exhausted: v.Result.Exhausted,
		Bounds: append([]string{}, v.Result.Bounds...), Failures: []labFail{}, Lockdep: []string{}, AsExpected: expected,
	}
	for _, f := range v.Findings {
		o.Failures = append(o.Failures, labFail{f.Text, f.Executions, f.Failure.Schedule.String()})
	}
	for _, report := range v.Reports {
		o.Lockdep = append(o.Lockdep, report.String())
	}
	return o
}

// draw keeps for the end what is to be seen of a verdict: its first failure, and others that were not seen before.
func (r *labRun) draw(v *lab.Verdict) error {
	for _, report := range v.Reports {
		r.parts = append(r.parts, report.String())
	}
	for i, f := range v.Findings {
		if i > 0 && r.drawn[f.Text] {
			continue
		}
		r.drawn[f.Text] = true
		d, err := v.Diagram(f)
		if err != nil {
			return err
		}
		if r.first == nil {
			r.first, r.title = d, v.Case.Design+": "+v.Case.About
		}
		r.parts = append(r.parts, fmt.Sprintf("%s: %s\n%s\n\n%s", v.Case.Design, v.Case.About, f.Text, d))
	}
	return nil
}

// end shows what follows the table, and writes the files.
func (r *labRun) end() error {
	if r.json {
		if err := r.list.end(); err != nil {
			return err
		}
	} else {
		for _, part := range r.parts {
			if _, err := fmt.Fprintf(r.out, "\n%s\n", strings.Trim(part, "\n")); err != nil {
				return err
			}
		}
	}
	if r.html == "" && r.svg == "" {
		return nil
	}
	if r.first == nil {
		return fmt.Errorf("design %s has no failure to draw", r.design)
	}
	return r.write()
}

// write draws the first failure into the files that were asked for.
func (r *labRun) write() error {
	if r.html != "" {
		if err := os.WriteFile(r.html, []byte(r.first.HTML(r.title)), 0o666); err != nil {
			return err
		}
	}
	if r.svg == "" {
		return nil
	}
	return os.WriteFile(r.svg, []byte(r.first.SVG()), 0o666)
}
