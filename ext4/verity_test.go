package ext4_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// merkle is the tree over data as fs-verity lays it out, the last level first, and the hash at its root.
func merkle(data, salt []byte, alg ondisk.VerityAlgorithm, blockSize int) (tree []byte, root []byte) {
	sum := func(block []byte) []byte {
		block = append(block[:len(block):len(block)], make([]byte, blockSize-len(block))...)
		if alg == ondisk.VeritySHA512 {
			var pad []byte
			if len(salt) > 0 {
				pad = append(bytes.Clone(salt), make([]byte, 128-len(salt))...)
			}
			h := sha512.Sum512(append(pad, block...))
			return h[:]
		}
		var pad []byte
		if len(salt) > 0 {
			pad = append(bytes.Clone(salt), make([]byte, 64-len(salt))...)
		}
		h := sha256.Sum256(append(pad, block...))
		return h[:]
	}
	level := data
	for len(level) > blockSize {
		var up []byte
		for len(level) > 0 {
			n := min(blockSize, len(level))
			up = append(up, sum(level[:n])...)
			level = level[n:]
		}
		if rest := len(up) % blockSize; rest > 0 {
			up = append(up, make([]byte, blockSize-rest)...)
		}
		tree = append(bytes.Clone(up), tree...)
		level = up
	}
	return tree, sum(level)
}

// verityFile is the blocks of a file with its tree and descriptor past the end.
func verityFile(data, salt []byte, alg ondisk.VerityAlgorithm, treeBlock, fsBlock int) []byte {
	tree, root := merkle(data, salt, alg, treeBlock)
	out := bytes.Clone(data)
	pad := func(unit int) {
		if rest := len(out) % unit; rest > 0 {
			out = append(out, make([]byte, unit-rest)...)
		}
	}
	pad(65536)
	out = append(out, tree...)
	pad(fsBlock)
	d := ondisk.VerityDescriptor{
		Version: ondisk.VerityVersion, HashAlgorithm: alg, SaltSize: uint8(len(salt)), DataSize: uint64(len(data)),
	}
	for 1<<d.LogBlockSize < treeBlock {
		d.LogBlockSize++
	}
	copy(d.RootHash[:], root)
	copy(d.Salt[:], salt)
	var raw [ondisk.VerityDescriptorSize]byte
	d.Encode(raw[:])
	out = append(out, raw[:]...)
	out = append(out, make([]byte, fsBlock-len(raw)-4)...)
	return binary.LittleEndian.AppendUint32(out, uint32(len(raw)))
}

func TestVerity(t *testing.T) {
	for _, c := range []struct {
		size, treeBlock int
		alg             ondisk.VerityAlgorithm
		salt            []byte
	}{
		{1, 4096, ondisk.VeritySHA256, nil},
		{4096, 4096, ondisk.VeritySHA256, []byte("salt")},
		{4097, 4096, ondisk.VeritySHA256, nil},
		{700_001, 4096, ondisk.VeritySHA256, []byte("some salt")},
		{700_001, 1024, ondisk.VeritySHA256, nil},
		{300_000, 1024, ondisk.VeritySHA512, []byte("x")},
	} {
		t.Run(fmt.Sprint(c.size, c.treeBlock, c.alg), func(t *testing.T) {
			data := noise(3, c.size)
			file := verityFile(data, c.salt, c.alg, c.treeBlock, 1024)
			im := mke2fs(t, sourceOf(t, map[string][]byte{"file": file}), "16M", "-t ext4 -b 1024 -O verity")
			im.debugfs(fmt.Sprintf("set_inode_field /file size %d", c.size), "set_inode_field /file flags 0x180000")
			n := child(t, im.mount(ext4.Options{}), "file")
			got, err := io.ReadAll(io.NewSectionReader(n, 0, int64(c.size)+100))
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			part := make([]byte, 10)
			if k, err := n.ReadAt(part, int64(c.size/2)); (err != nil && err != io.EOF) || !bytes.Equal(part[:k], data[c.size/2:][:k]) {
				t.Errorf("in the middle: %d bytes, %v", k, err)
			}
			if d, err := n.Verity(); err != nil || d.DataSize != uint64(c.size) {
				t.Errorf("descriptor %v, %v", d, err)
			}
			damageVerity(t, im, n, c.size)
		})
	}
}

// damageVerity changes a byte of the data and then one of the tree, and wants both to be noticed.
func damageVerity(t *testing.T, im *image, n *ext4.Inode, size int) {
	t.Helper()
	for m, err := range n.Mappings(0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []int64{int64(size) - 1, 65536*((int64(size)+65535)/65536) + 40} {
			if off < m.Off || off >= m.Off+m.Len || off >= int64(size) && size <= 4096 {
				continue
			}
			at := m.Dev + off - m.Off
			old := im.bytes()[at]
			im.patch(at, old^1)
			_, err := io.ReadAll(io.NewSectionReader(child(t, im.mount(ext4.Options{}), "file"), 0, int64(size)))
			im.patch(at, old)
			var corrupt *ext4.CorruptError
			if !errors.As(err, &corrupt) {
				t.Errorf("byte %d of the file changed: %v, want a *CorruptError", off, err)
			}
		}
	}
}
