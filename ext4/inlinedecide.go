//go:build !mutant_retest && !mutant_hint

package ext4

// decideInline is where a write's destination is decided, once; begunInline keeps folio 0 locked from then on.
//
// +checklocks:n.mu
func (n *Inode) decideInline(c *chunk) (bool, error) { return n.fitsInline(c) }

func (n *Inode) begunInline(*chunk) error { return nil }

// endsInline is the decision that writeBegin made.
func (n *Inode) endsInline(c *chunk) (bool, error) { return c.inline, nil }
