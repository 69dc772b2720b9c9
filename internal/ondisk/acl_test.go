package ondisk_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"syscall"
	"testing"

	"extant/internal/ondisk"
)

// The list u::rw-,u:1000:r--,g::r--,m::r--,o::--- in both forms, as setfacl and the kernel store it.
const (
	aclDisk = "01000000" + "01000600" + "02000400e8030000" + "04000400" + "10000400" + "20000000"
	aclCall = "02000000" + "01000600ffffffff" + "02000400e8030000" + "04000400ffffffff" + "10000400ffffffff" + "20000000ffffffff"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestACL(t *testing.T) {
	disk, call := unhex(t, aclDisk), unhex(t, aclCall)
	a, err := ondisk.DecodeACL(disk)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 5 || a[1] != (ondisk.ACLEntry{Tag: ondisk.ACLUser, Perm: 4, ID: 1000}) {
		t.Errorf("%+v", a)
	}
	if got := a.EncodeXattr(); !bytes.Equal(got, call) {
		t.Errorf("as a system call has it: %x", got)
	}
	a, err = ondisk.DecodeXattrACL(call)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Encode(); !bytes.Equal(got, disk) {
		t.Errorf("on disk: %x", got)
	}
}

func TestACLFaults(t *testing.T) {
	for _, c := range []struct{ want, disk string }{
		{"less than a header", "010000"},
		{"version 2", "02000000"},
		{"5 bytes, but its entries take 4", "0100000001"},
		{"unknown tag", "01000000" + "03000600"},
		{"unknown tag", "01000000" + "40000600"},
		{"unknown tag", "01000000" + "00000600"},
		{"unknown permissions", "01000000" + "01000800"},
		{"out of order", "01000000" + "04000400" + "01000600" + "20000000"},
		{"out of order", "01000000" + "01000600" + "01000600"},
		{"names nobody", "01000000" + "01000600" + "02000400ffffffff"},
		{"have no entry", "01000000" + "01000600" + "04000400"},
		{"without a mask", "01000000" + "01000600" + "02000400e8030000" + "04000400" + "20000000"},
		{"but its entries take 16", "01000000" + "01000600" + "02000400e803"},
	} {
		_, err := ondisk.DecodeACL(unhex(t, c.disk))
		wantCorrupt(t, err, c.want)
	}
	for in, want := range map[string]syscall.Errno{
		"02":                              syscall.EINVAL,
		"01000000":                        syscall.EOPNOTSUPP,
		strings.TrimSuffix(aclCall, "ff"): syscall.EINVAL,
		"02000000" + "01000600ffffffff":   syscall.EINVAL,
		"02000000" + "01000600ffff":       syscall.EINVAL,
	} {
		if _, err := ondisk.DecodeXattrACL(unhex(t, in)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", in, err, want)
		}
	}
	for _, empty := range []string{"02000000"} {
		if a, err := ondisk.DecodeXattrACL(unhex(t, empty)); err != nil || len(a) != 0 {
			t.Errorf("empty list: %v %v", a, err)
		}
	}
}
