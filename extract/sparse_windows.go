package extract

import (
	"os"

	"golang.org/x/sys/windows"
)

// setSparse lets a file have holes. Where that fails they take space.
func setSparse(f *os.File) {
	var n uint32
	windows.DeviceIoControl(windows.Handle(f.Fd()), windows.FSCTL_SET_SPARSE, nil, 0, nil, 0, &n, nil)
}
