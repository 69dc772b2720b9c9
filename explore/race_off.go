//go:build !race

package explore

func raceDisable()             {}
func raceEnable()              {}
func raceAcquire(*uint64)      {}
func raceReleaseMerge(*uint64) {}

func raceBefore(*engine, *op) {}
func raceAfter(*engine, *op)  {}
