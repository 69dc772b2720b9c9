package explore

import (
	"fmt"
	"math/bits"
)

// pct is probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010).
type pct struct {
	walk
	depth    int
	longest  int              // decisions of any execution so far
	at       int              // decisions of this one
	changes  []int            // decisions at which the task that would go on loses its priority
	priority [tasksMax]uint64 // 0 if not yet given
}

// PCT gives each task a priority by chance and lets the highest go on; depth-1 times, at moments
// chosen by chance, it drops to the lowest. A failure that takes depth ordered pairs of operations is found with a known
// probability, 1/(tasks * steps^(depth-1)) at least, each time.
func PCT(depth int, seed uint64) Strategy {
	return Strategy{"pct", func() searcher {
		return &pct{walk: walk{rng: rng(seed), seed: seed}, depth: max(1, depth)}
	}, true}
}

func (p *pct) begin(*engine) bool {
	p.longest = max(p.longest, p.at)
	p.at = 0
	p.changes = p.changes[:0]
	for range p.depth - 1 {
		p.changes = append(p.changes, 1+p.rng.below(max(1, p.longest)))
	}
	clear(p.priority[:])
	return true
}

func (p *pct) pick(_ *engine, enabled uint64) int {
	p.at++
	id := p.highest(enabled)
	for i, at := range p.changes {
		if at == p.at {
			p.priority[id] = uint64(1 + i)
			id = p.highest(enabled)
		}
	}
	return id
}

// highest returns the task of highest priority. New tasks get theirs above those that changes give.
func (p *pct) highest(enabled uint64) int {
	best := -1
	for m := enabled; m != 0; m &= m - 1 {
		id := bits.TrailingZeros64(m)
		if p.priority[id] == 0 {
			p.priority[id] = p.rng.next()>>1 + uint64(p.depth)
		}
		if best < 0 || p.priority[id] > p.priority[best] {
			best = id
		}
	}
	return best
}

func (p *pct) bounds() string {
	return fmt.Sprintf("chance of depth %d, from seed %d", p.depth, p.seed)
}
