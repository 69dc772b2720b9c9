package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"extant"
	"extant/ext4"
	"extant/fuse"
	"extant/internal/ondisk"
)

// mountChoices is what -o asks for.
type mountChoices struct {
	ro, rw bool

	remount bool // only flags of a mount that is there
	ext4    extant.Options
	fuse    fuse.Options
	quotas  []quotaOption
}

// quotaOption asks for limits of a kind.
type quotaOption struct {
	option, feature string
	kind            ondisk.QuotaKind
}

// parse reads a list of options.
func (m *mountChoices) parse(list string) error {
	for word := range strings.SplitSeq(list, ",") {
		if word == "" {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		set, ok := mountWords[word]
		if !ok {
			if setValue, ok := mountValues[name]; ok {
				if err := setValue(m, value); err != nil {
					return usagef("-o %s: %v", word, err)
				}
				continue
			}
			if strings.HasPrefix(name, "x-") || name == "comment" {
				continue // for other programs
			}
			return usagef("-o %s: there is no such option", word)
		}
		set(m)
	}
	return nil
}

func nothing(*mountChoices) {}

// mountWords are the options without a value. Those that do nothing say what is the case anyway, or are for mount(8) and for those who read fstab.
var mountWords = map[string]func(*mountChoices){
	"ro":         func(m *mountChoices) { m.ro, m.rw = true, false },
	"rw":         func(m *mountChoices) { m.ro, m.rw = false, true },
	"remount":    func(m *mountChoices) { m.remount = true },
	"noload":     func(m *mountChoices) { m.ext4.NoLoad = true },
	"norecovery": func(m *mountChoices) { m.ext4.NoLoad = true },

	"noatime":     func(m *mountChoices) { m.ext4.ATime, m.fuse.NoAtime = ext4.NoATime, true },
	"relatime":    func(m *mountChoices) { m.ext4.ATime, m.fuse.NoAtime = ext4.RelATime, false },
	"strictatime": func(m *mountChoices) { m.ext4.ATime, m.fuse.NoAtime = ext4.StrictATime, false },
	"atime":       func(m *mountChoices) { m.ext4.ATime, m.fuse.NoAtime = ext4.RelATime, false },
	"lazytime":    func(m *mountChoices) { m.ext4.LazyTime = true },
	"nolazytime":  func(m *mountChoices) { m.ext4.LazyTime = false },

	"delalloc":   func(m *mountChoices) { m.ext4.NoDelalloc = false },
	"nodelalloc": func(m *mountChoices) { m.ext4.NoDelalloc = true },
	"discard":    func(m *mountChoices) { m.ext4.Discard = true },
	"nodiscard":  func(m *mountChoices) { m.ext4.Discard = false },

	"usrquota": func(m *mountChoices) { m.limit(quotaOption{"usrquota", "quota", ondisk.QuotaUser}) },
	"quota":    func(m *mountChoices) { m.limit(quotaOption{"quota", "quota", ondisk.QuotaUser}) },
	"grpquota": func(m *mountChoices) { m.limit(quotaOption{"grpquota", "quota", ondisk.QuotaGroup}) },
	"prjquota": func(m *mountChoices) { m.limit(quotaOption{"prjquota", "project", ondisk.QuotaProject}) },
	"noquota":  func(m *mountChoices) { m.ext4.QuotaLimits, m.quotas = false, nil },

	"grpid":       func(m *mountChoices) { m.fuse.GroupOfDir = true },
	"bsdgroups":   func(m *mountChoices) { m.fuse.GroupOfDir = true },
	"nogrpid":     func(m *mountChoices) { m.fuse.GroupOfDir = false },
	"sysvgroups":  func(m *mountChoices) { m.fuse.GroupOfDir = false },
	"suid":        func(m *mountChoices) { m.fuse.Suid = true },
	"nosuid":      func(m *mountChoices) { m.fuse.Suid = false },
	"dev":         func(m *mountChoices) { m.fuse.Dev = true },
	"nodev":       func(m *mountChoices) { m.fuse.Dev = false },
	"exec":        func(m *mountChoices) { m.fuse.NoExec = false },
	"noexec":      func(m *mountChoices) { m.fuse.NoExec = true },
	"allow_other": func(m *mountChoices) { m.fuse.AllowOther = true },

	"writethrough": func(m *mountChoices) { m.fuse.WriteThrough = true },

	"acl": nothing, "user_xattr": nothing, "barrier": nothing, "auto_da_alloc": nothing, "default_permissions": nothing, "nodiratime": nothing,
	"diratime": nothing, "async": nothing, "loop": nothing, "defaults": nothing, "auto": nothing, "noauto": nothing, "nofail": nothing,
	"_netdev": nothing, "user": nothing, "nouser": nothing, "users": nothing, "owner": nothing, "group": nothing,
}

// limit has the limits of a kind enforced. They are all or none.
func (m *mountChoices) limit(q quotaOption) {
	m.ext4.QuotaLimits = true
	m.quotas = append(m.quotas, q)
}

// mountValues are the options with one.
var mountValues = map[string]func(*mountChoices, string) error{
	"data": func(m *mountChoices, v string) error {
		return choose(&m.ext4.Data, v, map[string]ext4.DataMode{"ordered": ext4.DataOrdered, "journal": ext4.DataJournal, "writeback": ext4.DataWriteback})
	},
	"errors": func(m *mountChoices, v string) error {
		return choose(&m.ext4.Errors, v, map[string]ext4.ErrorPolicy{
			"continue": ext4.ErrorsContinue, "remount-ro": ext4.ErrorsReadOnly, "panic": ext4.ErrorsPanic,
		})
	},
	"commit": func(m *mountChoices, v string) error {
		seconds, err := strconv.ParseUint(v, 10, 16)
		m.ext4.CommitEvery = time.Duration(seconds) * time.Second // 0 means the default, as it does to the kernel
		return err
	},
	"barrier":       func(_ *mountChoices, v string) error { return choose(new(bool), v, map[string]bool{"1": true}) },
	"auto_da_alloc": func(_ *mountChoices, v string) error { return choose(new(bool), v, map[string]bool{"1": true}) },

	// What a remount has from the table of mounts.
	"fsname": passed, "subtype": passed, "user_id": passed, "group_id": passed, "max_read": passed,
}

func passed(*mountChoices, string) error { return nil }

// choose sets what a word means.
func choose[T any](to *T, word string, words map[string]T) error {
	v, ok := words[word]
	if !ok {
		return fmt.Errorf("it is one of %s", strings.Join(slices.Sorted(maps.Keys(words)), ", "))
	}
	*to = v
	return nil
}
