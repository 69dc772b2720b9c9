package prog

// Minimize makes a program smaller as long as fails says that it fails. fails must say yes to p.
func Minimize(p *Program, fails func(*Program) bool) *Program {
	for {
		before := p.weight()
		p = dropLines(p, fails)
		p = dropOps(p, fails)
		p = shrinkOps(p, fails)
		if p.weight() >= before {
			return p
		}
	}
}

// weight is what Minimize makes less.
func (p *Program) weight() int {
	w := 0
	for _, l := range p.Lines {
		if l.Thread {
			w++
		}
		for _, op := range l.Ops {
			w += 100 + len(op.String())
		}
	}
	return w
}

// dropLines leaves lines out, many at a time at first.
func dropLines(p *Program, fails func(*Program) bool) *Program {
	for k := len(p.Lines); k >= 1; k /= 2 {
		for i := len(p.Lines) - k; i > -k; i -= k {
			from := max(i, 0)
			q := &Program{Lines: append(append([]Line{}, p.Lines[:from]...), p.Lines[min(i+k, len(p.Lines)):]...)}
			if len(q.Lines) < len(p.Lines) && fails(q) {
				p = q
			}
		}
	}
	return p
}

// replace is p with one operation changed, or left out if op is nil.
func (p *Program) replace(line, at int, op *Op) *Program {
	q := &Program{Lines: append([]Line{}, p.Lines...)}
	l := Line{Thread: p.Lines[line].Thread, Ops: append([]*Op{}, p.Lines[line].Ops...)}
	if op != nil {
		l.Ops[at] = op
	} else {
		l.Ops = append(l.Ops[:at], l.Ops[at+1:]...)
	}
	q.Lines[line] = l
	return q
}

func dropOps(p *Program, fails func(*Program) bool) *Program {
	for i := range p.Lines {
		for at := len(p.Lines[i].Ops) - 1; at >= 0 && len(p.Lines[i].Ops) > 1; at-- {
			if q := p.replace(i, at, nil); fails(q) {
				p = q
			}
		}
	}
	return p
}

func shrinkOps(p *Program, fails func(*Program) bool) *Program {
	for i := range p.Lines {
		for at := range p.Lines[i].Ops {
			for _, simpler := range simplifications(p.Lines[i].Ops[at]) {
				if q := p.replace(i, at, simpler); q.weight() < p.weight() && fails(q) {
					p = q
				}
			}
		}
	}
	return p
}

// simplifications are the ways to say an operation with less.
func simplifications(op *Op) (out []*Op) {
	with := func(change func(*Op)) {
		c := *op
		change(&c)
		if c.check() == nil {
			out = append(out, &c)
		}
	}
	with(func(c *Op) { c.As = nil })
	for _, n := range []int64{0, 1, 10, 100, 4096, 5000, 8192, 10000} {
		with(func(c *Op) { c.Off = n })
		with(func(c *Op) { c.Len = n })
		with(func(c *Op) { c.Data.Len = n })
	}
	with(func(c *Op) { c.Off /= 2 })
	with(func(c *Op) { c.Data.Seed = 0 })
	with(func(c *Op) { c.Name = "user.a" })
	if op.Verb == "rename" || op.Verb == "setxattr" {
		with(func(c *Op) { c.Word = "" })
	}
	return out
}
