package journal

import (
	"fmt"
	"testing"

	"extant/internal/ondisk"
)

// TestFlatten lays ranges over one another; where each is on the device, its order says: the first at block 1000, the next at 2000.
func TestFlatten(t *testing.T) {
	var in []FastRun
	for i, r := range [][2]uint64{{10, 20}, {15, 30}, {12, 14}, {40, 50}, {40, 41}} {
		in = append(in, FastRun{First: r[0], Count: r[1] - r[0], Start: ondisk.Block(1000*(i+1)) + ondisk.Block(r[0])})
	}
	var got [][3]uint64
	for _, r := range flatten(in) {
		got = append(got, [3]uint64{r.First, r.End(), uint64(r.Start)})
	}
	want := "[[10 12 1010] [12 14 3012] [14 15 1014] [15 20 2015] [20 30 2020] [40 41 5040] [41 50 4041]]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
}
