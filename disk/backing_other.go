//go:build !linux

package disk

import "io/fs"

// backsMount reports nothing: only Linux is asked.
func backsMount(fs.FileInfo, bool) bool { return false }
