package explore

// Two operations are dependent if their order can matter: swapping neighbours that are not dependent changes
// nothing that any task can see. Two schedules that differ by such swaps are one Mazurkiewicz trace.
//
// The tables below are about operations on one object; on different objects they are never dependent.

type kindSet uint32

func kindsOf(kinds ...kind) (s kindSet) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k kind) bool { return s>>k&1 != 0 }

// independentOf lists, for each kind, the kinds it is independent of. What is not listed is dependent, which is
// always safe.
var independentOf = symmetric([kindsVisible]kindSet{
	kindRead:     kindsOf(kindRead, kindAwait, kindIdle, kindTryFail, kindTryRFail, kindTryWFail),
	kindAdd:      kindsOf(kindAdd),
	kindFire:     kindsOf(kindFire),
	kindReset:    kindsOf(kindReset),
	kindBegin:    ^kindSet(0),
	kindAwait:    kindsOf(kindAwait),
	kindIdle:     kindsOf(kindIdle, kindTryFail),
	kindTryFail:  kindsOf(kindTryFail),
	kindRLock:    kindsOf(kindRLock, kindRUnlock, kindTryR, kindTryRFail),
	kindTryR:     kindsOf(kindTryR, kindRUnlock),
	kindTryRFail: kindsOf(kindTryRFail, kindTryWFail, kindTryR, kindRUnlock, kindAcquire),
	kindTryWFail: kindsOf(kindTryWFail, kindAcquire),
	kindRUnlock:  kindsOf(kindRUnlock, kindAnnounce, kindWUnlock),
	kindAnnounce: kindsOf(kindAnnounce, kindAcquire, kindWUnlock),
})

// neverBefore lists, for each kind, the kinds that are impossible where it is possible: what comes after it cannot
// come before it instead.
var neverBefore = [kindsVisible]kindSet{
	kindUnlock:   kindsOf(kindLock, kindIdle, kindUnlock),
	kindHandoff:  kindsOf(kindLock, kindIdle),
	kindLock:     kindsOf(kindUnlock),
	kindTry:      kindsOf(kindUnlock),
	kindTryFail:  kindsOf(kindLock, kindIdle),
	kindIdle:     kindsOf(kindUnlock, kindHandoff),
	kindWrite:    kindsOf(kindLock),
	kindRLock:    kindsOf(kindAcquire, kindWUnlock),
	kindTryR:     kindsOf(kindAcquire, kindWUnlock),
	kindTryRFail: kindsOf(kindRLock),
	kindRUnlock:  kindsOf(kindAcquire, kindWUnlock),
	kindAcquire:  kindsOf(kindRLock, kindRUnlock, kindWUnlock),
	kindWUnlock:  kindsOf(kindRLock, kindRUnlock, kindAcquire, kindWUnlock),
	kindTryW:     kindsOf(kindAcquire, kindWUnlock, kindRUnlock),
	kindTryWFail: kindsOf(kindAcquire),
}

// maybeBefore lists the kinds that may be impossible where the kind is possible.
var maybeBefore = [kindsVisible]kindSet{
	kindAnnounce: kindsOf(kindRLock),
	kindFire:     kindsOf(kindWait, kindAwait),
	kindReset:    kindsOf(kindWait, kindAwait),
	kindAdd:      kindsOf(kindWait, kindAwait),
	kindRead:     kindsOf(kindWait, kindAwait),
	kindDisarm:   kindsOf(kindExpire),
	kindArm:      kindsOf(kindExpire),
}

// total lists the kinds that are dependent with every other: what happened on the object before one of them
// happened before everything after it.
var total = totalKinds()

func symmetric(t [kindsVisible]kindSet) [kindsVisible]kindSet {
	for a := range kindsVisible {
		for b := range kindsVisible {
			if t[a].has(b) {
				t[b] |= 1 << a
			}
		}
	}
	return t
}

func totalKinds() (s kindSet) {
	for k := range kindsVisible {
		if independentOf[k]&^(1<<kindBegin) == 0 {
			s |= 1 << k
		}
	}
	return s
}

// dependent says whether the order of two operations on one object, by different tasks, can matter.
func dependent(a kind, maskA uint64, b kind, maskB uint64) bool {
	return !independentOf[a].has(b) && maskA&maskB != 0
}

// preventedBy lists, for kinds that several operations independent of each other can prevent, those.
var preventedBy = [kindsVisible]kindSet{
	kindRLock: kindsOf(kindAnnounce, kindTryW),
	kindWait:  kindsOf(kindWait, kindReset, kindAdd),
	kindAwait: kindsOf(kindReset, kindAdd),
}

// reversible says whether the dependent operations a and then b may also happen in the other order; sure is
// false if that takes a look at the program's state, which nobody keeps.
func reversible(a, b kind) (may, sure bool) {
	return !neverBefore[a].has(b), !maybeBefore[a].has(b)
}
