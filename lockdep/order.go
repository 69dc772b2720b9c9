package lockdep

import (
	"fmt"
	"slices"
	"strings"
)

// Order is a declared partial order of lock classes. Its text is lines of these forms, where "#" at the
// beginning of a word starts a comment:
//
//	class NAME [ordered] [WHAT IT PROTECTS]
//	a, b < c < d
//
// The second form says that a and b are taken before c, and c before d: the notation of the Go
// runtime's own lock ranking. A name is any word without comma and "<". Every class is mentioned; those
// that only stand in an order need no class line.
type Order struct {
	Classes []OrderClass

	index map[string]int // into Classes
	pairs [][2]int       // outer and inner, as declared
	after []bits         // after[i] has what may be taken while i is held
}

// OrderClass is a class of a declared order.
type OrderClass struct {
	Name    string
	Ordered bool   // two of the class are taken by ascending key
	Doc     string // what it protects
}

// ParseOrder reads the text of a declared order. It fails with the number of the line that is
// malformed, or with the classes of a circle.
func ParseOrder(text string) (*Order, error) {
	o := &Order{index: make(map[string]int)}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = withoutComment(line)
		if line == "" {
			continue
		}
		if err := o.parseLine(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return o, o.close()
}

func withoutComment(line string) string {
	for i := range line {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

func (o *Order) parseLine(line string) error {
	if rest, ok := strings.CutPrefix(line, "class "); ok {
		return o.parseClass(rest)
	}
	var before []int
	for i, group := range strings.Split(line, "<") {
		var now []int
		for name := range strings.SplitSeq(group, ",") {
			if name = strings.TrimSpace(name); name == "" || strings.ContainsAny(name, " \t") {
				return fmt.Errorf("%q is not a class name", name)
			}
			now = append(now, o.class(name))
		}
		for _, a := range before {
			for _, b := range now {
				o.pairs = append(o.pairs, [2]int{a, b})
			}
		}
		if i == 0 && !strings.Contains(line, "<") {
			return fmt.Errorf("%q is neither a class nor an order", line)
		}
		before = now
	}
	return nil
}

func (o *Order) parseClass(rest string) error {
	name, doc, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if name == "" || strings.ContainsAny(name, ",<") {
		return fmt.Errorf("%q is not a class name", name)
	}
	c := &o.Classes[o.class(name)]
	doc = strings.TrimSpace(doc)
	if word, rest, _ := strings.Cut(doc, " "); word == "ordered" {
		c.Ordered, doc = true, strings.TrimSpace(rest)
	}
	if c.Doc != "" {
		return fmt.Errorf("class %s is described twice", name)
	}
	c.Doc = doc
	return nil
}

// class returns the index of the class of the given name, which it adds if it is new.
func (o *Order) class(name string) int {
	i, ok := o.index[name]
	if !ok {
		i = len(o.Classes)
		o.Classes = append(o.Classes, OrderClass{Name: name})
		o.index[name] = i
	}
	return i
}

// close computes after. It fails if the order has a circle.
func (o *Order) close() error {
	o.after = make([]bits, len(o.Classes))
	before := make([]bits, len(o.Classes))
	for _, p := range o.pairs {
		a, b := p[0], p[1]
		if a == b || o.after[b].has(a) {
			return fmt.Errorf("%s < %s closes a circle", o.Classes[a].Name, o.Classes[b].Name)
		}
		from, to := slices.Clone(before[a]), slices.Clone(o.after[b])
		from.set(a)
		to.set(b)
		for x := range from.all() {
			o.after[x].or(to)
		}
		for y := range to.all() {
			before[y].or(from)
		}
	}
	return nil
}

// Allows says whether a lock of class inner may be taken while one of class outer is held.
func (o *Order) Allows(outer, inner string) bool {
	a, known := o.index[outer]
	b, also := o.index[inner]
	return known && also && o.after[a].has(b)
}

// Pairs returns the pairs of outer and inner class that stand next to each other in the text, in its
// order.
func (o *Order) Pairs() [][2]string {
	var all [][2]string
	for _, p := range o.pairs {
		all = append(all, [2]string{o.Classes[p[0]].Name, o.Classes[p[1]].Name})
	}
	return all
}

// Unseen returns those of the Pairs that g has no dependency for: orders that no test has exercised.
func (o *Order) Unseen(g *Graph) [][2]string {
	seen := make(map[[2]string]bool)
	for _, e := range g.Edges {
		seen[[2]string{className(e.From), className(e.To)}] = true
	}
	return slices.DeleteFunc(o.Pairs(), func(p [2]string) bool { return seen[p] })
}

// className returns the class of a node's name.
func className(node string) string {
	if i := len(node) - 2; i > 0 && node[i] == '/' && '1' <= node[i+1] && node[i+1] <= '9' {
		return node[:i]
	}
	return node
}

// allows says whether e is declared. Locks of one class are ordered by level and key, which is not the
// order's business; nor are events that it does not mention.
func (o *Order) allows(e *edge) bool {
	if e.from.class == e.to.class || e.event && !(o.mentions(e.from) && o.mentions(e.to)) {
		return true
	}
	return o.Allows(e.from.class, e.to.class)
}

func (o *Order) mentions(n *node) bool {
	_, ok := o.index[n.class]
	return ok
}
