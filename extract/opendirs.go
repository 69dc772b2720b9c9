package extract

import (
	"fmt"

	"extant/sched"
)

// idleMax is how many directories are kept open that nobody uses at the moment.
const idleMax = 256

var openDirsClass = &sched.Class{Name: "extract-dirs", Doc: "which directories of the target are open", Wait: sched.Spinning}

// openDirs opens the directories of the target when they are needed and bounds how many are open. A directory that is to be opened
// again lies, like all above it, in directories that are not finished, so that nobody else can have been let in.
type openDirs struct {
	mu sched.Mutex
	// +checklocks:mu
	idle int
}

// hostState is a node's directory of the host.
type hostState struct {
	id hostID // immutable once the directory is made

	// guarded by openDirs.mu
	dir   hostDir
	open  bool
	users int
}

func newOpenDirs() *openDirs {
	o := &openDirs{}
	o.mu.Init(openDirsClass)
	return o
}

// add says that d is the directory of n; the caller is its first user.
func (o *openDirs) add(n *node, d hostDir) {
	n.host.id = d.id()
	o.mu.Lock()
	defer o.mu.Unlock()
	n.host.dir, n.host.open, n.host.users = d, true, 1
}

// use returns the directory of n, for use until leave.
func (o *openDirs) use(n *node) (hostDir, error) {
	if d, ok := o.useOpen(n); ok {
		return d, nil
	}
	d, err := o.reopen(n)
	if err != nil {
		return hostDir{}, err
	}
	o.mu.Lock()
	if !n.host.open {
		n.host.dir, n.host.open, n.host.users = d, true, 1
		o.mu.Unlock()
		return d, nil
	}
	o.mu.Unlock()
	d.close()
	return o.use(n)
}

func (o *openDirs) useOpen(n *node) (hostDir, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !n.host.open {
		return hostDir{}, false
	}
	if n.host.users++; n.host.users == 1 {
		o.idle--
	}
	return n.host.dir, true
}

// reopen opens the directory of n by its name, and makes sure that it is the same.
func (o *openDirs) reopen(n *node) (hostDir, error) {
	above, err := o.use(n.parent)
	if err != nil {
		return hostDir{}, err
	}
	defer o.leave(n.parent)
	d, err := above.open(n.name)
	if err == nil && d.id() != n.host.id {
		d.close()
		err = fmt.Errorf("somebody has replaced the directory %q in the target", n.below)
	}
	return d, err
}

// leave ends a use.
func (o *openDirs) leave(n *node) {
	if d, open := o.leaveOpen(n); !open {
		d.close()
	}
}

// leaveOpen ends a use. It returns the directory and whether that stays open.
func (o *openDirs) leaveOpen(n *node) (d hostDir, open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n.host.users--; n.host.users > 0 {
		return n.host.dir, true
	}
	if o.idle < idleMax {
		o.idle++
		return n.host.dir, true
	}
	n.host.open = false
	return n.host.dir, false
}

// drop ends a use that is the last.
func (o *openDirs) drop(n *node) {
	o.mu.Lock()
	d := n.host.dir
	n.host.open, n.host.users = false, 0
	o.mu.Unlock()
	d.close()
}
