package sched

// Context is a state of a task that the program can be pushed into at marked places: an allocation
// that may have to reclaim memory, a copy from user memory that may fault, a commit. The rule it
// carries: a lock that is ever taken inside the context is never held where the context may be
// entered, nor does such a lock ever wait for one that is.
//
// A Context is a package variable with a Class of its own. It must not be copied.
type Context struct {
	Class *Class

	obj Object
}

// Object returns what hooks know c by.
func (c *Context) Object() *Object {
	if c.obj.Class() == nil && c.Class != nil {
		c.obj.Adopt(c.Class)
	}
	return &c.obj
}

// Enter states that the calling task is inside c until Exit.
func (c *Context) Enter() {
	if h := hook.Load(); h != nil {
		h.Enter(c)
	}
}

// Exit ends the stay that the latest Enter of the task began.
func (c *Context) Exit() {
	if h := hook.Load(); h != nil {
		h.Exit(c)
	}
}

// May states that the calling task may enter c here. Inside c it says nothing: nobody enters twice.
func (c *Context) May() {
	if h := hook.Load(); h != nil {
		h.May(c)
	}
}
