package ondisk_test

import "extant/internal/ondisk"

// fileLayouts are those of the structures within files that the file system keeps for itself.
func fileLayouts() []layout {
	return []layout{
		{"mmp block", func() structure { return new(ondisk.MMP) }, 1024, map[string]int{
			"mmp_magic": 0, "mmp_seq": 4, "mmp_time": 8, "mmp_nodename": 16, "mmp_bdevname": 80, "mmp_check_interval": 112,
			"mmp_pad2": 116, "mmp_checksum": 1020,
		}},
		{"orphan file tail", func() structure { return new(ondisk.OrphanTail) }, 8, map[string]int{
			"ob_magic": 0, "ob_checksum": 4,
		}},
		{"quota header", func() structure { return new(ondisk.QuotaHeader) }, 32, map[string]int{
			"dqh_magic": 0, "dqh_version": 4, "dqi_bgrace": 8, "dqi_flags": 16, "dqi_blocks": 20, "dqi_free_blk": 24,
			"dqi_free_entry": 28,
		}},
		{"quota leaf header", func() structure { return new(ondisk.QuotaLeaf) }, 16, map[string]int{
			"dqdh_next_free": 0, "dqdh_prev_free": 4, "dqdh_entries": 8,
		}},
		{"quota entry", func() structure { return new(ondisk.QuotaEntry) }, 72, map[string]int{
			"dqb_id": 0, "dqb_ihardlimit": 8, "dqb_isoftlimit": 16, "dqb_curinodes": 24, "dqb_bhardlimit": 32,
			"dqb_bsoftlimit": 40, "dqb_curspace": 48, "dqb_btime": 56, "dqb_itime": 64,
		}},
		{"verity descriptor", func() structure { return new(ondisk.VerityDescriptor) }, 256, map[string]int{
			"version": 0, "hash_algorithm": 1, "log_blocksize": 2, "salt_size": 3, "sig_size": 4, "data_size": 8,
			"root_hash": 16, "salt": 80, "reserved": 112,
		}},
	}
}
