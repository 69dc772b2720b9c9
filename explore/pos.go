package explore

import "math/bits"

// pos is partial order sampling (Yuan, Yang and Gu, CAV 2018).
type pos struct {
	walk
	priority [tasksMax]uint64 // of what each task announced; 0 if not yet given
}

// POS gives each operation a priority by chance when it is announced, lets the highest happen, and gives those that
// were racing with it new ones. So each order of racing operations comes up about as often as the others, however
// many other operations there are.
func POS(seed uint64) Strategy {
	return Strategy{"pos", func() searcher { return &pos{walk: walk{rng: rng(seed), seed: seed}} }, true}
}

func (p *pos) begin(*engine) bool {
	clear(p.priority[:])
	return true
}

func (p *pos) pick(_ *engine, enabled uint64) int {
	best := -1
	for m := enabled; m != 0; m &= m - 1 {
		id := bits.TrailingZeros64(m)
		if p.priority[id] == 0 {
			p.priority[id] = p.rng.next() | 1
		}
		if best < 0 || p.priority[id] > p.priority[best] {
			best = id
		}
	}
	return best
}

func (p *pos) did(e *engine, s step, o *object) {
	for m := e.live; m != 0; m &= m - 1 {
		t := e.tasks[bits.TrailingZeros64(m)]
		if t.id == int(s.task) || t.op.obj == o && t.op.kind < kindsVisible &&
			dependent(s.kind, s.mask, t.op.kind, t.op.mask) {
			p.priority[t.id] = 0
		}
	}
}
