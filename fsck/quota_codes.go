package fsck

// Codes of quotas.
const (
	QuotaFile  Code = "quota-file"
	QuotaUsage Code = "quota-usage"
	QuotaInode Code = "quota-inode"
)

var quotaProblems = []Problem{
	{QuotaInode, Damage, SetField, "PR_0_INVALID_QUOTA_INO", "the super block names an inode that cannot be a quota file"},
	{QuotaFile, Damage, WriteQuota, "PR_6_UPDATE_QUOTAS", "a quota file makes no sense"},
	{QuotaUsage, Minor, WriteQuota, "PR_6_UPDATE_QUOTAS", "a quota file says that somebody uses more or less than he does"},
}

// What of quotas is repaired, and how.
var quotaRemedies = remedies{
	QuotaInode: {tierSuper, (*mender).mendQuotaInode},
	QuotaFile:  {tierQuotas, (*mender).writeQuota},
	QuotaUsage: {tierQuotas, (*mender).writeQuota},
}
