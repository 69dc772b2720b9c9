//go:build mutant_retest

package ext4

// This mutant does what Linux's write_end did: it lets go of what kept the decision true, and asks again.

func (n *Inode) decideInline(c *chunk) (bool, error) { return n.fitsInline(c) }

func (n *Inode) begunInline(c *chunk) error {
	c.folio.Unlock()
	return nil
}

func (n *Inode) endsInline(c *chunk) (bool, error) {
	if !c.inline {
		return false, nil
	}
	inline := n.where().mayBeInline()
	c.folio = n.pages.Lock(0)
	return inline, nil
}
