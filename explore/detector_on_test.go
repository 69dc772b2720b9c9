//go:build race

package explore

// UnderRace says that the race detector makes everything ten times slower.
const UnderRace = true
