package ext4

import (
	"extant/internal/alloc"
	"extant/internal/page"
	"extant/sched"
)

var classDelayed = &sched.Class{Name: "delayed", Doc: "for which clusters of a file space is promised", Wait: sched.Spinning}

// delayed counts, where a cluster has several blocks, how many folios of each cluster were promised one. The cluster is
// promised once. Clusters that the file has need no promise and are not here.
type delayed struct {
	mu sched.Mutex
	// +checklocks:mu
	folios map[uint64]int
}

// reserve promises space to a locked folio that has none. The error is syscall.ENOSPC or EDQUOT.
func (n *Inode) reserve(f *page.Folio) error {
	ratio := n.space().Cluster()
	if ratio == 1 {
		if err := n.promise(1, false); err != nil {
			return err
		}
		f.Set(page.Reserved)
		return nil
	}
	cluster := f.Index() / ratio
	has, err := n.hasCluster(cluster, ratio)
	if err != nil {
		return err
	}
	if !has && !n.delayed.join(cluster) {
		if err := n.promise(1, false); err != nil {
			return err
		}
		if !n.delayed.add(cluster) {
			n.unpromise() // somebody else was faster
		}
	}
	f.Set(page.Reserved)
	return nil
}

func (n *Inode) hasCluster(cluster, ratio uint64) (bool, error) {
	n.maps.RLock()
	defer n.maps.RUnlock()
	return n.mapsAny(cluster*ratio, (cluster+1)*ratio)
}

// join counts another folio of a cluster that is promised already, and says whether it is.
func (d *delayed) join(cluster uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.folios[cluster] == 0 {
		return false
	}
	d.folios[cluster]++
	return true
}

// add counts a folio of a cluster, and says whether it is the first.
func (d *delayed) add(cluster uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.folios == nil {
		d.folios = map[uint64]int{}
	}
	d.folios[cluster]++
	return d.folios[cluster] == 1
}

// leave takes a folio of a cluster out, and says whether it was the last for which the cluster is promised.
func (d *delayed) leave(cluster uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.folios[cluster] {
	case 0:
		return false
	case 1:
		delete(d.folios, cluster)
		return true
	}
	d.folios[cluster]--
	return false
}

// kept reports whether a cluster is promised.
func (d *delayed) kept(cluster uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.folios[cluster] > 0
}

// forget takes out the clusters from first up to end, which were allocated.
func (d *delayed) forget(first, end uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ; first < end; first++ {
		delete(d.folios, first)
	}
}

// unreserve takes back what a locked folio was promised and did not use.
func (n *Inode) unreserve(f *page.Folio) {
	if !f.Has(page.Reserved) {
		return
	}
	f.Clear(page.Reserved)
	if ratio := n.space().Cluster(); ratio == 1 || n.delayed.leave(f.Index()/ratio) {
		n.unpromise()
	}
}

// claimFlags says whether what a locked folio is going to get was promised to it.
func (n *Inode) claimFlags(f *page.Folio) alloc.Flags {
	ratio := n.space().Cluster()
	if f.Has(page.Reserved) && (ratio == 1 || n.delayed.kept(f.Index()/ratio)) {
		return alloc.FromReserve
	}
	return 0
}

// claimed notes that what the locked folios of r were promised is theirs or has been lost: there is nothing to take back any more.
func (n *Inode) claimed(list []*page.Folio, r run) {
	for _, f := range list {
		f.Clear(page.Reserved)
	}
	if ratio := n.space().Cluster(); ratio > 1 {
		n.delayed.forget(r.first/ratio, (r.end()+ratio-1)/ratio)
	}
}

// promise counts clusters that the file is to get.
func (n *Inode) promise(clusters uint64, privileged bool) error {
	bytes := int64(clusters) * n.fs.clusterBytes()
	if err := n.quotas().promise(n, bytes); err != nil {
		return err
	}
	err := n.space().Reserve(clusters, privileged)
	if err != nil {
		n.quotas().unpromise(n, bytes)
	}
	return err
}

// unpromise takes back the promise of one cluster.
func (n *Inode) unpromise() {
	n.space().Unreserve(1)
	n.quotas().unpromise(n, n.fs.clusterBytes())
}
