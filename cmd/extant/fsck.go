package main

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"extant"
	"extant/disk"
	"extant/disk/undo"
	"extant/fsck"
	"extant/internal/ondisk"
)

const fsckLong = `fsck looks for what is wrong with an ext2, ext3 or ext4 file system, and repairs it: with e2fsck's letters and exit codes. -n repairs nothing
and opens the image for reading only; -p repairs what loses nothing, and stops at anything else; -y repairs all; without any of these
there is a question about every finding, at a terminal. Nothing is written before all is decided.

A file system that was unmounted cleanly is looked at only with -f, or when it is due: after so many mounts, or days, as it says itself.

Each finding is shown with its code, which docs/fsck.md explains, where it is, what a repair does about it, and what e2fsck calls it.

Exit codes are sums of these:

  0    nothing is wrong
  1    all that was wrong is repaired
  4    something is wrong still
  8    the check or the repair could not be done: no such file, an image in use, no file system, features that are not known
  16   the command was misused
  32   interrupted; nothing was written, or all of it can be finished by running it again`

// fsckRun is one run of fsck.
type fsckRun struct {
	*app
	f     fsckFlags
	image string
	dev   disk.Device
	asked *asker
	pass  *passes
}

func newFsck(a *app) *cobra.Command {
	r := &fsckRun{app: a}
	cmd := &cobra.Command{
		Use:     "fsck [flags] IMAGE",
		Short:   "Find what is wrong with a file system, and repair it",
		GroupID: groupImage,
		Long:    fsckLong,
		Example: `  extant fsck -fn disk.img
  extant fsck -p disk.img#2
  extant fsck -y --undo disk.undo disk.img
  extant fsck -fn --report disk.html disk.img
  extant fsck -fn --json disk.img | jq '.findings[].code'`,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{exitBits: "yes"},
	}
	p := cmd.Flags()
	p.SortFlags = false
	r.f.register(p)
	cmd.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	_ = cmd.RegisterFlagCompletionFunc("extended", cobra.FixedCompletions([]string{"shared=clone", "shared=delete"}, cobra.ShellCompDirectiveNoFileComp))
	return a.verbCommand(cmd, func(args []string) error {
		at := address(args[0])
		if r.image = at.Image; at.Path != "/" {
			return usagef("%s: a file of an image; fsck is for the whole of it", args[0])
		}
		return r.run()
	})
}

func (r *fsckRun) run() (err error) {
	o, err := r.f.ask(r.options.SuperBlock)
	if err != nil {
		return err
	}
	if r.f.report != "" && sameFile(r.f.report, r.image) {
		return usagef("--report: %s is the image", r.f.report)
	}
	if o.Policy == fsck.Ask {
		if r.asked = r.newAsker(); r.asked == nil {
			return &noTerminalError{}
		}
		o.Ask = r.asked.ask
		r.ctx = r.asked.ctx
	}
	if r.pass, err = r.newPasses(); err != nil {
		return err
	}
	if err := r.open(o.Policy); err != nil {
		return &openError{image: r.image, err: err}
	}
	defer func() { err = errors.Join(err, r.dev.Close()) }()
	if r.f.mayPass() {
		if sound, err := r.pass0(); sound || err != nil {
			return err
		}
	}
	return r.work(o)
}

// open opens the image: for reading only where nothing is to be repaired, even if somebody uses it.
func (r *fsckRun) open(p fsck.Policy) (err error) {
	if p != fsck.No {
		r.dev, err = extant.OpenImage(r.image, disk.ReadWrite)
		return err
	}
	flags := disk.ReadOnly
	if r.options.Shared {
		flags |= disk.Shared
	}
	r.dev, err = extant.OpenImage(r.image, flags)
	var busy *disk.BusyError
	if errors.As(err, &busy) {
		r.note("%s: %v; what is found may be of different moments", r.image, err)
		r.dev, err = extant.OpenImage(r.image, disk.ReadOnly|disk.Shared)
	}
	return err
}

// pass0 reports whether nothing speaks for a check, and says so.
func (r *fsckRun) pass0() (sound bool, err error) {
	why, s, err := fsck.Due(r.dev, time.Now())
	if err != nil {
		return false, &addressError{r.image, err}
	}
	if why == "" && r.f.policy() != fsck.No && (s.HasIncompat(ondisk.IncompatNeedsRecovery) || s.LastOrphan != 0 || s.HasROCompat(ondisk.ROCompatOrphanPresent)) {
		why = "was not unmounted"
	}
	if why != "" {
		r.note("%s %s: it is checked", r.image, why)
		return false, nil
	}
	return true, r.showSkipped(s)
}

// work checks and repairs, and shows what came of it.
func (r *fsckRun) work(o fsck.RepairOptions) error {
	o.Progress = r.pass.show
	if r.f.scan {
		list, err := r.scan()
		if err != nil {
			return &addressError{r.image, err}
		}
		o.BadBlocks = list
	}
	dev, finish, err := r.undoable(o.Policy)
	if err != nil {
		return err
	}
	rep, err := fsck.Repair(r.ctx, dev, o)
	r.pass.end()
	if r.ctx.Err() != nil {
		r.tellInterrupted(rep)
		return finish()
	}
	if err = errors.Join(err, finish()); err != nil {
		err = &addressError{r.image, err}
		if rep == nil {
			return err
		}
		r.fail(err)
	}
	r.code |= rep.ExitCode()
	out := newOutcome(r.image, rep, o.Policy, r.code)
	if r.f.report != "" {
		if err := out.writePage(r.f.report); err != nil {
			r.fail(err)
			out.ExitCode = r.code
		}
	}
	if r.f.json {
		return r.putJSON(out.json())
	}
	return r.show(out)
}

// tellInterrupted says what an interruption left.
func (r *fsckRun) tellInterrupted(rep *fsck.RepairReport) {
	switch {
	case rep == nil || rep.Written == 0:
		r.note("%s: interrupted; nothing was written", r.image)
	default:
		r.note("%s: interrupted while it was written; to run it again finishes the repair", r.image)
	}
}

// undoable is the device, and with --undo one whose changes can be undone. finish is to be called when all is written.
func (r *fsckRun) undoable(p fsck.Policy) (dev disk.Device, finish func() error, err error) {
	if r.f.undo == "" {
		return r.dev, func() error { return nil }, nil
	}
	u, err := undo.Open(r.f.undo, r.dev, superUUID(r.dev))
	if err != nil {
		return nil, nil, err
	}
	return u, u.Close, nil
}

// superUUID is what identifies the file system on a device, as far as it has a super block; otherwise nothing.
func superUUID(dev disk.Device) string {
	raw := make([]byte, ondisk.SuperSize)
	var s ondisk.Super
	if _, err := dev.ReadAt(raw, ondisk.SuperOffset); err != nil || s.Decode(raw) != nil || s.Magic != ondisk.SuperMagic {
		return ""
	}
	return ondisk.UUID(s.UUID).String()
}

// writePage writes the report as a page.
func (o *outcome) writePage(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(o.page().Write(f), f.Close())
}

// sameFile reports whether a path leads to the file that an image, or a partition of it, is in.
func sameFile(path, image string) bool {
	a, err := os.Stat(path)
	if err != nil {
		return false
	}
	b, err := os.Stat(image)
	if i := strings.LastIndexByte(image, '#'); err != nil && i >= 0 {
		b, err = os.Stat(image[:i])
	}
	return err == nil && os.SameFile(a, b)
}

// noTerminalError says that there is nobody to ask.
type noTerminalError struct{}

func (*noTerminalError) Error() string { return "there is no terminal to ask at" }

// Exit codes of fsck, which are bits.
const (
	fsckFailed      = 8
	fsckUsage       = 16
	fsckInterrupted = 32
)

// exitBits marks, among its annotations, a verb whose exit codes are sums of bits: those of e2fsck.
const exitBits = "exit-bits"

// fsckCode is the bit that an error calls for.
func fsckCode(err error) int {
	var usage *usageError
	if errors.As(err, &usage) {
		return fsckUsage
	}
	return fsckFailed
}
