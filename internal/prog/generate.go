package prog

import (
	"slices"
	"strings"
	"time"

	"extant/internal/model"
)

// Profile says what programs Generate makes.
type Profile struct {
	Ops   int          // operations
	Model model.Config // the file system they are meant for; its clock is not used

	Users   bool // some operations are done by users other than 0
	Maps    bool // mappings
	Handles bool // files that stay open
	ACLs    bool // access control lists
	Flags   bool // immutable and append-only files
	Sparse  bool // offsets far out
	Small   bool // most sizes are small enough for the inode
	Large   bool // many sizes are megabytes, which takes a file system of a gigabyte
	Remount bool // file systems are unmounted in between
}

// Generate makes a program at random, the same for the same seed. It follows what the program does on the model, so that most operations
// find something to work on.
func Generate(seed uint64, p Profile) *Program {
	src := source(mix(seed + 1))
	clock := &Clock{}
	p.Model.Now = clock.Now
	sys := Model(p.Model)
	g := &generator{source: &src, p: p, sys: sys, run: NewRunner(sys)}
	out := &Program{}
	for i := range p.Ops {
		g.look()
		op := g.op()
		if op.Data.Text == "" {
			op.Data.Seed = int64(i)
		}
		g.run.Do(op)
		out.Lines = append(out.Lines, Line{Ops: []*Op{op}})
	}
	return out
}

type generator struct {
	*source
	p   Profile
	sys System
	run *Runner

	all, dirs, files []string // paths
}

// look lists what is there.
func (g *generator) look() {
	g.all, g.dirs, g.files = nil, nil, nil
	g.lookAt("")
}

func (g *generator) lookAt(dir string) {
	g.dirs = append(g.dirs, dir)
	list, _ := g.sys.ReadDir(model.Cred{}, dir+"/")
	slices.SortFunc(list, func(a, b model.Name) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range list {
		path := dir + "/" + e.Name
		g.all = append(g.all, path)
		switch e.Type {
		case model.ModeDir:
			g.lookAt(path)
		case model.ModeRegular:
			g.files = append(g.files, path)
		}
	}
}

// A maker makes operations of some kind; weight says how often.
type maker struct {
	weight int
	verb   string
	wanted func(p *Profile) bool
}

func always(*Profile) bool     { return true }
func mappings(p *Profile) bool { return p.Maps }
func opens(p *Profile) bool    { return p.Handles }
func large(p *Profile) bool    { return p.Large }

var makers = []maker{
	{6, "file", always}, {6, "create", always}, {6, "mkdir", always}, {3, "rmdir", always}, {6, "unlink", always},
	{4, "symlink", always}, {5, "link", always}, {10, "rename", always}, {2, "mknod", always},
	{5, "open", opens}, {3, "close", opens},
	{6, "read", always}, {14, "write", always}, {4, "append", always}, {7, "truncate", always}, {10, "fallocate", always},
	{3, "seek", always}, {4, "chmod", always}, {4, "chown", always}, {1, "lchown", always}, {2, "utimes", always}, {1, "lutimes", always},
	{5, "setxattr", always}, {1, "lsetxattr", always}, {2, "getxattr", always}, {1, "listxattr", always}, {2, "removexattr", always},
	{4, "setacl", func(p *Profile) bool { return p.ACLs }}, {3, "chattr", func(p *Profile) bool { return p.Flags }},
	{3, "stat", always}, {1, "lstat", always}, {1, "readlink", always}, {2, "readdir", always}, {2, "sync", always}, {1, "datasync", always},
	{3, "map", mappings}, {5, "load", mappings}, {8, "store", mappings}, {2, "msync", mappings}, {2, "unmap", mappings},
	{1, "remount", func(p *Profile) bool { return p.Remount }},
	{60, "fallocate", large}, {30, "write", large}, {15, "truncate", large}, {10, "create", large},
}

func (g *generator) op() *Op {
	total := 0
	for _, m := range makers {
		if m.wanted(&g.p) {
			total += m.weight
		}
	}
	at := g.n(total)
	for _, m := range makers {
		if !m.wanted(&g.p) {
			continue
		}
		if at -= m.weight; at < 0 {
			return g.make(m.verb)
		}
	}
	panic("prog: weights")
}

// make makes an operation by the form of its verb.
func (g *generator) make(name string) *Op {
	op := &Op{Verb: name, Mode: defaultMode(name)}
	if g.p.Users && g.oneIn(3) {
		op.As = &model.Cred{UID: uint32(1 + g.n(2)), GID: uint32(1 + g.n(3))}
		if g.oneIn(3) {
			op.As.Groups = []uint32{uint32(1 + g.n(3))}
		}
	}
	for kind := range strings.FieldsSeq(verbs[name].form) {
		g.operand(op, kind)
	}
	return op
}

func (g *generator) operand(op *Op, kind string) {
	switch kind {
	case "file":
		op.File = g.file(op)
	case "to":
		op.To = g.fresh()
		if op.Verb == "symlink" {
			op.To = g.target()
		} else if g.oneIn(3) {
			op.To = g.any()
		}
	case "name", "handle":
		op.Name = g.name(op)
	case "word":
		op.Word = g.word(op)
	case "off":
		op.Off = g.offset(op)
	case "len":
		op.Len = g.length(op)
	case "data":
		op.Data.Len = min(g.size(), 1<<20)
		if strings.HasSuffix(op.Verb, "xattr") {
			op.Data.Len = int64(pick(g.source, []int{0, 1, 4, 10, 10, 20, 40, 100, 300, 1000}))
		}
	case "mode":
		op.Mode = uint32(pick(g.source, []int{0o644, 0o755, 0o700, 0o777, 0o000, 0o2755, 0o4755, 0o1777, 0o2777, 0o6711, 0o640, 0o2745}))
	case "uid":
		op.UID = int64(g.n(4)) - 1
	case "gid":
		op.GID = int64(g.n(5)) - 1
	case "before":
		op.Before = g.time()
	case "after":
		op.After = g.time()
	}
}

func (g *generator) time() model.Time {
	switch g.n(6) {
	case 0:
		return model.Time{Now: true}
	case 1:
		return model.Time{Omit: true}
	case 2:
		return model.Time{At: time.Unix(pick(g.source, []int64{-1, 0, -1 << 31, 1<<31 - 1, 1 << 31, 1<<32 + 5, -1<<31 - 1, 15032385535, 15032385536}), 0)}
	}
	return model.Time{At: time.Unix(int64(g.n(1<<30)), int64(g.n(1e9)))}
}

// file chooses what the operation is about.
func (g *generator) file(op *Op) string {
	if open := g.open(); len(open) > 0 && takesHandle(op.Verb) && g.oneIn(2) {
		op.As = nil
		return "@" + pick(g.source, open)
	}
	switch op.Verb {
	case "sync":
		if g.oneIn(2) {
			return ""
		}
	case "file", "create", "mkdir", "mknod", "symlink":
		if !g.oneIn(8) {
			return g.fresh()
		}
		return g.any()
	case "read", "write", "append", "truncate", "fallocate", "seek", "datasync", "map":
		if len(g.files) > 0 && !g.oneIn(12) {
			return g.mess(pick(g.source, g.files))
		}
		return g.any()
	case "open":
		if g.oneIn(3) {
			return g.fresh()
		}
	case "rmdir":
		if g.oneIn(2) {
			return g.mess(pick(g.source, g.dirs) + "/")
		}
	}
	return g.any()
}

func takesHandle(verb string) bool {
	return slices.Contains([]string{"read", "write", "append", "truncate", "fallocate", "seek", "stat", "sync", "datasync", "map"}, verb)
}

func (g *generator) open() []string {
	var list []string
	for name := range g.run.files {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// any is most often a path to something.
func (g *generator) any() string {
	if len(g.all) == 0 || g.oneIn(8) {
		return g.fresh()
	}
	return g.mess(pick(g.source, g.all))
}

// fresh is most often a path to nothing.
func (g *generator) fresh() string {
	name := pick(g.source, []string{"a", "b", "c", "d", "e", "f"})
	if g.oneIn(40) {
		name = strings.Repeat("n", 250+g.n(8))
	}
	return g.mess(pick(g.source, g.dirs) + "/" + name)
}

// mess writes some paths in other ways.
func (g *generator) mess(path string) string {
	if path == "" {
		path = "/"
	}
	switch g.n(40) {
	case 0:
		return path + "/"
	case 1:
		return path + "/."
	case 2:
		return path + "/.."
	case 3:
		return path + "//../" + path
	case 4:
		return path + "/x"
	case 5:
		return strings.TrimLeft(path, "/")
	}
	return path
}

func (g *generator) target() string {
	switch g.n(10) {
	case 0:
		return strings.Repeat("t", pick(g.source, []int{59, 60, 61, 200, 1022, 1023, 1024, 4094, 4095}))
	case 1:
		return ".."
	case 2, 3:
		return "../" + pick(g.source, []string{"a", "b", "c"})
	case 4, 5:
		return pick(g.source, []string{"a", "b", "c/", "./d"})
	}
	return g.any()
}

func (g *generator) name(op *Op) string {
	switch op.Verb {
	case "open", "close":
		return pick(g.source, []string{"f", "g", "h"})
	case "map", "load", "store", "msync", "unmap":
		return pick(g.source, []string{"m", "n"})
	case "setacl":
		return pick(g.source, []string{"access", "access", "default"})
	}
	if g.oneIn(12) {
		return pick(g.source, []string{"bad.a", "user.", "nodot", "user." + strings.Repeat("x", 250), "user." + strings.Repeat("x", 251), model.ACLAccess})
	}
	return pick(g.source, []string{"user.a", "user.b", "user.c", "user.long_name_of_attribute", "trusted.t", "security.s"})
}

func (g *generator) word(op *Op) string {
	switch op.Verb {
	case "rename":
		return pick(g.source, []string{"", "", "", "noreplace", "exchange", "exchange", "whiteout", "noreplace+whiteout", "noreplace+exchange"})
	case "mknod":
		return pick(g.source, []string{"reg", "fifo", "sock", "chr:1:3", "blk:7:300", "chr:0:0"})
	case "open":
		return pick(g.source, []string{
			"read", "read+write", "read+write", "write+create", "read+write+create", "read+write+create+trunc", "read+write+create+excl",
			"write+append", "read+write+append+create", "read+trunc", "read+directory", "read+nofollow",
		})
	case "fallocate":
		return pick(g.source, []string{
			"alloc", "alloc", "keep", "punch+keep", "punch+keep", "zero", "zero+keep", "collapse", "collapse", "insert", "insert", "punch", "collapse+keep",
		})
	case "setxattr", "lsetxattr":
		return pick(g.source, []string{"", "", "", "create", "replace"})
	case "setacl":
		return pick(g.source, []string{
			"u::7,g::5,o::0", "u::6,u:1:7,g::5,m::7,o::4", "u::7,u:2:0,g::7,g:2:6,m::5,o::7", "u::7,g::7,g:1:4,m::3,o::0", "u::7,u:1:7,g::5,o::4",
			"empty", "u::7,g::5,o::17", "u::5,g::7,m::2,o::5",
		})
	case "chattr":
		return pick(g.source, []string{"+i", "-i", "-i", "+a", "-ia", "-ia", "+d", "-d", "+A", "+S", "+D", "-D"})
	}
	return ""
}

// edges are sizes about which something changes.
func (g *generator) edge() int64 {
	b, c := int64(g.p.Model.BlockSize), g.cluster()
	list := []int64{0, 1, 60, 61, 100, 150, 160, 200, b, b, 2 * b, 3 * b, 4 * b, 12 * b, 16 * b, c, 2 * c, 5 * c}
	if g.p.Small {
		list = list[:8]
	}
	return pick(g.source, list)
}

func (g *generator) size() int64 {
	if g.p.Large && g.oneIn(3) {
		return int64(g.n(8 << 20))
	}
	switch g.n(4) {
	case 0:
		return int64(g.n(200))
	case 1:
		return max(0, g.edge()+int64(g.n(3)-1))
	case 2:
		return g.edge()
	}
	if g.p.Small && !g.oneIn(4) {
		return int64(g.n(300))
	}
	return int64(g.n(40000))
}

func (g *generator) offset(op *Op) int64 {
	mapped := op.Verb == "load" || op.Verb == "store"
	switch {
	case g.oneIn(60):
		return -1
	case g.p.Sparse && !mapped && !strings.Contains(op.Word, "keep") && g.oneIn(12): // space past the end may be in the way of an insert
		block := int64(g.p.Model.BlockSize)
		return pick(g.source, []int64{
			1<<31 - 1, 1 << 32, 12*block - 1, (12 + block/4) * block, (12 + block/4 + block/4*block/4) * block, (1<<32-1)*block - 1,
			(1<<32 - 1) * block, (1<<32 - 2) * block, 1<<63 - 1,
		})
	case op.Verb == "fallocate" && !g.oneIn(3):
		return int64(g.n(g.clusters(8))) * g.cluster()
	}
	return g.size()
}

func (g *generator) length(op *Op) int64 {
	switch {
	case g.oneIn(60):
		return int64(-g.n(2))
	case op.Verb == "fallocate" && !g.oneIn(3):
		return int64(1+g.n(g.clusters(4))) * g.cluster()
	case op.Verb == "truncate" && g.p.Sparse && g.oneIn(12):
		return g.offset(op)
	}
	return g.size()
}

// cluster is the unit of fallocate that moves what follows.
func (g *generator) cluster() int64 { return int64(max(g.p.Model.ClusterSize, g.p.Model.BlockSize)) }

// clusters bounds how many of them are asked for, few being usual.
func (g *generator) clusters(few int) int {
	if g.p.Large && g.oneIn(2) {
		return 4096
	}
	return few
}
