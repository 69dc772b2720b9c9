package ext4

import (
	"fmt"
	"strings"
	"time"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/sched"
)

// mmpOwner has the block that says that the file system is in use, and writes it every few seconds to show that it is.
type mmpOwner struct {
	fs   *FS         // immutable
	dev  disk.Device // immutable
	now  func() time.Time
	node string        // immutable
	tick time.Duration // immutable: between two writes

	timer *sched.Timer // immutable

	mu sched.Mutex
	// +checklocks:mu
	seq uint32
	// +checklocks:mu
	done bool
	// +checklocks:mu
	lost func(error) // told that the block is no longer ours
	// +checklocks:mu
	why error // for which it is lost
}

var classMMP = &sched.Class{Name: "mmp", Doc: "the block that guards against a second mount"}

// claimMMP waits until it is certain that nobody else has the file system mounted, takes it, and shows from then on that it is taken. seq is a number that nobody else will
// choose.
func claimMMP(fs *FS, dev disk.Device, o Options, seq uint32) (*mmpOwner, error) {
	m := &mmpOwner{fs: fs, dev: dev, node: o.Node, now: o.Now, seq: 1 + seq%ondisk.MMPSeqMax}
	if m.now == nil {
		m.now = sched.Now
	}
	m.mu.Init(classMMP)
	seen, err := m.read()
	if err != nil {
		return nil, err
	}
	update := min(max(int(fs.sb.MMPUpdateInterval), ondisk.MMPUpdateInterval), ondisk.MMPUpdateIntervalMax)
	check := min(max(update, int(seen.CheckInterval), ondisk.MMPCheckIntervalMin), ondisk.MMPUpdateIntervalMax)
	wait := time.Duration(min(2*check+1, check+60)) * time.Second
	m.tick = time.Duration(update) * time.Second
	if seen.Seq == ondisk.MMPSeqFsck {
		return nil, m.inUse(&seen, "a checker is at work on it")
	}
	if seen.Seq != ondisk.MMPSeqClean {
		if err := m.await(seen.Seq, wait, "it is mounted"); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	err = m.writeLocked(m.seq)
	mine := m.seq
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := m.await(mine, wait, "it is being mounted"); err != nil {
		return nil, err
	}
	// Who came a moment later has waited for as long, and is to see that somebody is alive before it looks again.
	m.mu.Lock()
	m.seq = ondisk.NextSeq(m.seq)
	err = m.writeLocked(m.seq)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	m.timer = sched.NewTimer("mmp", m.refresh)
	m.timer.Start(m.tick)
	return m, nil
}

// await looks after d whether the block still has a sequence number.
func (m *mmpOwner) await(seq uint32, d time.Duration, why string) error {
	sched.Sleep(d)
	seen, err := m.read()
	if err == nil && seen.Seq != seq {
		err = m.inUse(&seen, why)
	}
	return err
}

// inUse is the refusal to mount.
func (m *mmpOwner) inUse(seen *ondisk.MMP, why string) error {
	who := strings.TrimRight(string(seen.NodeName[:]), "\x00")
	at := time.Unix(int64(seen.Time), 0).UTC()
	return &UnsupportedError{Features: []string{"mmp"}, Detail: fmt.Sprintf(
		"%s, on %q as of %s: wait until it is free; where nobody has it, e2fsck or tune2fs -f -E clear_mmp clears the mark", why, who, at.Format(time.DateTime))}
}

func (m *mmpOwner) offset() int64 { return int64(m.fs.sb.MMPBlock) << m.fs.blockBits }

// read reads the block past all caches.
func (m *mmpOwner) read() (ondisk.MMP, error) {
	var b ondisk.MMP
	at := ondisk.Block(m.fs.sb.MMPBlock)
	if err := m.fs.checkRange("mmp block", at, 1); err != nil {
		return b, err
	}
	raw := make([]byte, ondisk.MMPSize)
	if _, err := m.dev.ReadAt(raw, m.offset()); err != nil {
		return b, fmt.Errorf("mmp block %d: %w", at, err)
	}
	if err := b.Decode(raw); err != nil {
		return b, err
	}
	err := b.Check()
	if want := ondisk.MMPCsum(m.fs.seed, raw); err == nil && m.fs.csum && b.Checksum != want {
		err = ondisk.Corrupt("mmp block", "checksum %#08x, not %#08x", b.Checksum, want)
	}
	return b, ondisk.Locate(err, 0, at)
}

// writeLocked writes the block, durably.
//
// +checklocks:m.mu
func (m *mmpOwner) writeLocked(seq uint32) error {
	b := ondisk.MMP{Magic: ondisk.MMPMagic, Seq: seq, Time: uint64(m.now().Unix()), CheckInterval: uint16(m.tick / time.Second)}
	copy(b.NodeName[:len(b.NodeName)-1], m.node)
	raw := make([]byte, ondisk.MMPSize)
	b.Encode(raw)
	if m.fs.csum {
		b.Checksum = ondisk.MMPCsum(m.fs.seed, raw)
		b.Encode(raw)
	}
	_, err := m.dev.WriteAt(raw, m.offset())
	if err == nil {
		err = m.dev.Flush()
	}
	if err != nil {
		return fmt.Errorf("mmp block %d: %w", m.fs.sb.MMPBlock, err)
	}
	return nil
}

// watch has lost told when the block is no longer ours or cannot be written, from now on. The error is that it is so already.
func (m *mmpOwner) watch(lost func(error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = lost
	return m.why
}

func (m *mmpOwner) refresh() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return
	}
	seen, err := m.read()
	if err == nil && seen.Seq != m.seq {
		err = m.inUse(&seen, "somebody else has mounted it as well")
	}
	if err == nil {
		m.seq = ondisk.NextSeq(m.seq)
		err = m.writeLocked(m.seq)
	}
	if err != nil {
		m.done, m.why = true, err
		if m.lost != nil {
			m.lost(err)
		}
		return
	}
	m.timer.Start(m.tick)
}

// release says that the file system is not in use.
func (m *mmpOwner) release() error {
	m.timer.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return nil
	}
	m.done = true
	return m.writeLocked(ondisk.MMPSeqClean)
}
