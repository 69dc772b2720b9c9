package sched

// Yield marks a place where other tasks may run and matter: code that reads or decides upon shared
// state outside of any operation of this package. The point names the place in reports.
func Yield(point string) {
	if h := hook.Load(); h != nil {
		h.Point(Op{Kind: OpYield, Label: point})
	}
}

// Note remarks on what the calling task just did, for diagrams. Other tasks do not run because of it.
func Note(text string) {
	if h := hook.Load(); h != nil {
		h.Note(text)
	}
}

// Choose returns a number in [0, n): 0 with nothing attached, each of them in turn under an explorer.
// It panics if n is not positive.
func Choose(n int) int {
	if n <= 0 {
		panic("sched: choice among nothing")
	}
	if h := hook.Load(); h != nil {
		return h.Choose(n)
	}
	return 0
}

// Fault says whether the operation named by site fails this time: never with nothing attached, and
// both ways under an explorer that injects faults.
func Fault(site string) bool {
	if h := hook.Load(); h != nil {
		return h.Fault(site)
	}
	return false
}
