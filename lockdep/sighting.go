package lockdep

import "slices"

// sighting is one way in which a dependency was seen, and under which locks.
type sighting struct {
	way   way
	gates []gate // all locks that were held, sorted
	site  *site
}

// sightingsMax bounds a list of sightings. What exceeds it is merged to one with fewer gates.
const sightingsMax = 8

// minimal adds s to a list of sightings of one way. Of two, one with no gate that the other lacks makes the
// other superfluous. It says whether s was news.
func minimal(list *[]*sighting, s sighting) bool {
	for _, old := range *list {
		if subset(old.gates, s.gates) {
			return false
		}
	}
	*list = slices.DeleteFunc(*list, func(old *sighting) bool { return subset(s.gates, old.gates) })
	if n := len(*list); n == sightingsMax {
		s.gates = common((*list)[n-1].gates, s.gates)
		*list = (*list)[:n-1]
		minimal(list, s)
		return true
	}
	*list = append(*list, &s)
	return true
}
