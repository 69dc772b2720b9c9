package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// journal shows the super block of the internal journal, and what blocks of the log say from its start on, for as long as their
// sequence numbers follow each other.
func (d *dumper) journal(string) error {
	if !d.sb.HasCompat(ondisk.CompatHasJournal) || d.sb.JournalInum == 0 {
		return errNone("journal inside it")
	}
	js, err := readJournalSuper(d.fs)
	if err != nil {
		return err
	}
	raw, b, err := journalBlock(d.fs, 0)
	if err != nil {
		return err
	}
	if err := d.put(journalSuperSection(inBlock(b, 0).of(ondisk.JournalIno), raw)); err != nil {
		return err
	}
	if js.Start == 0 {
		return nil
	}
	w := &logWalk{dumper: d, js: js, seq: js.Sequence, pos: js.Start, left: js.LogEnd()}
	return w.run()
}

func journalSuperSection(at spot, raw []byte) (section, error) {
	js := &ondisk.JournalSuper{}
	return described("journal super block", at, raw, js, func() map[string]string {
		start := "the first block of the log in use"
		if js.Start == 0 {
			start = "the log is empty"
		}
		return map[string]string{
			"h_magic":            goodNote(js.Header.Magic == ondisk.JournalMagic),
			"h_blocktype":        journalTypes[js.Header.BlockType],
			"s_feature_compat":   strings.Join(js.Compat().Names(), " "),
			"s_feature_incompat": strings.Join(js.Incompat().Names(), " "),
			"s_uuid":             ondisk.UUID(js.UUID).String(),
			"s_start":            start,
			"s_checksum":         sumNote(js.Incompat().Sums(), uint64(js.Checksum), uint64(ondisk.JournalSuperCsum(raw[:ondisk.JournalSuperSize]))),
		}
	})
}

var journalTypes = map[uint32]string{
	ondisk.JournalDescriptor: "descriptor",
	ondisk.JournalCommit:     "commit",
	ondisk.JournalSuperV1:    "super block, version 1",
	ondisk.JournalSuperV2:    "super block, version 2",
	ondisk.JournalRevoke:     "revoke",
}

// A logWalk goes through a log.
type logWalk struct {
	*dumper
	js   *ondisk.JournalSuper
	seq  uint32 // of the transaction expected
	pos  uint32 // block of the journal
	left uint32 // blocks until the whole log has been seen
}

// next moves on by n blocks of the log, round its end.
func (w *logWalk) next(n uint32) {
	span := w.js.LogEnd() - w.js.First
	w.pos = w.js.First + (w.pos-w.js.First+n%span)%span
	w.left -= min(w.left, n)
}

func (w *logWalk) run() error {
	if w.js.First >= w.js.LogEnd() || w.pos < w.js.First || w.pos >= w.js.LogEnd() {
		return ondisk.Corrupt("journal super block", "log from block %d to %d, start at %d", w.js.First, w.js.LogEnd(), w.js.Start).At(ondisk.JournalIno, 0)
	}
	for w.left > 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		raw, b, err := journalBlock(w.fs, w.pos)
		if err != nil {
			return err
		}
		var h ondisk.JournalHeader
		if err := h.Decode(raw); err != nil {
			return err
		}
		if h.Magic != ondisk.JournalMagic || h.Sequence != w.seq {
			return nil // the log ends here
		}
		s, err := journalSection(inBlock(b, 0), raw, w.js.Incompat())
		s.note = fmt.Sprintf("block %d of the journal", w.pos)
		if err := w.put(s, err); err != nil {
			return err
		}
		w.next(1)
		switch h.BlockType {
		case ondisk.JournalDescriptor:
			w.next(uint32(len(s.entries)))
		case ondisk.JournalCommit:
			w.seq++
		}
	}
	return nil
}

// journalSection shows a block of the log that has a header.
func journalSection(at spot, raw []byte, f ondisk.JournalIncompat) (section, error) {
	var h ondisk.JournalHeader
	if err := h.Decode(raw); err != nil {
		return section{}, err
	}
	if h.Magic != ondisk.JournalMagic {
		return section{}, ondisk.Corrupt("journal block", "magic %#08x: data, or nothing", h.Magic).At(0, at.block)
	}
	switch h.BlockType {
	case ondisk.JournalCommit:
		var c ondisk.JournalCommitBlock
		return described("journal commit block", at, raw, &c, func() map[string]string {
			return map[string]string{"h_blocktype": "commit", "h_commit_sec": timeNote(time.Unix(int64(c.Sec&(1<<62-1)), int64(c.Nsec)))}
		})
	case ondisk.JournalRevoke:
		return revokeSection(at, raw, f)
	case ondisk.JournalSuperV1, ondisk.JournalSuperV2:
		return journalSuperSection(at, raw)
	}
	s, err := described("journal "+journalTypes[h.BlockType]+" block", at, raw, &h, func() map[string]string {
		return map[string]string{"h_blocktype": journalTypes[h.BlockType]}
	})
	if err != nil || h.BlockType != ondisk.JournalDescriptor {
		return s, err
	}
	for _, p := range f.Tags(raw) {
		var e facts
		e.add("block", "block", p.Block)
		e.add("flags", "flags", bitWords(uint32(p.Flags), tagFlags))
		e.addAs("checksum", "checksum", p.Checksum, "%#08x", p.Checksum)
		s.entries = append(s.entries, e)
	}
	return s, nil
}

var tagFlags = []bitWord{
	{ondisk.JournalTagEscape, "escaped"},
	{ondisk.JournalTagSameUUID, "same_uuid"},
	{ondisk.JournalTagDeleted, "deleted"},
	{ondisk.JournalTagLast, "last"},
}

func revokeSection(at spot, raw []byte, f ondisk.JournalIncompat) (section, error) {
	var r ondisk.JournalRevokeHeader
	s, err := described("journal revoke block", at, raw, &r, func() map[string]string {
		return map[string]string{"h_blocktype": "revoke"}
	})
	if err != nil {
		return s, err
	}
	for _, b := range slices.Collect(f.Revokes(raw)) {
		var e facts
		e.add("revoked block", "block", b)
		s.entries = append(s.entries, e)
	}
	return s, nil
}

// journalFeatures are the features of the journal, on which the form of its blocks depends; none where it cannot be read.
func journalFeatures(fs *ext4.FS) ondisk.JournalIncompat {
	js, err := readJournalSuper(fs)
	if err != nil {
		return 0
	}
	return js.Incompat()
}
