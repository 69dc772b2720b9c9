package lockdep

import "testing"

// BenchmarkCurrentG measures what it costs to know who asks.
func BenchmarkCurrentG(b *testing.B) {
	for b.Loop() {
		currentG()
	}
}

// BenchmarkCurrentTask measures what it costs to find the task.
func BenchmarkCurrentTask(b *testing.B) {
	var s taskTable
	s.init()
	for b.Loop() {
		s.current()
	}
}
