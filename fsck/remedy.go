package fsck

import "errors"

// A remedy is what a repair does about a code.
type remedy struct {
	tier tier
	mend func(m *mender, f *Finding) error // an error says why it cannot be done
}

// remedies are those of one part of the format, beside its codes.
type remedies map[Code]remedy

// A tier is a step of a repair: one begins where the ones before it have nothing left to do, because what is wrong in it may be no more
// than a consequence of theirs.
type tier uint8

const (
	tierFind    tier = iota // a super block to go by
	tierReplay              // the journal
	tierSuper               // what the super block says
	tierJournal             // an empty journal
	tierGroups              // descriptors and fixed metadata
	tierOrphans             // work on orphans, then the lists of them
	tierForget              // the lists of orphans
	tierInodes              // fields of inodes
	tierContent             // maps, inline data, xattrs
	tierClaims              // blocks claimed twice
	tierDirs                // entries
	tierIndexes             // indexes of directories
	tierConnect             // ways to the root
	tierLinks               // counts of links
	tierBitmaps             // bitmaps, counts of what is free
	tierQuotas
	tierBackups
	tiers
)

// allRemedies are those of all areas. Problems without one are never repaired.
var allRemedies = [...]remedies{
	superRemedies, journalRemedies, orphanRemedies, groupRemedies, inodeRemedies, specialRemedies, mapRemedies, claimRemedies,
	inlineRemedies, symlinkRemedies, xattrRemedies, dirRemedies, indexRemedies, linkRemedies, bitmapRemedies, quotaRemedies,
}

// remedyOf finds the remedy for a code.
func remedyOf(c Code) (remedy, bool) {
	for _, r := range &allRemedies {
		if x, ok := r[c]; ok {
			return x, true
		}
	}
	return remedy{}, false
}

// ErrNoSpace is why a repair fails that needs blocks or inodes where none are free.
var ErrNoSpace = errors.New("no room on the device")

var (
	errNoRoom = errors.New("no room for it where it has to be")
	errAgain  = errors.New("it was repaired several times and is found again")
)
