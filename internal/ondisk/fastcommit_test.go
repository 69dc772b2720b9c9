package ondisk_test

import (
	"bytes"
	"errors"
	"testing"

	"extant/internal/ondisk"
)

func encodeFast(records ...ondisk.FastCommitRecord) []byte {
	b, off := make([]byte, 1024), 0
	for _, r := range records {
		off += r.Encode(b[off:])
	}
	return b[:off]
}

func TestFastCommitRecords(t *testing.T) {
	want := []ondisk.FastCommitRecord{
		{Tag: ondisk.FCHead, Value: make([]byte, 8)},
		{Tag: ondisk.FCCreat, Value: append(make([]byte, 8), "name"...)},
		{Tag: ondisk.FCAddRange, Value: make([]byte, 16)},
		{Tag: ondisk.FCDelRange, Value: make([]byte, 12)},
		{Tag: ondisk.FCInode, Value: make([]byte, 4+160)},
		{Tag: ondisk.FCPad, Value: make([]byte, 3)},
		{Tag: ondisk.FCTail, Value: make([]byte, 40)},
	}
	b, i := encodeFast(want...), 0
	for r, err := range ondisk.FastCommitRecords(b) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Tag != want[i].Tag || !bytes.Equal(r.Value, want[i].Value) {
			t.Errorf("record %d is %v with %d bytes, want %v with %d", i, r.Tag, len(r.Value), want[i].Tag, len(want[i].Value))
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d records, want %d", i, len(want))
	}
}

func TestFastCommitRecordsRefuseWrongLengths(t *testing.T) {
	for _, r := range []ondisk.FastCommitRecord{
		{Tag: 0}, {Tag: 10}, {Tag: 0xFFFF, Value: make([]byte, 8)},
		{Tag: ondisk.FCHead, Value: make([]byte, 9)},
		{Tag: ondisk.FCAddRange, Value: make([]byte, 15)},
		{Tag: ondisk.FCDelRange, Value: make([]byte, 16)},
		{Tag: ondisk.FCCreat, Value: make([]byte, 8)},
		{Tag: ondisk.FCLink, Value: make([]byte, 8+256)},
		{Tag: ondisk.FCInode, Value: make([]byte, 4+127)},
		{Tag: ondisk.FCTail, Value: make([]byte, 7)},
	} {
		if err := lastError(encodeFast(r)); !isCorrupt(err) {
			t.Errorf("%v with %d bytes: %v", r.Tag, len(r.Value), err)
		}
	}
	whole := encodeFast(ondisk.FastCommitRecord{Tag: ondisk.FCPad, Value: make([]byte, 20)})
	if err := lastError(whole[:len(whole)-1]); !isCorrupt(err) {
		t.Errorf("a value cut short: %v", err)
	}
}

func lastError(b []byte) (last error) {
	for _, err := range ondisk.FastCommitRecords(b) {
		last = err
	}
	return last
}

func isCorrupt(err error) bool {
	var c *ondisk.CorruptError
	return errors.As(err, &c)
}

func TestFastCommitCRCStopsBeforeItself(t *testing.T) {
	value := make([]byte, 8)
	b := encodeFast(ondisk.FastCommitRecord{Tag: ondisk.FCTail, Value: value})
	r := ondisk.FastCommitRecord{Tag: ondisk.FCTail, Value: value}
	before := ondisk.FastCommitCRC(0, b, r)
	b[8]++ // fc_crc
	if ondisk.FastCommitCRC(0, b, r) != before {
		t.Error("the CRC of a tail depends on its own field")
	}
	b[4]++ // fc_tid
	if ondisk.FastCommitCRC(0, b, r) == before {
		t.Error("the CRC of a tail does not depend on its transaction")
	}
}

func FuzzFastCommitRecords(f *testing.F) {
	f.Add(encodeFast(ondisk.FastCommitRecord{Tag: ondisk.FCHead, Value: make([]byte, 8)}))
	f.Add([]byte{7, 0, 0, 0, 8, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for r, err := range ondisk.FastCommitRecords(b) {
			n++
			if err != nil {
				break
			}
			_ = r.Tag.String()
			ondisk.FastCommitCRC(0, b, r)
		}
		if n > len(b)/ondisk.FastCommitTLSize {
			t.Fatalf("%d records in %d bytes", n, len(b))
		}
	})
}
