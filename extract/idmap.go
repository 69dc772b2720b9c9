package extract

import (
	"fmt"
	"math"
	"syscall"
)

// An IDMap translates user or group IDs, as that of a user namespace does. One without ranges changes nothing.
type IDMap []IDRange

// IDRange maps the Count IDs from From on to those from To on.
type IDRange struct {
	From, To uint32
	Count    uint32
}

// EveryID maps all IDs to one.
func EveryID(to uint32) IDMap { return IDMap{{From: 0, To: to, Count: 0}} }

// idNone is the ID that stands for nobody, and that chown takes for "leave it".
const idNone = math.MaxUint32

// Map is what the map makes of id; syscall.EINVAL, wrapped, where it has nothing for it.
func (m IDMap) Map(id uint32) (uint32, error) {
	if len(m) == 0 && id != idNone {
		return id, nil
	}
	for _, r := range m {
		switch {
		case r.Count == 0:
			return r.To, nil
		case id >= r.From && id-r.From < r.Count && uint64(r.To)+uint64(id-r.From) < idNone:
			return r.To + (id - r.From), nil
		}
	}
	return 0, fmt.Errorf("no owner to map %d to: %w", id, syscall.EINVAL)
}
