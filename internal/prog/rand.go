package prog

// A source is a sequence of numbers that its seed decides (splitmix64).
type source uint64

func (s *source) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	return mix(uint64(*s))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// n is a number below k.
func (s *source) n(k int) int { return int(s.next() % uint64(k)) }

// oneIn is true once in k times.
func (s *source) oneIn(k int) bool { return s.n(k) == 0 }

func pick[T any](s *source, list []T) T { return list[s.n(len(list))] }
