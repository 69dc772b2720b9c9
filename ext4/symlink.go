package ext4

import (
	"bytes"
	"syscall"

	"extant/internal/ondisk"
)

// Readlink is the target of a symbolic link; syscall.EINVAL for other inodes. The target of an encrypted link is shown as the kernel shows it
// without the key: its length then differs from Attr's Size.
func (n *Inode) Readlink() (string, error) {
	if n.core().disk.Type() != ondisk.ModeSymlink {
		return "", syscall.EINVAL
	}
	raw, err := n.linkBytes()
	if err != nil {
		return "", n.fs.judge(err)
	}
	n.accessed()
	if n.encrypted() {
		return n.encryptedTarget(raw)
	}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		raw = raw[:i]
	}
	if len(raw) == 0 {
		return "", n.corrupt("symbolic link", "no target")
	}
	return string(raw), nil
}

// linkBytes is what the link stores: in i_block, in the inode as inline data, or in a block.
func (n *Inode) linkBytes() ([]byte, error) {
	fast := n.fastLink()
	switch {
	case n.length() <= 0 || n.length() > int64(n.fs.blockSize):
		return nil, n.corrupt("symbolic link", "target of %d bytes", n.length())
	case fast && n.length() > ondisk.IBlockSize:
		return nil, n.corrupt("symbolic link", "target of %d bytes in the inode", n.length())
	case fast:
		return n.core().disk.IBlock[:n.length()], nil
	}
	if n.inline() {
		raw := make([]byte, n.length())
		_, err := n.readInline(raw, 0)
		return raw, err
	}
	return n.linkBlock()
}

// linkBlock is the target in the link's block, which is metadata: its newest content may be in the journal alone.
func (n *Inode) linkBlock() ([]byte, error) {
	r, err := n.runOf(0)
	switch {
	case err != nil:
		return nil, err
	case r.state != written:
		return nil, n.corrupt("symbolic link", "no data for its target of %d bytes", n.length())
	}
	buf, err := n.fs.metaBlock("symbolic link", r.at(0))
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, 0)
	}
	return buf.Data()[:n.length()], nil
}

// fastLink reports whether the target is in i_block. There is no flag for it: such a link has no block but the one for xattrs, which
// takes a cluster.
func (n *Inode) fastLink() bool {
	if n.inline() {
		return false
	}
	sectors := n.sectors()
	if n.XattrBlock() == 0 {
		return sectors == 0
	}
	return sectors == uint64(n.fs.sb.ClusterRatio())<<(n.fs.blockBits-9)
}

func (n *Inode) encryptedTarget(raw []byte) (string, error) {
	target, err := ondisk.CryptSymlink(raw)
	if err != nil {
		return "", n.corrupt("symbolic link", "encrypted target: %v", err)
	}
	shown, ok := ondisk.MakeNoKeyName(target, 0, 0)
	if !ok {
		return "", n.corrupt("symbolic link", "encrypted target of %d bytes", len(target))
	}
	return shown.String(), nil
}
