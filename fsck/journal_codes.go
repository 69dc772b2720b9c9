package fsck

import "extant/internal/ondisk"

// Codes of the journal.
const (
	JournalInode       Code = "journal-inode"
	JournalSuper       Code = "journal-super"
	JournalUnsupported Code = "journal-unsupported"
	JournalExternal    Code = "journal-external"
	JournalUnexpected  Code = "journal-unexpected"
	JournalRecoverSet  Code = "journal-recover-set"
	JournalDirty       Code = "journal-dirty"
	JournalReplay      Code = "journal-replay"
	JournalDamage      Code = "journal-damage"
	JournalFastCommits Code = "journal-fast-commits"
	JournalFastDamage  Code = "journal-fast-damage"
	JournalAborted     Code = "journal-aborted"
	JournalCopy        Code = "journal-copy"
)

var journalProblems = []Problem{
	{JournalInode, Damage, RemakeJournal, "PR_0_JOURNAL_BAD_INODE", "the journal's inode is not one of a journal"},
	{JournalSuper, Minor, ResetJournal, "PR_0_JOURNAL_BAD_SUPER", "the journal's super block makes no sense"},
	{JournalUnsupported, Fatal, Nothing, "PR_0_JOURNAL_UNSUPP_INCOMPAT", "the journal has features that are not known"},
	{JournalExternal, Notice, Nothing, "PR_0_CANT_FIND_JOURNAL", "the journal is on a device of its own and was not looked at"},
	{JournalUnexpected, Minor, SetField, "PR_0_JOURNAL_HAS_JOURNAL", "there is a journal without the feature has_journal"},
	{JournalRecoverSet, Minor, ClearFlag, "PR_0_JOURNAL_RECOVER_SET", "recovery is needed, and there is no journal"},
	{JournalDirty, Damage, ReplayJournal, "PR_0_JOURNAL_RECOVERY_CLEAR", "the journal holds transactions, and no recovery is needed"},
	{JournalReplay, Notice, ReplayJournal, "", "the journal is to be replayed; the file system was judged as it will be then"},
	{JournalDamage, Damage, ResetJournal, "PR_0_JNL_TXN_CORRUPT", "a committed transaction cannot be read"},
	{JournalFastCommits, Notice, ReplayJournal, "", "fast commits are to be replayed; the file system was judged as it will be then"},
	{JournalFastDamage, Damage, ResetJournal, "", "fast commits cannot be replayed; the file system was judged as it is before them"},
	{JournalAborted, Minor, SetField, "", "the kernel gave up the journal after an error"},
	{JournalCopy, Notice, SetField, "PR_0_BACKUP_JNL", "the copy of the journal's place in the super block is missing or out of date"},
}

// What of the journal is repaired, and how. One that holds something is replayed before anything else is looked at.
var journalRemedies = remedies{
	JournalReplay:     {tierReplay, (*mender).replayJournal},
	JournalDamage:     {tierReplay, (*mender).replayJournal},
	JournalFastDamage: {tierReplay, (*mender).replayJournal},
	JournalDirty:      doSuper(tierReplay, func(s *ondisk.Super, _ uint64) { s.FeatureIncompat |= uint32(ondisk.IncompatNeedsRecovery) }),
	JournalInode:      {tierJournal, (*mender).remakeJournal},
	JournalSuper:      {tierJournal, (*mender).resetJournal},
	JournalUnexpected: doSuper(tierJournal, func(s *ondisk.Super, _ uint64) { s.JournalInum, s.JournalDev, s.JournalUUID = 0, 0, [16]byte{} }),
	JournalRecoverSet: doSuper(tierJournal, func(s *ondisk.Super, want uint64) { s.FeatureIncompat &^= uint32(want) }),
	JournalAborted:    {tierJournal, (*mender).forgetAbort},
	JournalCopy:       {tierBackups, (*mender).copyJournal},
}
