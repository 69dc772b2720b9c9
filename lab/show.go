package lab

import (
	"fmt"
	"strings"
)

// show returns how a byte is named in reports.
func show(b byte) string {
	switch b {
	case 0:
		return "0"
	case stale:
		return "another file's byte"
	}
	return fmt.Sprintf("%q", b)
}

func showAny(values []byte) string {
	var names []string
	for _, b := range values {
		names = append(names, show(b))
	}
	return strings.Join(names, " or ")
}
