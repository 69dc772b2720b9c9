package main

import (
	"fmt"
	"strconv"
)

// humanSize is a number of bytes as ls -h has it: in a power of 1024, rounded up, with one digit after the point below ten.
func humanSize(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	unit, one := 0, uint64(1)
	for unit < len(units) && n/one >= 1024 {
		unit, one = unit+1, one<<10
	}
	if tenths := n/one*10 + (n%one*10+one-1)/one; tenths < 100 {
		return fmt.Sprintf("%d.%d%c", tenths/10, tenths%10, units[unit-1])
	}
	whole := n / one
	if n%one != 0 {
		whole++
	}
	if whole == 1024 && unit < len(units) {
		return fmt.Sprintf("1.0%c", units[unit])
	}
	return fmt.Sprintf("%d%c", whole, units[unit-1])
}
