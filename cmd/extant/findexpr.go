package main

import (
	"fmt"
	"strings"
)

// A findTest says whether a file passes. Actions are tests, too.
type findTest func(*findFile) bool

// parseFind reads an expression. Without an action in it, what passes is shown.
func parseFind(r *findRun, args []string) (findTest, error) {
	p := &findParser{run: r, args: args}
	pass := findTest(func(*findFile) bool { return true })
	if len(args) > 0 {
		var err error
		if pass, err = p.or(); err != nil {
			return nil, err
		}
		if len(p.args) > 0 {
			return nil, usagef("%q makes no sense there", p.args[0])
		}
	}
	if p.acts {
		return pass, nil
	}
	return func(f *findFile) bool {
		if pass(f) {
			f.show()
		}
		return true
	}, nil
}

// findParser reads an expression from left to right.
type findParser struct {
	run   *findRun
	args  []string // what is left
	acts  bool     // there is an action
	depth int      // parentheses and negations that are open
}

const findDepthMax = 1000

// next is the next word without its dashes, if there is one.
func (p *findParser) next() string {
	if len(p.args) == 0 {
		return ""
	}
	return undash(p.args[0])
}

// undash takes the one or two dashes off a word, and leaves others as they are.
func undash(s string) string {
	if s, ok := strings.CutPrefix(s, "--"); ok {
		return "-" + s
	}
	return s
}

// or reads alternatives.
func (p *findParser) or() (findTest, error) {
	left, err := p.and()
	for err == nil && (p.next() == "-o" || p.next() == "-or") {
		p.args = p.args[1:]
		var right findTest
		if right, err = p.and(); err == nil {
			a, b := left, right
			left = func(f *findFile) bool { return a(f) || b(f) }
		}
	}
	return left, err
}

// and reads tests in a row.
func (p *findParser) and() (findTest, error) {
	left, err := p.not()
	for err == nil {
		switch p.next() {
		case "", "-o", "-or", ")":
			return left, nil
		case "-a", "-and":
			p.args = p.args[1:]
		}
		var right findTest
		if right, err = p.not(); err == nil {
			a, b := left, right
			left = func(f *findFile) bool { return a(f) && b(f) }
		}
	}
	return left, err
}

// not reads one test, with what stands before it.
func (p *findParser) not() (findTest, error) {
	if p.depth++; p.depth > findDepthMax {
		return nil, usagef("the expression is nested too deep")
	}
	defer func() { p.depth-- }()
	switch p.next() {
	case "!", "-not":
		p.args = p.args[1:]
		test, err := p.not()
		return func(f *findFile) bool { return !test(f) }, err
	case "(":
		p.args = p.args[1:]
		test, err := p.or()
		if err == nil && p.next() != ")" {
			err = usagef("a ( is not closed")
		}
		if err == nil {
			p.args = p.args[1:]
		}
		return test, err
	}
	return p.word()
}

// word reads a test or action and its argument.
func (p *findParser) word() (findTest, error) {
	if len(p.args) == 0 {
		return nil, usagef("a test is missing at the end")
	}
	name := p.args[0]
	w, ok := findWord(name)
	if !ok {
		return nil, usagef("%q is no test; --help lists them", name)
	}
	p.args = p.args[1:]
	p.acts = p.acts || w.action && w.name != "prune" && w.name != "quit"
	arg := ""
	if w.arg != "" {
		if len(p.args) == 0 {
			return nil, usagef("%s needs an argument: %s", name, w.arg)
		}
		arg, p.args = p.args[0], p.args[1:]
	}
	test, err := w.make(p.run, arg)
	if err != nil {
		return nil, usagef("%s: %w", name, err)
	}
	return test, nil
}

// findWord looks a word up, written with one dash or two.
func findWord(s string) (findPrimary, bool) {
	name, ok := strings.CutPrefix(undash(s), "-")
	for _, w := range findWords {
		if ok && w.name == name {
			return w, true
		}
	}
	return findPrimary{}, false
}

// findHelp lists the words, the actions or the others.
func findHelp(actions bool) string {
	var b strings.Builder
	for _, w := range findWords {
		if w.action == actions {
			fmt.Fprintf(&b, "  %-18s %s\n", strings.TrimSpace("-"+w.name+" "+w.arg), w.help)
		}
	}
	return b.String()
}
