package ext4_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
	"extant/lockdep"
)

// quotaScratchKinds are file systems that record who uses what.
var quotaScratchKinds = []struct{ name, args string }{
	{"plain", "-t ext4"},
	{"quota", "-t ext4 -O quota"},
	{"project", "-t ext4 -O quota,project -I 256 -b 1024 -E quotatype=usrquota:grpquota:prjquota"},
	{"bigalloc", "-t ext4 -O quota,bigalloc -C 16384"},
	{"ea_inode", "-t ext4 -O quota,ea_inode"},
	{"inline", "-t ext4 -O quota,inline_data"},
	{"no_journal", "-t ext4 -O quota,^has_journal"},
}

func eachQuotaKind(t *testing.T, o ext4.Options, f func(t *testing.T, s *scratch)) {
	for _, k := range quotaScratchKinds {
		t.Run(k.name, func(t *testing.T) { f(t, newScratch(t, 32<<20, k.args, o)) })
	}
}

// entryOf is what the quota file says of an id.
func (s *scratch) entryOf(kind ondisk.QuotaKind, id uint32) ondisk.QuotaEntry {
	s.t.Helper()
	e, err := s.fs.Quota(kind, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// TestQuotaFollowsUse does what changes who uses what, at random; the checks when the test ends compare the quota files with what is there.
func TestQuotaFollowsUse(t *testing.T) {
	for _, delay := range []bool{false, true} {
		t.Run(fmt.Sprint("nodelalloc=", !delay), func(t *testing.T) {
			lockdep.Watch(t, lockdep.Config{})
			eachQuotaKind(t, ext4.Options{NoDelalloc: !delay}, func(t *testing.T, s *scratch) {
				r := rand.New(rand.NewPCG(3, 4))
				root, err := s.fs.Root()
				if err != nil {
					t.Fatal(err)
				}
				files := map[string]*ext4.Inode{}
				for i := range 200 {
					s.quotaStep(r, root, files, i)
				}
				s.nothingPending(files)
				s.remount()
			})
		})
	}
}

// nothingPending writes everything back, and wants nothing counted that no slot counts.
func (s *scratch) nothingPending(files map[string]*ext4.Inode) {
	s.t.Helper()
	if err := s.fs.Sync(); err != nil {
		s.t.Fatal(err)
	}
	for name, n := range files {
		if bytes := n.QuotaPending(); bytes != 0 {
			s.t.Errorf("%s: %d bytes pending", name, bytes)
		}
	}
	for id := range uint32(4) {
		if bytes := s.fs.QuotaPromised(ondisk.QuotaUser, id*1000); bytes != 0 {
			s.t.Errorf("user %d: %d bytes promised", id*1000, bytes)
		}
	}
}

// quotaStep makes, changes or removes a file.
func (s *scratch) quotaStep(r *rand.Rand, root *ext4.Inode, files map[string]*ext4.Inode, i int) {
	s.t.Helper()
	name := fmt.Sprint("f", r.IntN(20))
	n, owner := files[name], uint32(r.IntN(4)*1000)
	var err error
	switch k := r.IntN(8); {
	case n == nil && i%3 == 0:
		files[name], err = root.Mkdir(name, ext4.NewAttr{Mode: 0o755, UID: owner, GID: owner + 7})
	case n == nil:
		files[name], err = root.Create(name, ext4.NewAttr{Mode: 0o644, UID: owner, GID: owner + 7})
	case k < 2:
		if n.IsDir() {
			err = root.Rmdir(name, nil)
		} else {
			err = root.Unlink(name, nil)
		}
		delete(files, name)
	case k < 4:
		group := owner + 3
		err = n.SetAttr(ext4.AttrChange{UID: &owner, GID: &group})
	case k < 5:
		err = n.SetXattr("user.x", make([]byte, r.IntN(3000)), 0)
	case n.IsDir():
		_, err = n.Create(fmt.Sprint("g", i), ext4.NewAttr{Mode: 0o600, UID: owner})
		if err == nil {
			err = n.Unlink(fmt.Sprint("g", i), nil)
		}
	case k == 5:
		err = n.Truncate(int64(r.IntN(60000)))
	default:
		_, err = n.WriteAt(make([]byte, 1+r.IntN(20000)), int64(r.IntN(100000)))
	}
	if err != nil && !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.ENOSPC) {
		s.t.Fatal(name, err)
	}
}

// TestQuotaManyOwners gives files to so many that the tree of the quota file grows at all its levels.
func TestQuotaManyOwners(t *testing.T) {
	s := newScratch(t, 32<<20, "-t ext4 -O quota -b 1024 -N 4000", ext4.Options{})
	root, err := s.fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 9))
	for i := range 300 {
		if _, err := root.Create(fmt.Sprint(i), ext4.NewAttr{Mode: 0o600, UID: r.Uint32() >> r.IntN(32), GID: uint32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	s.remount()
	if n, err := s.fs.SystemInode(ondisk.GroupQuota); err != nil || n.Attr().Size > 40<<10 {
		t.Errorf("a quota file of %d bytes for 300 groups, %v", n.Attr().Size, err)
	}
	for i := range uint32(300) {
		if e := s.entryOf(ondisk.QuotaGroup, i); e.Inodes < 1 {
			t.Fatalf("group %d has %d inodes", i, e.Inodes)
		}
	}
}

// TestQuotaLimits wants hard limits kept, soft ones for their time, and both given back.
func TestQuotaLimits(t *testing.T) {
	for _, o := range []ext4.Options{{QuotaLimits: true}, {QuotaLimits: true, NoDelalloc: true}} {
		s := newScratch(t, 32<<20, "-t ext4 -O quota", o)
		root, err := s.fs.Root()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.fs.SetQuota(ondisk.QuotaUser, 1000, ext4.QuotaLimits{BlocksHard: 100, InodesHard: 3}); err != nil {
			t.Fatal(err)
		}
		n, err := root.Create("a", ext4.NewAttr{Mode: 0o600, UID: 1000})
		if err != nil {
			t.Fatal(err)
		}
		done, err := n.WriteAt(make([]byte, 200<<10), 0)
		if done != 100<<10 || !(err == nil || errors.Is(err, syscall.EDQUOT)) {
			t.Errorf("%d bytes written, %v, with a limit of %d", done, err, 100<<10)
		}
		if _, err := n.WriteAt(make([]byte, 1), 150<<10); !errors.Is(err, syscall.EDQUOT) {
			t.Errorf("past the limit: %v", err)
		}
		if err := n.Fsync(); err != nil {
			t.Fatal(err)
		}
		if e := s.entryOf(ondisk.QuotaUser, 1000); e.Space != 100<<10 || e.Inodes != 1 {
			t.Errorf("%d bytes and %d inodes counted", e.Space, e.Inodes)
		}
		s.inodeLimits(root, n)
		if err := n.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := n.WriteAt(make([]byte, 50<<10), 0); err != nil {
			t.Errorf("after room was made: %v", err)
		}
		s.softLimits(root)
	}
}

// inodeLimits runs user 1000 with one inode into the limit of three.
func (s *scratch) inodeLimits(root, n *ext4.Inode) {
	t := s.t
	t.Helper()
	for i := range 2 {
		if _, err := root.Create(fmt.Sprint("b", i), ext4.NewAttr{Mode: 0o600, UID: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.Create("c", ext4.NewAttr{Mode: 0o600, UID: 1000}); !errors.Is(err, syscall.EDQUOT) {
		t.Errorf("a fourth inode: %v", err)
	}
	if _, err := root.Lookup("c"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("what was refused is there: %v", err)
	}
	other, err := root.Create("c", ext4.NewAttr{Mode: 0o600, UID: 2000})
	if err != nil {
		t.Fatal(err)
	}
	owner := uint32(1000)
	if err := other.SetAttr(ext4.AttrChange{UID: &owner}); !errors.Is(err, syscall.EDQUOT) {
		t.Errorf("given to who has too many: %v", err)
	}
	owner = 2000
	if err := n.SetAttr(ext4.AttrChange{UID: &owner}); err != nil {
		t.Error(err)
	}
	if e := s.entryOf(ondisk.QuotaUser, 1000); e.Space != 0 || e.Inodes != 2 {
		t.Errorf("%d bytes and %d inodes left to who gave one away", e.Space, e.Inodes)
	}
	owner = 1000
	if err := n.SetAttr(ext4.AttrChange{UID: &owner}); err != nil {
		t.Error(err)
	}
}

// softLimits lets the clock run past the grace of user 3000.
func (s *scratch) softLimits(root *ext4.Inode) {
	t := s.t
	t.Helper()
	if err := s.fs.SetQuota(ondisk.QuotaUser, 3000, ext4.QuotaLimits{BlocksSoft: 8, BlocksHard: 400}); err != nil {
		t.Fatal(err)
	}
	if err := s.fs.SetQuotaGrace(ondisk.QuotaUser, 100, 100); err != nil {
		t.Fatal(err)
	}
	n, err := root.Create("soft", ext4.NewAttr{Mode: 0o600, UID: 3000})
	if err != nil {
		t.Fatal(err)
	}
	write := func(off int64) error {
		_, err := n.WriteAt(make([]byte, 4096), off)
		if err == nil {
			err = n.Fsync()
		}
		return err
	}
	for i := range int64(4) {
		if err := write(i * 4096); err != nil {
			t.Fatal(err)
		}
	}
	s.tick = s.tick.Add(99 * time.Second)
	if err := write(4 * 4096); err != nil {
		t.Errorf("within grace: %v", err)
	}
	s.tick = s.tick.Add(2 * time.Second)
	if err := write(5 * 4096); !errors.Is(err, syscall.EDQUOT) {
		t.Errorf("after grace: %v", err)
	}
	if err := n.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	if e := s.entryOf(ondisk.QuotaUser, 3000); e.BlockTime != 0 {
		t.Errorf("grace ends at %d though the limit is kept", e.BlockTime)
	}
	if err := write(5 * 4096); err != nil {
		t.Errorf("after room was made: %v", err)
	}
}

// TestQuotaOvertaken wants who gets a file to pay for all of it, and who had it for nothing, whichever change comes first.
func TestQuotaOvertaken(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O quota -b 4096", ext4.Options{})
	var n *ext4.Inode
	for _, uid := range []uint32{2000, 1000} {
		var err error
		n, err = s.root().Create(fmt.Sprint(uid), ext4.NewAttr{Mode: 0o600, UID: uid})
		s.must("create", err)
	}
	for _, c := range []struct {
		blocks          int64
		uid, from       uint32
		space           uint64
		inodes, remains uint64
	}{{3, 2000, 1000, 3 * 4096, 2, 0}, {-3, 1000, 2000, 0, 1, 1}} {
		s.must("grow", n.OvertakenGrowth(c.blocks, c.uid))
		if e := s.entryOf(ondisk.QuotaUser, c.uid); e.Space != c.space || e.Inodes != c.inodes {
			t.Errorf("user %d has %d bytes and %d inodes, want %d and %d", c.uid, int64(e.Space), e.Inodes, c.space, c.inodes)
		}
		if e := s.entryOf(ondisk.QuotaUser, c.from); e.Space != 0 || e.Inodes != c.remains {
			t.Errorf("user %d is left with %d bytes and %d inodes", c.from, int64(e.Space), e.Inodes)
		}
	}
}

// TestQuotaOfXattrs wants blocks judged by limits of space alone, and values that lie in inodes to be among what a new owner gets.
func TestQuotaOfXattrs(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O quota,ea_inode -b 4096", ext4.Options{QuotaLimits: true})
	n, err := s.root().Create("file", ext4.NewAttr{Mode: 0o600, UID: 1000})
	s.must("create", err)
	s.must("one", s.fs.SetQuota(ondisk.QuotaUser, 1000, ext4.QuotaLimits{InodesHard: 1}))
	if err := n.SetXattr("user.large", make([]byte, 5000), 0); err != syscall.EDQUOT {
		t.Errorf("a second inode, for a value: %v", err)
	}
	_, err = s.root().Create("other", ext4.NewAttr{Mode: 0o600, UID: 2000})
	s.must("create", err)
	s.must("two", s.fs.SetQuota(ondisk.QuotaUser, 1000, ext4.QuotaLimits{InodesHard: 2}))
	s.must("value", n.SetXattr("user.large", make([]byte, 5000), 0))
	s.must("less", s.fs.SetQuota(ondisk.QuotaUser, 1000, ext4.QuotaLimits{InodesHard: 1}))
	s.must("a block, of who has too many inodes", n.SetXattr("user.block", make([]byte, 1000), 0))
	s.must("two", s.fs.SetQuota(ondisk.QuotaUser, 2000, ext4.QuotaLimits{InodesHard: 2}))
	uid := uint32(2000)
	if err := n.SetAttr(ext4.AttrChange{UID: &uid}); err != syscall.EDQUOT {
		t.Errorf("a file and its value to who may have one more inode: %v", err)
	}
	s.must("three", s.fs.SetQuota(ondisk.QuotaUser, 2000, ext4.QuotaLimits{InodesHard: 3}))
	s.must("chown", n.SetAttr(ext4.AttrChange{UID: &uid}))
	if e := s.entryOf(ondisk.QuotaUser, uid); e.Inodes != 3 || e.Space != 8192+4096 {
		t.Errorf("%d inodes and %d bytes, want 3 and %d", e.Inodes, e.Space, 8192+4096)
	}
}

// TestQuotaNotThere wants ESRCH where nothing is recorded.
func TestQuotaNotThere(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	if _, err := s.fs.Quota(ondisk.QuotaUser, 0); err != syscall.ESRCH {
		t.Error(err)
	}
	if err := s.fs.SetQuota(ondisk.QuotaProject, 0, ext4.QuotaLimits{}); err != syscall.ESRCH {
		t.Error(err)
	}
}
