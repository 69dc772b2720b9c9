package mkfs

import (
	"bytes"
	"slices"

	"extant/internal/ondisk"
	"extant/mkfs/internal/tarscan"
)

// A tarPlacer puts the entries of an archive where extracting them in order would. It is used under the builder's lock.
type tarPlacer struct {
	b        *builder
	t        *tree
	base     uint64 // where the archive begins, for the places of data
	index    *nameIndex
	taker    xattrTaker
	pending  []pendingLink
	stripped bool // names with a leading slash were met
}

// pendingLink is a hard link whose target has not come yet.
type pendingLink struct{ name, target []byte }

// pathMax is the longest path that an entry may have, as the kernel has it.
const pathMax = 4095

// followMax is how many symlinks one path may lead through, as in the kernel.
const followMax = 40

func newTarPlacer(b *builder, base uint64) *tarPlacer {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &tarPlacer{b: b, t: b.t, base: base, index: newNameIndex(b.t), taker: xattrTaker{o: b.o}}
}

// place puts one entry into the tree. What cannot be placed is left out with a warning.
//
// +checklocks:p.b.mu
func (p *tarPlacer) place(e *tarscan.Entry) error {
	name := string(e.Name)
	if why := p.refuse(e.Name); why != "" {
		p.b.warn.fail(shorten(name), "left out: %s", why)
		return p.b.checkLocked()
	}
	if e.Kind == tarscan.HardLink {
		return p.placeLink(e)
	}
	f, why := p.found(e)
	if why != "" {
		p.b.warn.fail(shorten(name), "left out: %s", why)
		return nil
	}
	if why := p.put(e.Name, &f); why != "" {
		p.b.warn.fail(shorten(name), "left out: %s", why)
	}
	return p.b.checkLocked()
}

// refuse says why a name cannot be placed whatever it is for.
func (p *tarPlacer) refuse(name []byte) string {
	switch {
	case len(name) > pathMax:
		return "its path has more than 4095 bytes"
	case bytes.IndexByte(name, 0) >= 0:
		return "a zero byte in its name"
	}
	for part := range bytes.SplitSeq(name, []byte("/")) {
		switch {
		case string(part) == "..":
			return "its name has .. in it"
		case len(part) > ondisk.NameMax:
			return "a name of more than 255 bytes"
		}
	}
	if len(name) > 0 && name[0] == '/' && !p.stripped {
		p.stripped = true
		p.b.warn.note("", "leading / removed from names in the archive")
	}
	return ""
}

const shownMax = 256

// shorten keeps a path of hostile length out of messages.
func shorten(path string) string {
	if len(path) <= shownMax {
		return path
	}
	return path[:shownMax] + "..."
}

// put enters what was found under a path; otherwise it says why it cannot.
//
// +checklocks:p.b.mu
func (p *tarPlacer) put(path []byte, f *found) string {
	dir, name, why := p.walk(path, f)
	if why != "" {
		return why
	}
	isDir := f.mode&ondisk.ModeFmt == ondisk.ModeDir
	if len(name) == 0 {
		if !isDir {
			return "it would replace the root directory"
		}
		p.b.setLocked(dir, f)
		return ""
	}
	old := p.index.find(dir, name)
	if old == nil {
		p.enter(dir, name, f)
		return ""
	}
	n := p.t.nodes.at(old.node)
	switch {
	case n.isDir() && isDir:
		p.b.setLocked(old.node, f)
		return ""
	case n.isDir() && n.hi > 0:
		return "a directory of that name is not empty"
	}
	n.links--
	old.node = p.newNode(dir, old, f)
	return ""
}

// newNode makes a node for an entry that had another.
//
// +checklocks:p.b.mu
func (p *tarPlacer) newNode(dir nodeID, e *entry, f *found) nodeID {
	id := p.t.nodes.add(node{links: 1, parent: dir, name: e.name, nameLen: e.nameLen})
	p.b.setLocked(id, f)
	return id
}

// enter makes a node and its entry.
//
// +checklocks:p.b.mu
func (p *tarPlacer) enter(dir nodeID, name []byte, f *found) nodeID {
	id := p.t.nodes.add(node{})
	p.index.add(p.b.linkLocked(dir, name, id))
	p.b.setLocked(id, f)
	return id
}

// walk finds the directory of a path and the name in it, which is empty for the root. Symlinks on the way are followed within
// the image. Directories that are missing are made for f, or where that is nil, not found.
//
// +checklocks:p.b.mu
func (p *tarPlacer) walk(path []byte, f *found) (dir nodeID, name []byte, why string) {
	follows := 0
	for {
		part, rest, last := nextPart(path)
		switch {
		case last && (len(part) == 0 || string(part) != ".."):
			return dir, part, ""
		case string(part) == "..":
			dir, path = p.t.nodes.at(dir).parent, rest
			continue
		}
		e := p.index.find(dir, part)
		if e == nil {
			if f == nil {
				return dir, nil, "no such directory"
			}
			dir, path = p.enter(dir, part, p.missing(f)), rest
			continue
		}
		n := p.t.nodes.at(e.node)
		switch {
		case n.isDir():
			dir, path = e.node, rest
		case !n.isSymlink():
			return dir, nil, "what lies above it is not a directory"
		default:
			if follows++; follows > followMax || len(rest)+int(n.size) > 2*pathMax {
				return dir, nil, "too many levels of symbolic links"
			}
			target := p.t.target(n)
			if len(target) > 0 && target[0] == '/' {
				dir = rootNode
			}
			path = bytes.Join([][]byte{target, rest}, []byte("/"))
		}
	}
}

// missing is a directory that the archive should have had, to hold f.
func (p *tarPlacer) missing(f *found) *found {
	return &found{mode: ondisk.ModeDir | 0o755, mtime: f.mtime, atime: f.mtime}
}

// nextPart splits off the first name of a path, passing over "." and empty ones. last says that nothing follows.
func nextPart(path []byte) (part, rest []byte, last bool) {
	for {
		part, rest, _ = bytes.Cut(path, []byte("/"))
		if len(part) > 0 && string(part) != "." {
			break
		}
		if len(rest) == 0 {
			return nil, nil, true
		}
		path = rest
	}
	for after := rest; ; {
		var next []byte
		next, after, _ = bytes.Cut(after, []byte("/"))
		if len(next) > 0 && string(next) != "." {
			return part, rest, false
		}
		if len(after) == 0 {
			return part, nil, true
		}
	}
}

// placeLink enters one more name of a file, or remembers it until its target comes.
//
// +checklocks:p.b.mu
func (p *tarPlacer) placeLink(e *tarscan.Entry) error {
	if l := (pendingLink{e.Name, e.Link}); !p.settle(l) {
		p.pending = append(p.pending, pendingLink{bytes.Clone(e.Name), bytes.Clone(e.Link)})
	}
	return p.b.checkLocked()
}

// link enters a name for the file of another; it reports false where that is not there.
//
// +checklocks:p.b.mu
func (p *tarPlacer) link(name, target []byte) (bool, string) {
	if why := p.refuse(target); why != "" {
		return true, why
	}
	dir, base, why := p.walk(target, nil)
	if why != "" {
		return false, ""
	}
	to := p.index.find(dir, base)
	if to == nil || len(base) == 0 {
		return false, ""
	}
	id := to.node
	n := p.t.nodes.at(id)
	if n.isDir() {
		return true, "that is a directory"
	}
	dir, base, why = p.walk(name, &found{mtime: stamp{n.mtime, n.mtimeNsec}})
	if why != "" || len(base) == 0 {
		return true, why
	}
	old := p.index.find(dir, base)
	if old == nil {
		p.index.add(p.b.linkLocked(dir, base, id))
		return true, ""
	}
	if o := p.t.nodes.at(old.node); o.isDir() {
		return true, "a directory has the name of the link"
	}
	p.t.nodes.at(old.node).links--
	p.t.nodes.at(id).links++
	old.node = id
	return true, ""
}

// passesMax bounds how often pending links are gone through: real archives need one pass, or two.
const passesMax = 64

// finish enters the links whose targets came after them.
//
// +checklocks:p.b.mu
func (p *tarPlacer) finish() error {
	for range passesMax {
		before := len(p.pending)
		p.pending = slices.DeleteFunc(p.pending, p.settle)
		if len(p.pending) == before || before == 0 {
			break
		}
	}
	for _, l := range p.pending {
		p.failLink(l, "which is not in the archive")
	}
	return p.b.checkLocked()
}

// settle reports whether a pending link is entered, or never can be.
//
// +checklocks:p.b.mu
func (p *tarPlacer) settle(l pendingLink) bool {
	done, why := p.link(l.name, l.target)
	if why != "" {
		p.failLink(l, why)
	}
	return done
}

func (p *tarPlacer) failLink(l pendingLink, why string) {
	p.b.warn.fail(shorten(string(l.name)), "left out: a hard link to %s: %s", shorten(string(l.target)), why)
}
