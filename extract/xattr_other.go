//go:build !linux && !darwin

package extract

import (
	"os"

	"extant/internal/ondisk"
)

// setXattr fails: files here have no extended attributes, or not such.
func setXattr(*os.File, xattr) error {
	return &ondisk.UnsupportedError{Detail: "extended attributes on this system"}
}
