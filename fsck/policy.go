package fsck

// Policy says which repairs are made.
type Policy uint8

// The policies.
const (
	No    Policy = iota // none
	Preen               // those that need no answer; the first finding of another kind ends the repair
	Yes                 // all
	Ask                 // those that RepairOptions.Ask says yes to
)

func (p Policy) String() string { return [...]string{"no", "preen", "yes", "ask"}[p] }

// Outcome is what became of a finding.
type Outcome uint8

// The outcomes.
const (
	Mended   Outcome = iota // the repair was made; where it was not enough, the finding comes again
	Declined                // the policy says no
	Failed                  // it could not be repaired: Treatment.Err says why
)

func (o Outcome) String() string { return [...]string{"mended", "declined", "failed"}[o] }

// A Treatment is a finding and what became of it.
type Treatment struct {
	Finding
	Outcome Outcome
	Round   int   // in which it was found, from 1
	Err     error // why it failed
}

// Shared says what becomes of blocks that several inodes claim.
type Shared uint8

// What becomes of shared blocks.
const (
	Clone  Shared = iota // all inodes but one get copies
	Delete               // all inodes but one are deleted
)

// A spot is what a finding is about: two findings with one spot are one, found twice.
type spot struct {
	code  Code
	place Place
}

func spotOf(f *Finding) spot { return spot{f.Code, f.Place} }

// How often what is found is repaired before it is given up: as it is, and whatever it says, as what is derived from much else may have to be set
// after each change to that.
const (
	triesMax   = 3
	triesOfAll = 16
)

// A trial is a finding as it was repaired: what is about the same is another where it says something else. Without a detail it is all of them.
type trial struct {
	spot
	detail string
}

// judge decides what to do about findings, and remembers what it decided.
type judge struct {
	policy Policy
	ask    func(Finding) bool
	given  map[spot]bool // answers
	tries  map[trial]int
	failed map[spot]bool
}

func newJudge(p Policy, ask func(Finding) bool) judge {
	return judge{policy: p, ask: ask, given: make(map[spot]bool), tries: make(map[trial]int), failed: make(map[spot]bool)}
}

// A verdict is what a judge decides.
type verdict uint8

const (
	pass verdict = iota // leave it, and go on
	mend
	stop
)

// decide says what to do about a finding that has a remedy. fresh says that it was not decided upon before.
func (j *judge) decide(f *Finding) (v verdict, fresh bool) {
	s := spotOf(f)
	if j.failed[s] {
		return pass, false
	}
	switch j.policy {
	case Yes:
		return mend, true
	case Preen:
		if f.Severity >= Damage {
			return stop, true
		}
		return mend, true
	case Ask:
		yes, known := j.given[s]
		if !known {
			yes = j.ask != nil && j.ask(*f)
			j.given[s] = yes
		}
		if yes {
			return mend, !known
		}
		return pass, !known
	}
	return pass, false
}

// tried counts a repair of a finding; false says that it was tried often enough.
func (j *judge) tried(f *Finding) bool {
	s := spotOf(f)
	this, all := trial{s, f.Detail}, trial{spot: s}
	j.tries[this]++
	j.tries[all]++
	if j.tries[this] <= triesMax && j.tries[all] <= triesOfAll {
		return true
	}
	j.failed[s] = true
	return false
}
