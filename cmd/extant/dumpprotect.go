package main

import (
	"fmt"

	"extant/ext4"
	"extant/internal/ondisk"
)

// flagged is the inode that an argument names, which must have a flag to have the thing asked for.
func (d *dumper) flagged(arg string, flag uint32, what string) (*ext4.Inode, error) {
	ino, err := d.ino(arg)
	if err != nil {
		return nil, err
	}
	n, err := d.fs.SystemInode(ino)
	if err != nil {
		return nil, err
	}
	if attr := n.Attr(); attr.Flags&flag == 0 {
		return nil, fmt.Errorf("inode %d has no %s", ino, what)
	}
	return n, nil
}

// verity shows the verity descriptor of a file.
func (d *dumper) verity(arg string) error {
	n, err := d.flagged(arg, ondisk.InodeVerity, "verity descriptor")
	if err != nil {
		return err
	}
	v, err := n.Verity()
	if err != nil {
		return err
	}
	raw := make([]byte, ondisk.VerityDescriptorSize)
	v.Encode(raw)
	return d.put(described("verity descriptor", spot{ino: n.Ino()}, raw, &v, nil))
}

// crypt shows the encryption context of a file.
func (d *dumper) crypt(arg string) error {
	n, err := d.flagged(arg, ondisk.InodeEncrypt, "encryption context")
	if err != nil {
		return err
	}
	c, err := n.CryptContext()
	if err != nil {
		return err
	}
	raw := make([]byte, c.Size())
	c.Encode(raw)
	return d.put(described("encryption context", spot{ino: n.Ino()}, raw, &c, func() map[string]string {
		return map[string]string{"contents_encryption_mode": c.ContentsMode.String(), "filenames_encryption_mode": c.FilenamesMode.String()}
	}))
}
