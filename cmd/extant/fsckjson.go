package main

import (
	"extant/fsck"
	"extant/internal/ondisk"
)

// fsckJSON is the shape of fsck --json.
type fsckJSON struct {
	Image      string            `json:"image"`
	ImageBytes []byte            `json:"image_bytes,omitempty"`
	ExitCode   int               `json:"exit_code"`
	Clean      bool              `json:"clean"`
	Skipped    bool              `json:"skipped"` // it says that it is clean, and was not looked at
	Changed    bool              `json:"changed"`
	Rounds     int               `json:"rounds"`
	Replay     bool              `json:"journal_replay"`
	Backup     *ondisk.Group     `json:"backup_group,omitempty"`
	Verdict    string            `json:"verdict,omitempty"`
	Findings   []findingJSON     `json:"findings"`
	Before     map[fsck.Code]int `json:"counts_before"`
	After      map[fsck.Code]int `json:"counts_after"`
	Omitted    int               `json:"findings_omitted"`
	Usage      *usageJSON        `json:"usage,omitempty"`
}

// findingJSON is a finding of fsck --json.
type findingJSON struct {
	Code      fsck.Code     `json:"code"`
	Severity  string        `json:"severity"`
	Group     *ondisk.Group `json:"group,omitempty"`
	Inode     ondisk.Ino    `json:"inode,omitempty"`
	Block     ondisk.Block  `json:"block,omitempty"`
	FileBlock uint64        `json:"file_block,omitempty"`
	Offset    int           `json:"offset,omitempty"`
	Name      string        `json:"name,omitempty"`
	NameBytes []byte        `json:"name_bytes,omitempty"`
	Detail    string        `json:"detail"`
	Bytes     []byte        `json:"bytes,omitempty"`
	Repair    string        `json:"repair"`
	Want      uint64        `json:"want,omitempty"`
	E2fsck    string        `json:"e2fsck,omitempty"`
	Fate      string        `json:"fate,omitempty"`
}

type usageJSON struct {
	Inodes      uint64 `json:"inodes"`
	Blocks      uint64 `json:"blocks"`
	Files       uint64 `json:"files"`
	Fragmented  uint64 `json:"files_in_pieces"`
	Directories uint64 `json:"directories"`
	Symlinks    uint64 `json:"symlinks"`
	Special     uint64 `json:"special"`
}

func (o *outcome) json() *fsckJSON {
	after := o.rep.After
	j := &fsckJSON{
		Image: o.image, ImageBytes: rawBytes(o.image), ExitCode: o.ExitCode, Clean: o.rep.Clean(), Changed: o.rep.Changed(), Rounds: o.rep.Rounds,
		Replay: o.rep.Before.Replay, Backup: o.rep.Before.Backup, Verdict: o.verdict(),
		Findings: []findingJSON{}, Before: counts(o.rep.Before), After: counts(after), Omitted: after.Omitted,
	}
	u := &after.Usage
	j.Usage = &usageJSON{u.Inodes, u.Clusters * uint64(after.Super.ClusterRatio()), u.Files, u.Fragmented, u.Directories, u.Symlinks, u.Special}
	for i := range o.items {
		j.Findings = append(j.Findings, o.items[i].json())
	}
	return j
}

// counts are those of a report, as an object even where there are none.
func counts(r *fsck.Report) map[fsck.Code]int {
	if r.Counts == nil {
		return map[fsck.Code]int{}
	}
	return r.Counts
}

func (it *item) json() findingJSON {
	p, _ := fsck.Lookup(it.Code)
	at := &it.Place
	f := findingJSON{
		Code: it.Code, Severity: it.Severity.String(), Inode: at.Ino, Block: at.Block, FileBlock: uint64(at.File), Offset: at.Offset,
		Name: at.Name, NameBytes: rawBytes(at.Name), Detail: it.Detail, Bytes: it.Bytes, Repair: it.Repair.Action.String(), Want: it.Repair.Want,
		E2fsck: p.E2fsck, Fate: it.fate,
	}
	if at.Ino == 0 {
		f.Group = &at.Group
	}
	return f
}
