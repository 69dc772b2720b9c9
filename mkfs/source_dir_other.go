//go:build !linux

package mkfs

import (
	"context"
	"os"
)

// Dir is the directory at path, of which a symbolic link is followed, with all below it: names, types, permissions and times,
// and where the system has them owners, hard links and device numbers. Symbolic links within are never followed. Sockets are left
// out with a note, what cannot be read with a warning that counts as failure.
func Dir(path string) Source { return &dirSource{path: path} }

// dirSource reads a directory as any other fs.FS, confined to it.
type dirSource struct {
	fsSource
	path string
	root *os.Root
}

func (s *dirSource) scan(ctx context.Context, b *builder) error {
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return err
	}
	s.root, s.fsys = root, root.FS()
	return s.fsSource.scan(ctx, b)
}

func (s *dirSource) close() error {
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}
