//go:build !linux

package page

func wantLargePages([]byte) {}
