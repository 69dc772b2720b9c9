package sched_test

import (
	"sync"
	"testing"

	"extant/sched"
)

// The pairs to compare: ours with nothing attached must stay within 1 ns of sync's.

func BenchmarkMutex(b *testing.B) {
	b.Run("sync", func(b *testing.B) {
		var m sync.Mutex
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
	b.Run("sched", func(b *testing.B) {
		var m sched.Mutex
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
	b.Run("watched", func(b *testing.B) {
		defer sched.Attach(sched.Real{})()
		var m sched.Mutex
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
}

func BenchmarkRWMutex(b *testing.B) {
	b.Run("sync/read", func(b *testing.B) {
		var m sync.RWMutex
		for b.Loop() {
			m.RLock()
			m.RUnlock()
		}
	})
	b.Run("sched/read", func(b *testing.B) {
		var m sched.RWMutex
		for b.Loop() {
			m.RLock()
			m.RUnlock()
		}
	})
	b.Run("sync/write", func(b *testing.B) {
		var m sync.RWMutex
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
	b.Run("sched/write", func(b *testing.B) {
		var m sched.RWMutex
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
}

func BenchmarkHandoffMutex(b *testing.B) {
	var m sched.HandoffMutex
	for b.Loop() {
		m.Lock()
		m.Unlock()
	}
}

func BenchmarkFlags(b *testing.B) {
	var f sched.Flags
	b.Run("test", func(b *testing.B) {
		for b.Loop() {
			f.Test(1)
		}
	})
	b.Run("set", func(b *testing.B) {
		for b.Loop() {
			f.Set(1)
		}
	})
}
