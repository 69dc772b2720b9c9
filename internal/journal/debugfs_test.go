package journal_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// forms are the file systems whose journals debugfs writes in different forms.
var forms = []struct {
	name string
	size string
	opts []string
	jo   string // how debugfs opens the journal
}{
	{"ext3", "32M", []string{"-t", "ext3", "-b", "1024", "-J", "size=4"}, "jo"},
	{"v1 64bit", "32M", []string{"-t", "ext4", "-b", "1024", "-O", "64bit,^metadata_csum", "-J", "size=2"}, "jo"},
	{"csum v2", "32M", []string{"-t", "ext4", "-b", "1024", "-O", "^64bit,metadata_csum", "-J", "size=2"}, "jo -c -v 2"},
	{"csum v2 64bit", "64M", []string{"-t", "ext4", "-b", "2048", "-O", "64bit,metadata_csum", "-J", "size=4"}, "jo -c -v 2"},
	{"csum v3", "64M", []string{"-t", "ext4", "-b", "4096", "-O", "^64bit,metadata_csum", "-J", "size=4"}, "jo -c -v 3"},
	{"csum v3 64bit", "32M", []string{"-t", "ext4", "-b", "1024", "-O", "64bit,metadata_csum", "-J", "size=2"}, "jo -c -v 3"},
}

// dirtied makes an image with three transactions: blocks with and without the magic number, one of which is written
// again, one revoked, and one revoked and then written again; and a last transaction without a commit block.
func dirtied(t testing.TB, size string, opts []string, jo string) *dirty {
	t.Helper()
	image := format(t, size, opts...)
	bs := configOf(t, image, load(t, image).data).BlockSize
	dir := filepath.Dir(image)
	first, second, third := filepath.Join(dir, "1"), filepath.Join(dir, "2"), filepath.Join(dir, "3")
	writeFile(t, first, pattern(bs, 40, 1, 1, 7))
	writeFile(t, second, pattern(bs, 2, 50, 0))
	writeFile(t, third, pattern(bs, 1, 90))
	many := make([]int, 40)
	for i := range many {
		many[i] = 14000 + 3*i
	}
	debugfs(t, image,
		jo,
		jw(first, many),
		jw(second, many[3:5], fmt.Sprintf("-r %d,%d", many[0], many[1])),
		"jc", jo, // debugfs loses count of its blocks after revoke records
		jw(third, many[1:2]),
		jw(third, many[6:7], "-c"),
		"jc")
	return load(t, image)
}

func TestRecoverWhatDebugfsJournaled(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			d := dirtied(t, f.size, f.opts, f.jo)
			o := d.agree(t)
			if o.Len() != 39 {
				t.Errorf("%d blocks are journaled, want 39: 40 less the revoked", o.Len())
			}
			if o.Has(14000) || !o.Has(14003) {
				t.Errorf("revoked block is there: %v; block written after its revoke: %v", o.Has(14000), o.Has(14003))
			}
			bs := d.config.BlockSize
			for b, want := range map[ondisk.Block][]byte{
				14003: pattern(bs, 1, 90),           // third transaction
				14009: pattern(bs, 2, 50, 0)[:bs],   // second, escaped
				14021: pattern(bs, 40, 1, 7)[7*bs:], // first, escaped
			} {
				got := make([]byte, bs)
				if ok, err := o.ReadBlock(b, got); !ok || err != nil || !bytes.Equal(got, want[:bs]) {
					t.Errorf("block %d: %v %v, wrong content", b, ok, err)
				}
			}
		})
	}
}

// TestFormsAreWhatTheySay sees to it that each form has the features that its name promises.
func TestFormsAreWhatTheySay(t *testing.T) {
	for i, want := range []ondisk.JournalIncompat{
		ondisk.JournalIncompatRevoke,
		ondisk.JournalIncompatRevoke | ondisk.JournalIncompat64Bit,
		ondisk.JournalIncompatRevoke | ondisk.JournalIncompatCsumV2,
		ondisk.JournalIncompatRevoke | ondisk.JournalIncompatCsumV2 | ondisk.JournalIncompat64Bit,
		ondisk.JournalIncompatRevoke | ondisk.JournalIncompatCsumV3,
		ondisk.JournalIncompatRevoke | ondisk.JournalIncompatCsumV3 | ondisk.JournalIncompat64Bit,
	} {
		f := forms[i]
		d := dirtied(t, f.size, f.opts, f.jo)
		s := open(t, disk.NewMemFrom(d.data), d.config).Super()
		if s.Incompat() != want {
			t.Errorf("%s has %v, want %v", f.name, s.Incompat(), want)
		}
	}
}

func TestEmptyLog(t *testing.T) {
	d := load(t, format(t, "16M", "-t", "ext4", "-J", "size=4"))
	dev := disk.NewMemFrom(d.data)
	o := recovered(t, dev, d.config)
	if o.Len() != 0 || o.HasFastCommits() || o.Damage() != nil {
		t.Errorf("%d blocks in an empty log", o.Len())
	}
	if err := o.Replay(journal.ReplayOptions{}); err != nil {
		t.Error(err)
	}
	d.same(t, "image and replay", d.data, contents(t, dev))
}

// TestDebugfsReadsWhatReplayLeft asks the other side whether a replayed journal is in order.
func TestDebugfsReadsWhatReplayLeft(t *testing.T) {
	f := forms[5]
	d := dirtied(t, f.size, f.opts, f.jo)
	dev := disk.NewMemFrom(d.data)
	if err := recovered(t, dev, d.config).Replay(journal.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	writeFile(t, d.path, contents(t, dev))
	if out := run(t, 0, "dumpe2fs", "-h", d.path); !strings.Contains(out, "Journal start:            0") || strings.Contains(out, "corrupt") {
		t.Errorf("dumpe2fs says\n%s", out)
	}
}
