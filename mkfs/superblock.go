package mkfs

import (
	"encoding/binary"

	"extant/internal/ondisk"
)

// Values of the super block that have no name elsewhere.
const (
	hashHalfMD4    = 1      // s_def_hash_version
	mountOptsXattr = 0x4    // s_default_mount_opts: user_xattr
	mountOptsACL   = 0x8    //                       acl
	mountsMax      = 0xFFFF // s_max_mnt_count: no check by number of mounts
	encodingUTF8   = 1      // s_encoding: utf8-12.1
	jnlBackup      = 1      // s_jnl_backup_type: blocks of the journal inode
	checksumCRC32C = 1      // s_checksum_type
	encryptXTS     = 1      // s_encrypt_algos: AES-256-XTS
	encryptCTS     = 4      //                  AES-256-CBC-CTS
)

// describe fills in the fields of the super block that say who, when and how, not where.
func (im *image) describe() error {
	s, g, o := &im.super, im.geo, &im.geo.opts
	label, whole := ondisk.MakeLabel(o.Label)
	switch {
	case !whole:
		return invalid("-L", "label %q is longer than %d bytes", o.Label, ondisk.LabelSize)
	case len(o.LastMounted) > len(s.LastMounted):
		return invalid("-M", "directory %q is longer than %d bytes", o.LastMounted, len(s.LastMounted))
	case o.Errors > ondisk.ErrorsPanic:
		return invalid("-e", "behaviour %d is unknown", o.Errors)
	case o.Extended.MMPUpdateInterval > ondisk.MMPUpdateIntervalMax:
		return invalid("-E mmp_update_interval", "%d seconds: give at most %d", o.Extended.MMPUpdateInterval, ondisk.MMPUpdateIntervalMax)
	}
	s.VolumeName = label
	copy(s.LastMounted[:], o.LastMounted)
	s.Magic, s.State = ondisk.SuperMagic, ondisk.StateClean
	s.MountCountMax, s.CreatorOS = mountsMax, uint32(o.CreatorOS)
	s.Errors = max(o.Errors, ondisk.ErrorsContinue)
	s.SetMade(im.now)
	s.SetWritten(im.now)
	s.SetChecked(im.now)
	s.DefHashVersion = hashHalfMD4
	s.DefaultMountOpts = mountOptsXattr | mountOptsACL
	s.Flags = ondisk.FlagSignedHash
	if o.Extended.TestFS {
		s.Flags |= ondisk.FlagTestFS
	}
	if g.has(metadataCsum) {
		s.ChecksumType = checksumCRC32C
	}
	if g.has(csumSeed) {
		s.ChecksumSeed = im.seed
	}
	s.RAIDStripeWidth, s.RAIDStride = o.Extended.StripeWidth, uint16(o.Extended.Stride)
	im.describeNames()
	return nil
}

// describeNames fills in what casefold, encrypt and mmp keep in the super block.
func (im *image) describeNames() {
	s, g, o := &im.super, im.geo, &im.geo.opts.Extended
	if g.has(casefold) {
		s.Encoding = max(o.Encoding, encodingUTF8)
		if o.EncodingFlags != nil {
			s.EncodingFlags = *o.EncodingFlags
		}
	}
	if g.has(encrypt) {
		// What a directory's policy may name: XTS for content, CTS-CBC for names.
		s.EncryptAlgos[0], s.EncryptAlgos[1] = encryptXTS, encryptCTS
	}
	if g.has(mmp) {
		s.MMPUpdateInterval = max(o.MMPUpdateInterval, ondisk.MMPUpdateInterval)
		if o.MMPUpdateInterval != 0 {
			s.MMPUpdateInterval = o.MMPUpdateInterval
		}
	}
}

func (im *image) setHashSeed(seed [16]byte) {
	for i := range im.super.HashSeed {
		im.super.HashSeed[i] = binary.LittleEndian.Uint32(seed[4*i:])
	}
}

// backUpJournal copies the journal inode's map and size, so that the log can be found when the inode table
// is damaged (s_jnl_blocks).
func (im *image) backUpJournal(n *ondisk.Inode) {
	s := &im.super
	s.JournalInum, s.JnlBackupType = uint32(ondisk.JournalIno), jnlBackup
	words := ondisk.IBlockSize / 4
	for i := range words {
		s.JnlBlocks[i] = binary.LittleEndian.Uint32(n.IBlock[4*i:])
	}
	s.JnlBlocks[words], s.JnlBlocks[words+1] = n.SizeHi, n.SizeLo
}
