package extant

import (
	"extant/ext4"
	"extant/internal/ondisk"
)

// VerityOptions say how EnableVerity protects a file; see ext4.VerityOptions.
type VerityOptions = ext4.VerityOptions

// Algorithms of VerityOptions.
const (
	VeritySHA256 = ondisk.VeritySHA256
	VeritySHA512 = ondisk.VeritySHA512
)

// EnableVerity protects a file by fs-verity, which wants permission to write to it: nobody changes its content any more, and what is read of it is
// verified. The errors are those of ext4.Inode.EnableVerity.
func (v *Volume) EnableVerity(name string, o VerityOptions) error {
	n, err := v.Inode(name, true)
	if err == nil {
		err = v.cred.may(n, mayWrite)
	}
	if err == nil {
		err = n.EnableVerity(o)
	}
	return pathError("enable verity", name, err)
}

// MeasureVerity is the digest of a file that is protected by fs-verity, and the algorithm. The digest stands for the content: fsverity(1) computes it of
// any file. A file that is not protected is an error as for an xattr that is not there.
func (v *Volume) MeasureVerity(name string) (a ondisk.VerityAlgorithm, digest []byte, err error) {
	n, err := v.Inode(name, true)
	if err == nil {
		a, digest, err = n.MeasureVerity()
	}
	return a, digest, pathError("measure verity", name, err)
}
