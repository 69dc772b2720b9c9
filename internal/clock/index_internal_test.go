package clock

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestIndexIsAMap compares an index with a map through changes at random, of keys that often want the same slot.
func TestIndexIsAMap(t *testing.T) {
	var x index[uint32, int]
	r := rand.New(rand.NewPCG(1, 2))
	model := map[uint32]*place[uint32, int]{}
	for i := range 20_000 {
		k := r.Uint32N(400)
		if k >= 200 {
			k *= 1 << 20
		}
		switch p := model[k]; {
		case p != nil:
			x.remove(p)
			delete(model, k)
		case r.IntN(i/10_000+1) == 0:
			model[k] = &place[uint32, int]{key: k}
			x.add(model[k])
		}
		if i%50 != 0 {
			continue
		}
		for k := range uint32(400) {
			if x.find(k) != model[k] || x.find(k<<20) != model[k<<20] && k > 0 {
				t.Fatalf("step %d: key %d", i, k)
			}
		}
	}
	if x.count != len(model) {
		t.Errorf("%d places counted, %d there", x.count, len(model))
	}
}

// TestIndexReadWhileWritten looks for keys while others come and go: what is found has the key, and what stays where it is is found in the end.
func TestIndexReadWhileWritten(t *testing.T) {
	var x index[uint32, int]
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for k := uint32(0); ; k++ {
			if p := x.find(k % 5000); p != nil && p.key != k%5000 {
				t.Errorf("key %d found for %d", p.key, k%5000)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	var places [5000]*place[uint32, int]
	for i := range 20 {
		for k := range uint32(5000) {
			if places[k] == nil {
				places[k] = &place[uint32, int]{key: k}
				x.add(places[k])
			} else if (k+uint32(i))%3 == 0 {
				x.remove(places[k])
				places[k] = nil
			}
		}
	}
	close(done)
	wg.Wait()
	for k, p := range places {
		if x.find(uint32(k)) != p {
			t.Errorf("key %d is not as it was left", k)
		}
	}
}
