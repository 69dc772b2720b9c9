package lockdep

// gate is a lock that a task of a circle holds. Two tasks that have a gate in common, one of them
// exclusively, are never in their places at once, provided that it is one lock and not two of a class.
type gate struct {
	node      *node
	exclusive bool
}

func compareGates(a, b gate) int { return a.node.id - b.node.id }

// excludes says whether a task with the gates a and one with the gates b keep each other out, and by which
// class.
func excludes(a, b []gate) *node {
	for _, x := range a {
		for _, y := range b {
			if x.node == y.node && (x.exclusive || y.exclusive) {
				return x.node
			}
		}
	}
	return nil
}

// subset says whether a keeps out no one that b does not.
func subset(a, b []gate) bool {
	for _, x := range a {
		if !within(x, b) {
			return false
		}
	}
	return true
}

func within(x gate, b []gate) bool {
	for _, y := range b {
		if x.node == y.node && (y.exclusive || !x.exclusive) {
			return true
		}
	}
	return false
}

// common returns the gates that are both in a and in b, exclusive if they are so in both.
func common(a, b []gate) []gate {
	var both []gate
	for _, x := range a {
		for _, y := range b {
			if x.node == y.node {
				both = append(both, gate{x.node, x.exclusive && y.exclusive})
			}
		}
	}
	return both
}
