package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const findLong = `find walks the trees below directories and prints the addresses of the files that pass all tests, as find(1) does. Tests are
written with one dash or two. Within a directory files come in order of name, and symbolic links are not followed.

Tests:

%s
Actions; without one, what passes is printed:

%s
Operators, the strongest first:

  ( EXPR )           grouping; the shell wants \( and \)
  ! TEST, -not TEST  what does not pass
  TEST TEST, -a      what passes both
  TEST -o TEST       what passes one

A number N means just that, +N more and -N less. A PATTERN is as the shell has it, and * matches slashes, too.`

func newFind(a *app) *cobra.Command {
	r := &findRun{app: a, list: &jsonList{w: a.out}}
	cmd := &cobra.Command{
		Use:     "find IMAGE[:/PATH]... [EXPRESSION]",
		Short:   "Find files by name, type, size, time and more",
		GroupID: groupFiles,
		Long:    fmt.Sprintf(findLong, findHelp(false), findHelp(true)),
		Example: `  extant find disk.img -name '*.conf'
  extant find disk.img:/usr -type f -size +10M --json
  extant find disk.img -type f -perm /6000 -print0 | xargs -0 extant stat`,
		DisableFlagParsing: true, // the order of tests matters
	}
	cmd.Flags().BoolVar(&r.json, "json", false, "write a JSON array instead of what -print would")
	cmd.ValidArgsFunction = a.completeFind
	return a.verbCommand(cmd, func(args []string) error {
		operands, expr, err := r.split(cmd, args)
		switch {
		case errors.Is(err, pflag.ErrHelp):
			return cmd.Help()
		case err != nil:
			return err
		case len(operands) == 0:
			return usagef("which image?")
		}
		return r.run(operands, expr)
	})
}

// findRun is one run of find.
type findRun struct {
	*app
	json               bool
	list               *jsonList
	pass               findTest
	minDepth, maxDepth int
	now                time.Time
	quit               bool
}

// split tells operands from the expression, and sets the flags that are among them.
func (r *findRun) split(cmd *cobra.Command, args []string) (operands, expr []string, err error) {
	for i := 0; i < len(args); i++ {
		n, err := setFlag(cmd, args[i:])
		switch {
		case err != nil:
			return nil, nil, err
		case n > 0:
			i += n - 1
		case len(expr) == 0 && !startsExpr(args[i]):
			operands = append(operands, args[i])
		default:
			expr = append(expr, args[i])
			if p, ok := findWord(args[i]); ok && p.arg != "" && i+1 < len(args) {
				i++
				expr = append(expr, args[i])
			}
		}
	}
	return operands, expr, nil
}

func startsExpr(arg string) bool { return len(arg) > 1 && arg[0] == '-' || arg == "(" || arg == "!" }

// setFlag sets the flag of the command or of the program that args begin with, and says how many args it took: 0 if there is none.
func setFlag(cmd *cobra.Command, args []string) (int, error) {
	name, value, hasValue := strings.Cut(args[0], "=")
	if args[0] == "-h" || name == "--help" {
		return 0, pflag.ErrHelp
	}
	if !strings.HasPrefix(name, "--") {
		return 0, nil
	}
	flag := cmd.Flag(name[2:])
	switch {
	case flag == nil:
		return 0, nil
	case hasValue:
		return 1, flagError(flag.Value.Set(value), name)
	case flag.NoOptDefVal != "":
		return 1, flagError(flag.Value.Set(flag.NoOptDefVal), name)
	case len(args) < 2:
		return 0, usagef("%s needs a value", name)
	}
	return 2, flagError(flag.Value.Set(args[1]), name)
}

func flagError(err error, name string) error {
	if err == nil {
		return nil
	}
	return usagef("%s: %w", name, err)
}

func (r *findRun) run(operands, expr []string) error {
	r.now, r.maxDepth = time.Now(), math.MaxInt
	pass, err := parseFind(r, expr)
	if err != nil {
		return err
	}
	r.pass = pass
	err = r.each(operands, r.operand)
	if r.json {
		return errors.Join(err, r.list.end())
	}
	return err
}

// operand walks the tree of one operand.
func (r *findRun) operand(p place) error {
	if r.quit {
		return nil
	}
	top := strings.TrimRight(p.Path, "/")
	return p.vol.WalkDir(p.Path, func(path string, d fs.DirEntry, err error) error {
		at := p.at(path)
		switch {
		case r.ctx.Err() != nil:
			return r.ctx.Err()
		case err != nil:
			r.fail(at.wrap(err))
			return skipDir(d)
		}
		f := &findFile{findRun: r, at: at, d: d, depth: strings.Count(strings.TrimPrefix(path, top), "/")}
		if strings.TrimRight(path, "/") == top {
			f.depth = 0
		}
		return r.visit(f)
	})
}

// visit puts one file to the test.
func (r *findRun) visit(f *findFile) error {
	if f.depth >= r.minDepth {
		r.pass(f)
	}
	switch {
	case f.err != nil:
		return f.err
	case r.quit:
		return fs.SkipAll
	case (f.prune || f.depth >= r.maxDepth) && f.d.IsDir():
		return fs.SkipDir
	}
	return nil
}

// A findFile is a file under test.
type findFile struct {
	*findRun
	at    place
	d     fs.DirEntry
	depth int
	read  bool   // ent is as good as it gets
	ent   *entry // nil if it cannot be read
	prune bool   // do not go further down
	err   error  // of writing
}

// entry reads the inode, if need be; nil if that fails, which is reported once.
func (f *findFile) entry() *entry {
	if !f.read {
		f.read = true
		var err error
		if f.ent, err = entryAs(f.at, f.d.Name(), f.d); err != nil {
			f.fail(err)
		}
	}
	return f.ent
}

// print shows the file, followed by end.
func (f *findFile) print(end byte) {
	name := f.at.String()
	if end != 0 {
		name = f.shownName(name)
	}
	f.out.WriteString(name)
	f.err = f.out.WriteByte(end)
}

// show is what happens to a file that passes an expression without an action.
func (f *findFile) show() {
	if !f.json {
		f.print('\n')
		return
	}
	if e := f.entry(); e != nil {
		f.err = f.list.put(e.json())
	}
}

// completeFind completes addresses, then the words of expressions.
func (a *app) completeFind(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if !strings.HasPrefix(word, "-") {
		return a.completeAddress(cmd, args, word)
	}
	var words []string
	for _, p := range findWords {
		if dashed := "-" + p.name; strings.HasPrefix(dashed, word) {
			words = append(words, dashed+"\t"+p.help)
		}
	}
	slices.Sort(words)
	return words, cobra.ShellCompDirectiveNoFileComp
}
