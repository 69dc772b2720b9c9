package ext4

import "extant/sched"

// gate is one level of freezing: tasks pass in and out, and a freeze shuts it once all are out. Unlike a lock it may be opened by
// another task than shut it.
type gate struct {
	pseudo sched.Pseudo // what a validator sees: passing is Shared, shutting Exclusive
	inside sched.Int64  // tasks within, and gateShut while it is shut or being shut

	mu   sched.Mutex
	turn sched.Cond // inside changed while gateShut was set
}

const gateShut = 1 << 32

func (g *gate) init(c *sched.Class) {
	g.pseudo.Init(c)
	g.mu.Init(classGate)
	g.turn.Init(&g.mu, classGate)
}

var (
	classFreezeWrite    = &sched.Class{Name: "freeze-write", Doc: "no change is under way that a caller asked for"}
	classFreezeFault    = &sched.Class{Name: "freeze-fault", Doc: "no store through a mapping is under way"}
	classFreezeInternal = &sched.Class{Name: "freeze-internal", Doc: "no inode is being freed and nothing is written back"}
	classGate           = &sched.Class{Name: "freeze-gate", Doc: "who waits at a level of freezing"}
)

// enter passes in, and waits while the gate is shut.
func (g *gate) enter() {
	for !g.tryEnter() {
		g.pseudo.Might(sched.Shared)
		g.mu.Lock()
		for g.inside.Load() >= gateShut {
			g.turn.Wait()
		}
		g.mu.Unlock()
	}
}

// tryEnter passes in unless the gate is shut, and says whether it did.
func (g *gate) tryEnter() bool {
	for {
		v := g.inside.Load()
		if v >= gateShut {
			return false
		}
		if g.inside.CompareAndSwap(v, v+1) {
			g.pseudo.Acquire(sched.Shared)
			return true
		}
	}
}

// leave passes out.
func (g *gate) leave() {
	g.pseudo.Release()
	if g.inside.Add(-1) == gateShut {
		g.mu.Lock()
		g.turn.Broadcast()
		g.mu.Unlock()
	}
}

// shut keeps tasks from entering and waits until all that are within have left. One task shuts at a time.
func (g *gate) shut() {
	g.pseudo.Might(sched.Exclusive)
	g.inside.Add(gateShut)
	g.mu.Lock()
	for g.inside.Load() != gateShut {
		g.turn.Wait()
	}
	g.mu.Unlock()
}

// open lets tasks in again.
func (g *gate) open() {
	g.mu.Lock()
	g.inside.Add(-gateShut)
	g.turn.Broadcast()
	g.mu.Unlock()
}
