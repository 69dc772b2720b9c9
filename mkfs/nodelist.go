package mkfs

// nodePiece is how many nodes lie together in memory.
const nodePiece = 1024

// A nodeList holds nodes by number, in pieces that stay where they are: one array would be copied again and again while it grows, and
// most of the memory that a hundred thousand nodes take would be that of the copies.
type nodeList struct {
	pieces []*[nodePiece]node
	n      int
}

// add adds a node and returns its number.
func (l *nodeList) add(n node) nodeID {
	id := nodeID(l.n)
	if id%nodePiece == 0 {
		l.pieces = append(l.pieces, new([nodePiece]node))
	}
	l.n++
	*l.at(id) = n
	return id
}

func (l *nodeList) at(id nodeID) *node { return &l.pieces[id/nodePiece][id%nodePiece] }

func (l *nodeList) len() int { return l.n }

// all yields the nodes by number.
func (l *nodeList) all(yield func(nodeID, *node) bool) {
	for id := range nodeID(l.n) {
		if !yield(id, l.at(id)) {
			return
		}
	}
}
