package sched

// Pseudo is a lock that is taken and released in name only. It tells a validator of waiting that is
// implemented some other way: who holds a transaction handle holds its Pseudo [Recursive], who waits
// for all handles to stop passes through it with Might([Exclusive]). Nothing attached, it costs a
// load.
type Pseudo struct {
	obj Object
}

// Init gives p its class. It is called before p is first used.
func (p *Pseudo) Init(c *Class) { p.obj.init(c) }

// Object returns what hooks know p by.
func (p *Pseudo) Object() *Object { return &p.obj }

// Acquire states that the calling task now holds p in the given mode.
func (p *Pseudo) Acquire(mode Mode) { p.AcquireNested(mode, Nest{}) }

// AcquireNested is Acquire beneath another pseudo-lock of the class, for the reason n.
func (p *Pseudo) AcquireNested(mode Mode, n Nest) {
	if h := hook.Load(); h != nil {
		h.Acquire(p, mode, n)
	}
}

// Release states that the calling task no longer holds p.
func (p *Pseudo) Release() {
	if h := hook.Load(); h != nil {
		h.Release(p)
	}
}

// Might states that the calling task may wait here for p in the given mode: Acquire and Release in
// one.
func (p *Pseudo) Might(mode Mode) {
	if h := hook.Load(); h != nil {
		h.Might(p, mode)
	}
}

// AssertHeld states that the calling task holds p in any mode.
func (p *Pseudo) AssertHeld() { assert(&p.obj, Held) }

// AssertNotHeld states that the calling task does not hold p.
func (p *Pseudo) AssertNotHeld() { assert(&p.obj, NotHeld) }
