package mkfs

import (
	"math"
	"os"
	"strconv"
	"strings"

	"extant/internal/ondisk"
)

// ParseSize reads a size with one of mke2fs's unit letters behind it, of either case: s for sectors of 512 bytes,
// k, m, g and t for powers of 1024. A number without a letter counts units of the given number of bytes. The result is in bytes.
func ParseSize(s string, unit int64) (int64, error) {
	n, unit, err := parseUnits(s, unit)
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt64/uint64(unit) {
		return 0, invalid("size", "%q is too large", s)
	}
	return int64(n) * unit, nil
}

// parseUnits reads a number and the unit that its letter stands for.
func parseUnits(s string, unit int64) (uint64, int64, error) {
	digits := strings.TrimRight(s, "sSkKmMgGtT")
	if letter := s[len(digits):]; letter != "" {
		unit = map[string]int64{"s": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[strings.ToLower(letter)]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || unit == 0 {
		return 0, 0, invalid("size", "%q: give a number and one of the letters s, k, m, g, t", s)
	}
	return n, unit, nil
}

// parseAmount reads a size that counts blocks where it has no letter.
func parseAmount(s string) (Amount, error) {
	n, unit, err := parseUnits(s, -1)
	switch {
	case err != nil:
		return Amount{}, err
	case unit == -1:
		return Amount{Blocks: n}, nil
	case n > math.MaxInt64/uint64(unit):
		return Amount{}, invalid("size", "%q is too large", s)
	}
	return Amount{Bytes: int64(n) * unit}, nil
}

// A setting is one word of -E or -J: its value, which may be missing, goes where it belongs.
type setting[T any] struct {
	flag bool // the value may be missing, and is then empty
	set  func(to *T, value string) error
}

// parseSettings reads words separated by commas, each a name, or a name, an equals sign and a value. Hyphens in a name
// stand for underscores.
func parseSettings[T any](option, s string, to *T, known map[string]setting[T]) error {
	for _, word := range strings.Split(s, ",") {
		if word == "" {
			continue
		}
		name, value, given := strings.Cut(word, "=")
		name = strings.ReplaceAll(name, "-", "_")
		k, ok := known[name]
		switch {
		case !ok:
			return invalid(option, "unknown word %q", name)
		case !given && !k.flag:
			return invalid(option+" "+name, "a value is missing: write %s=...", name)
		}
		if err := k.set(to, value); err != nil {
			return nameOption(option+" "+name, err)
		}
	}
	return nil
}

// nameOption makes an error that of another option.
func nameOption(option string, err error) error {
	if e, ok := err.(*OptionError); ok {
		return &OptionError{option, e.Detail}
	}
	return invalid(option, "%v", err)
}

func uintSetting[T any, N uint16 | uint32](field func(*T) *N) setting[T] {
	return setting[T]{set: func(to *T, value string) error {
		bits := 32
		if ^N(0) == math.MaxUint16 {
			bits = 16
		}
		n, err := strconv.ParseUint(value, 10, bits)
		if err != nil {
			return invalid("", "%q is not a number, or too large", value)
		}
		*field(to) = N(n)
		return nil
	}}
}

func amountSetting[T any](field func(*T) *Amount) setting[T] {
	return setting[T]{set: func(to *T, value string) (err error) {
		*field(to), err = parseAmount(value)
		return err
	}}
}

func sizeSetting[T any](unit int64, field func(*T) *int64) setting[T] {
	return setting[T]{set: func(to *T, value string) (err error) {
		*field(to), err = ParseSize(value, unit)
		return err
	}}
}

func boolSetting[T any](set func(to *T, on bool)) setting[T] {
	return setting[T]{flag: true, set: func(to *T, value string) error {
		n := 1
		if value != "" {
			var err error
			if n, err = strconv.Atoi(value); err != nil {
				return invalid("", "%q: give 0 or 1", value)
			}
		}
		set(to, n != 0)
		return nil
	}}
}

var extendedSettings = map[string]setting[Extended]{
	"stride":                   uintSetting(func(e *Extended) *uint32 { return &e.Stride }),
	"stripe_width":             uintSetting(func(e *Extended) *uint32 { return &e.StripeWidth }),
	"mmp_update_interval":      uintSetting(func(e *Extended) *uint16 { return &e.MMPUpdateInterval }),
	"desc_size":                uintSetting(func(e *Extended) *uint16 { return &e.DescSize }),
	"resize":                   amountSetting(func(e *Extended) *Amount { return &e.Resize }),
	"orphan_file_size":         amountSetting(func(e *Extended) *Amount { return &e.OrphanFileSize }),
	"offset":                   sizeSetting(1, func(e *Extended) *int64 { return &e.Offset }),
	"lazy_itable_init":         boolSetting(func(e *Extended, on bool) { e.LazyItableInit = &on }),
	"lazy_journal_init":        boolSetting(func(e *Extended, on bool) { e.LazyJournalInit = on }),
	"assume_storage_prezeroed": boolSetting(func(e *Extended, on bool) { e.Prezeroed = on }),
	"packed_meta_blocks":       boolSetting(func(e *Extended, on bool) { e.PackedMetaBlocks = on }),
	"test_fs":                  boolSetting(func(e *Extended, on bool) { e.TestFS = on }),
	"no_copy_xattrs":           boolSetting(func(e *Extended, on bool) { e.NoCopyXattrs = on }),
	"discard":                  boolSetting(func(e *Extended, on bool) { e.NoDiscard = !on }),
	"nodiscard":                boolSetting(func(e *Extended, on bool) { e.NoDiscard = on }),
	"num_backup_sb":            {set: setBackupSupers},
	"root_owner":               {flag: true, set: setRootOwner},
	"root_perms":               {set: setRootPerms},
	"hash_seed":                {set: setHashSeed},
	"encoding":                 {set: setEncoding},
	"encoding_flags":           {set: setEncodingFlags},
	"quotatype":                {set: setQuotaTypes},
}

// ParseExtended reads the argument of -E into e, on top of what it holds.
func ParseExtended(s string, e *Extended) error {
	return parseSettings("-E", s, e, extendedSettings)
}

func setBackupSupers(e *Extended, value string) error {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil || n > 2 {
		return invalid("", "%q: give 0, 1 or 2", value)
	}
	e.BackupSupers = new(uint32(n))
	return nil
}

// setRootOwner reads the owner of the root directory; without a value that is who asks.
func setRootOwner(e *Extended, value string) error {
	if value == "" && os.Getuid() >= 0 {
		e.RootUID, e.RootGID = uint32(os.Getuid()), uint32(os.Getgid())
		return nil
	}
	u, g, ok := strings.Cut(value, ":")
	uid, err1 := strconv.ParseUint(u, 10, 32)
	gid, err2 := strconv.ParseUint(g, 10, 32)
	if !ok || err1 != nil || err2 != nil {
		return invalid("", "%q: give numbers, as in 0:0", value)
	}
	e.RootUID, e.RootGID = uint32(uid), uint32(gid)
	return nil
}

func setRootPerms(e *Extended, value string) error {
	n, err := strconv.ParseUint(value, 8, 16)
	if err != nil || n > 0o7777 {
		return invalid("", "%q: give octal permission bits, as in 0755", value)
	}
	e.RootMode = new(uint16(n))
	return nil
}

func setHashSeed(e *Extended, value string) error {
	u, err := ondisk.ParseUUID(value)
	e.HashSeed = (*[16]byte)(&u)
	return err
}

func setEncoding(e *Extended, value string) error {
	switch value {
	case "utf8", "utf8-12.1":
		e.Encoding = encodingUTF8
		return nil
	}
	return invalid("", "unknown encoding %q: give utf8", value)
}

// encodingStrict refuses names that are no valid text (s_encoding_flags).
const encodingStrict = 1

func setEncodingFlags(e *Extended, value string) error {
	switch value {
	case "strict":
		e.EncodingFlags = new(uint16(encodingStrict))
	case "nostrict":
		e.EncodingFlags = new(uint16(0))
	default:
		return invalid("", "unknown flag %q: give strict or nostrict", value)
	}
	return nil
}

func setQuotaTypes(e *Extended, value string) error {
	for word := range strings.SplitSeq(value, ":") {
		switch word {
		case "usr", "usrquota":
			e.Quota |= QuotaUser
		case "grp", "grpquota":
			e.Quota |= QuotaGroup
		case "prj", "prjquota":
			e.Quota |= QuotaProject
		default:
			return invalid("", "unknown kind %q: give usrquota, grpquota or prjquota, with colons between", word)
		}
	}
	return nil
}

var journalSettings = map[string]setting[Journal]{
	"size":             sizeSetting(1<<20, func(j *Journal) *int64 { return &j.Size }),
	"fast_commit_size": sizeSetting(1<<10, func(j *Journal) *int64 { return &j.FastCommitSize }),
	"location": {set: func(j *Journal, value string) error {
		a, err := parseAmount(value)
		j.Location = &a
		return err
	}},
	"device": {set: func(*Journal, string) error {
		return invalid("", "journals on another device are not made; leave it out for one inside the file system")
	}},
}

// ParseJournal reads the argument of -J into j, on top of what it holds.
func ParseJournal(s string, j *Journal) error { return parseSettings("-J", s, j, journalSettings) }

// ParseErrors reads the argument of -e.
func ParseErrors(s string) (uint16, error) {
	switch s {
	case "continue":
		return ondisk.ErrorsContinue, nil
	case "remount-ro":
		return ondisk.ErrorsReadOnly, nil
	case "panic":
		return ondisk.ErrorsPanic, nil
	}
	return 0, invalid("-e", "unknown behaviour %q: give continue, remount-ro or panic", s)
}

// ParseCreatorOS reads the argument of -o: a name or a number.
func ParseCreatorOS(s string) (CreatorOS, error) {
	for i, name := range []string{"linux", "hurd", "gnu", "masix", "freebsd", "lites"} {
		if strings.EqualFold(s, name) {
			return []CreatorOS{OSLinux, OSHurd, OSHurd, OSMasix, OSFreeBSD, OSLites}[i], nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || CreatorOS(n) > OSLites {
		return 0, invalid("-o", "unknown system %q: give Linux, Hurd, Masix, FreeBSD or Lites", s)
	}
	return CreatorOS(n), nil
}
