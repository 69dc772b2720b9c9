package ext4_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
	"extant/sched"
)

// mmpOptions are those of a mount to write by a machine.
func mmpOptions(node string, seed byte) ext4.Options {
	o := raceOptions(ext4.Options{Node: node})
	o.Rand = seeded(seed)
	return o
}

// mmpImage is a file system with such a block that nobody has mounted yet.
func mmpImage(t *testing.T) *disk.Mem {
	t.Helper()
	o, err := ext4test.Options("-t ext4 -b 1024 -O mmp")
	if err != nil {
		t.Fatal(err)
	}
	o.Now, o.Rand = raceTime, seeded(1)
	mem := disk.NewMem(4 << 20)
	if _, err := mkfs.Format(mem, o); err != nil {
		t.Fatal(err)
	}
	return mem
}

// inUse reports whether err says that the file system is in use, by node.
func inUse(err error, node string) bool {
	var refused *ext4.UnsupportedError
	return errors.As(err, &refused) && strings.Contains(err.Error(), node)
}

// setMMP changes the block that guards against a second mount.
func setMMP(dev disk.Device, change func(*ondisk.MMP)) {
	raw := make([]byte, ondisk.SuperSize)
	_, err := dev.ReadAt(raw, ondisk.SuperOffset)
	var sb ondisk.Super
	explore.Assert(err == nil && sb.Decode(raw) == nil, "no super block")
	at := int64(sb.MMPBlock) * int64(sb.BlockSize())
	raw = make([]byte, ondisk.MMPSize)
	_, err = dev.ReadAt(raw, at)
	var b ondisk.MMP
	explore.Assert(err == nil && b.Decode(raw) == nil, "no block")
	change(&b)
	b.Encode(raw)
	b.Checksum = ondisk.MMPCsum(sb.CsumSeed(), raw)
	b.Encode(raw)
	_, err = dev.WriteAt(raw, at)
	explore.Assert(err == nil, "write: %v", err)
}

// underClock runs f a few times with the explorer's clock, which waits for nothing.
func underClock(t *testing.T, f func()) {
	t.Helper()
	explore.Test(t, f, explore.Config{Strategy: explore.Random(1), Executions: 10, StepsMax: 100_000})
}

// TestMMP mounts what another machine has mounted, has left, or is just mounting too.
func TestMMP(t *testing.T) {
	base := mmpImage(t)
	underClock(t, func() {
		dev := base.Snapshot()
		one, err := ext4.Mount(dev, mmpOptions("one", 1))
		explore.Assert(err == nil, "mount: %v", err)
		sched.Sleep(time.Minute)
		start := sched.Now()
		_, err = ext4.Mount(dev, mmpOptions("two", 2))
		explore.Assert(inUse(err, "one"), "mounted twice: %v", err)
		explore.Assert(sched.Now().Sub(start) >= 11*time.Second, "refused after %v", sched.Now().Sub(start))
		left := dev.Snapshot()
		explore.Assert(one.Sync() == nil && one.Close() == nil, "unmount")

		two, err := ext4.Mount(dev, mmpOptions("two", 2))
		explore.Assert(err == nil, "mount of what is free: %v", err)
		explore.Assert(two.Close() == nil, "unmount")
		two, err = ext4.Mount(left, mmpOptions("two", 2))
		explore.Assert(err == nil, "mount of what a crash left: %v", err)
		explore.Assert(two.Close() == nil, "unmount")
		setMMP(dev, func(b *ondisk.MMP) { b.Seq = ondisk.MMPSeqFsck })
		_, err = ext4.Mount(dev, mmpOptions("two", 2))
		explore.Assert(inUse(err, "checker"), "mounted while a checker is at work: %v", err)
	})
}

// TestMMPTogether has two machines mount at the same time: one of them at most does.
func TestMMPTogether(t *testing.T) {
	base := mmpImage(t)
	underClock(t, func() {
		dev := base.Snapshot()
		mounted := 0
		mount := func(node string, seed byte) {
			fs, err := ext4.Mount(dev, mmpOptions(node, seed))
			explore.Assert(err == nil || inUse(err, "it is"), "%s: %v", node, err)
			if err == nil {
				mounted++
				sched.Sleep(time.Minute)
				explore.Assert(fs.Close() == nil, "unmount")
			}
		}
		one := sched.Go("one", func() { mount("one", 1) })
		mount("two", 2)
		one.Wait()
		explore.Assert(mounted <= 1, "mounted twice")
	})
}

// TestMMPLost takes the block from who has the file system mounted, which ends his writing.
func TestMMPLost(t *testing.T) {
	base := mmpImage(t)
	underClock(t, func() {
		dev := base.Snapshot()
		fs, err := ext4.Mount(dev, mmpOptions("one", 1))
		explore.Assert(err == nil, "mount: %v", err)
		setMMP(dev, func(b *ondisk.MMP) { b.Seq = 12345 })
		sched.Sleep(time.Minute)
		root, err := fs.Root()
		explore.Assert(err == nil, "root: %v", err)
		_, err = root.Create("new", ext4.NewAttr{Mode: 0o600})
		explore.Assert(err != nil, "written to what another has")
		fs.Close()
		setMMP(dev, func(b *ondisk.MMP) { explore.Assert(b.Seq == 12345, "the other's block was written: %#x", b.Seq) })
	})
}

// slowDevice takes a second for each read while it is slow.
type slowDevice struct {
	disk.Device
	slow bool
}

func (d *slowDevice) ReadAt(p []byte, off int64) (int, error) {
	if d.slow {
		sched.Sleep(time.Second)
	}
	return d.Device.ReadAt(p, off)
}

// TestMMPRecovery mounts while another machine recovers the journal, which takes longer than the wait.
func TestMMPRecovery(t *testing.T) {
	base := mmpImage(t)
	underClock(t, func() {
		dev := base.Snapshot()
		fs, err := ext4.Mount(dev, mmpOptions("none", 1))
		explore.Assert(err == nil, "mount: %v", err)
		root, err := fs.Root()
		explore.Assert(err == nil, "root: %v", err)
		for _, name := range []string{"a", "b", "c"} {
			_, err = root.Mkdir(name, ext4.NewAttr{Mode: 0o700})
			explore.Assert(err == nil && fs.Sync() == nil, "mkdir: %v", err)
		}
		fs.Shutdown(ext4.ShutdownNoLogFlush)
		fs.Close()
		setMMP(dev, func(b *ondisk.MMP) { b.Seq = ondisk.MMPSeqClean })
		slow := &slowDevice{Device: dev}
		start := sched.Now()
		one := sched.Go("one", func() {
			sched.Go("slow", func() { sched.Sleep(10 * time.Second); slow.slow = true })
			fs, err := ext4.Mount(slow, mmpOptions("one", 1))
			explore.Assert(err == nil, "mount: %v", err)
			slow.slow = false
			explore.Assert(sched.Now().Sub(start) > 30*time.Second, "recovered in %v: the test shows nothing", sched.Now().Sub(start))
			explore.Assert(fs.Close() == nil, "unmount")
		})
		sched.Sleep(12 * time.Second)
		_, err = ext4.Mount(dev, mmpOptions("two", 2))
		explore.Assert(inUse(err, "one"), "mounted while another recovers: %v", err)
		one.Wait()
	})
}
