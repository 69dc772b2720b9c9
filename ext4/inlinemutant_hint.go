//go:build mutant_hint

package ext4

// This mutant believes what it saw before it had folio 0 locked.

func (n *Inode) decideInline(c *chunk) (bool, error) {
	n.xattr.RLock()
	defer n.xattr.RUnlock()
	room, err := n.inlineRoom()
	return err == nil && c.end() <= int64(room), err
}

func (n *Inode) begunInline(*chunk) error { return nil }

func (n *Inode) endsInline(c *chunk) (bool, error) { return c.inline, nil }
