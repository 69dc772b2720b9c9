package explore

import "strings"

// portfolio lets several searches take turns.
type portfolio struct {
	members []searcher
	names   []string
	turn    int
	over    bool // a member has nothing left to try
}

// Portfolio takes an execution of each strategy in turn. With no members it is [DPOR], [POS], [Random], [SURW] and
// [PCT] of depth 4: what is small is exhausted, and what is not is met from several sides.
func Portfolio(seed uint64, members ...Strategy) Strategy {
	if len(members) == 0 {
		members = []Strategy{DPOR(), POS(seed), Random(seed), SURW(seed), PCT(4, seed)}
	}
	endless := true
	for _, m := range members {
		endless = endless && m.endless
	}
	return Strategy{"portfolio", func() searcher {
		p := &portfolio{turn: -1}
		for _, m := range members {
			p.members = append(p.members, m.searcher())
			p.names = append(p.names, m.name)
		}
		return p
	}, endless}
}

func (p *portfolio) begin(e *engine) bool {
	p.turn = (p.turn + 1) % len(p.members)
	if m := p.members[p.turn]; !m.begin(e) {
		p.over = p.over || m.exhausted()
		return false
	}
	return true
}

func (p *portfolio) pick(e *engine, enabled uint64) int  { return p.members[p.turn].pick(e, enabled) }
func (p *portfolio) value(e *engine, t *task, n int) int { return p.members[p.turn].value(e, t, n) }
func (p *portfolio) did(e *engine, s step, o *object)    { p.members[p.turn].did(e, s, o) }
func (p *portfolio) edge(e *engine, from, to *task)      { p.members[p.turn].edge(e, from, to) }
func (p *portfolio) never(e *engine, t *task)            { p.members[p.turn].never(e, t) }
func (p *portfolio) finish(e *engine)                    { p.members[p.turn].finish(e) }
func (p *portfolio) exhausted() bool                     { return p.over }

func (p *portfolio) bounds() string {
	if p.over {
		return p.members[p.turn].bounds()
	}
	return "turns of " + strings.Join(p.names, ", ")
}
