package mkfs

import "strings"

// A rule says that a feature cannot be without another, or cannot be with it.
type rule struct {
	feature  Features
	needs    Features // all of them; or
	excludes Features
	why      string
}

// rules are between features alone; those that depend on sizes are with the sizes. Where the feature is only a
// default it yields; where it was asked for by name the options contradict each other.
var rules = []rule{
	{feature: orphanFile, needs: hasJournal, why: "the orphan file is kept by the journal"},
	{feature: fastCommit, needs: hasJournal, why: "fast commits lie in the journal"},
	{feature: csumSeed, needs: metadataCsum, why: "there are no checksums to seed"},
	{feature: bigalloc, needs: extents, why: "block maps cannot hold clusters"},
	{feature: is64bit, needs: extents, why: "block maps hold 32-bit block numbers"},
	{feature: inlineData, needs: extAttr, why: "what does not fit in i_block is kept in an extended attribute"},
	{feature: eaInode, needs: extAttr, why: "it extends extended attributes"},
	{feature: verity, needs: extents, why: "the tree lies past the end of the file"},
	{feature: encrypt, needs: extAttr, why: "the encryption context is an extended attribute"},
	{feature: largeDir, needs: dirIndex, why: "only an indexed directory can grow that deep"},
	{feature: uninitBG, excludes: metadataCsum, why: "metadata_csum guards descriptors itself"},
	{feature: resizeInode, excludes: metaBG, why: "with meta_bg the descriptor table has no room to reserve"},
}

// resolve returns the features after the edits of -O, and notes on the defaults that had to yield.
func (o *Options) resolve() (Features, []string, error) {
	edits := o.Features
	if o.Extended.Encoding != 0 && !edits.Clear.has(casefold) {
		edits.set(casefold)
	}
	if o.Extended.Quota&QuotaProject != 0 {
		edits.set(project)
	}
	if !settable.has(edits.Set) {
		return Features{}, nil, invalid("-O", "feature %s is not one to set when a file system is made", edits.Set.without(settable))
	}
	f := edits.apply(o.Type.defaults())
	var notes []string
	for _, r := range rules {
		if !r.broken(f) {
			continue
		}
		if edits.Set.has(r.feature) && r.feature != uninitBG { // metadata_csum does all that uninit_bg does
			return f, nil, r.err()
		}
		f = f.without(r.feature)
		notes = append(notes, r.feature.String()+" left out: "+r.why)
	}
	if f.has(resizeInode) && f.both(sparseSuper.with(sparseSuper2)).empty() {
		if edits.Set.has(resizeInode) {
			return f, nil, invalid("-O", "resize_inode needs sparse_super: too much would be reserved; add sparse_super, or leave resize_inode out")
		}
		f = f.without(resizeInode)
	}
	return f, notes, nil
}

func (r rule) broken(f Features) bool {
	return f.has(r.feature) && (!f.has(r.needs) || !f.both(r.excludes).empty())
}

func (r rule) err() error {
	if r.needs.empty() {
		return invalid("-O", "%s and %s cannot be together: %s; leave one out, as in -O ^%s",
			r.feature, r.excludes, r.why, strings.Join(r.excludes.Names(), ",^"))
	}
	return invalid("-O", "%s needs %s: %s; add -O %s, or leave out %s", r.feature, r.needs, r.why, r.needs, r.feature)
}
