package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"extant"
	"extant/disk"
	"extant/internal/ondisk"
)

func newPartitions(a *app) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "partitions IMAGE...",
		Short:   "List the partitions of an image",
		GroupID: groupImage,
		Long: `partitions lists the partitions in the MBR or GPT table of an image, and the label of those that hold an ext2, ext3 or ext4 file system. The
number is what follows the # in an address: disk.img#2:/etc.`,
		Example: `  extant partitions disk.img`,
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array")
	return a.verbCommand(cmd, func(args []string) error {
		var all []partJSON
		for _, image := range args {
			parts, err := a.partitions(image)
			if err != nil {
				a.fail(err)
			}
			all = append(all, parts...)
		}
		if asJSON {
			list := &jsonList{w: a.out}
			for _, p := range all {
				if err := list.put(p); err != nil {
					return err
				}
			}
			return list.end()
		}
		return a.putPartitions(all)
	})
}

// partJSON is the shape of an element of partitions --json.
type partJSON struct {
	Image      string `json:"image"`
	Number     int    `json:"number"`
	Address    string `json:"address"`
	Start      int64  `json:"start"`
	Size       int64  `json:"size"`
	Type       string `json:"type"`
	Name       string `json:"name"`
	UUID       string `json:"uuid"`
	Attributes uint64 `json:"attributes"`
	FileSystem string `json:"file_system,omitempty"`
	Label      string `json:"label,omitempty"`
	LabelBytes []byte `json:"label_bytes,omitempty"`
}

// partitions lists the partitions of one image. With an error come those that could be read.
func (a *app) partitions(image string) ([]partJSON, error) {
	flags := disk.ReadOnly
	if a.options.Shared {
		flags |= disk.Shared
	}
	dev, err := extant.OpenImage(image, flags)
	if err != nil {
		return nil, &openError{image: image, err: err}
	}
	defer dev.Close()
	list, err := disk.Partitions(dev)
	var parts []partJSON
	for _, p := range list {
		j := partJSON{
			Image: image, Number: p.Number, Address: fmt.Sprintf("%s#%d", image, p.Number), Start: p.Start, Size: p.Size,
			Type: p.Type, Name: p.Name, UUID: p.UUID, Attributes: p.Attributes,
		}
		if sb := superAt(dev, p.Start); sb != nil {
			j.FileSystem = generation(sb)
			j.Label, j.LabelBytes = sb.Label(), rawBytes(sb.Label())
		}
		parts = append(parts, j)
	}
	if err != nil {
		err = &addressError{image, err}
	}
	return parts, err
}

// superAt is the super block of a file system that begins at an offset, or nil.
func superAt(dev disk.Device, off int64) *ondisk.Super {
	raw := make([]byte, ondisk.SuperSize)
	if off > dev.Size()-ondisk.SuperOffset-ondisk.SuperSize {
		return nil
	}
	if _, err := dev.ReadAt(raw, off+ondisk.SuperOffset); err != nil {
		return nil
	}
	sb := &ondisk.Super{}
	if sb.Decode(raw) != nil || sb.Magic != ondisk.SuperMagic {
		return nil
	}
	return sb
}

// generation is the name by which a file system with such features goes: ext3 is ext2 with a journal, ext4 has what ext3 has not.
func generation(sb *ondisk.Super) string {
	const (
		incompat3 = ondisk.IncompatFileType | ondisk.IncompatNeedsRecovery | ondisk.IncompatJournalDev | ondisk.IncompatMetaBG
		rocompat3 = ondisk.ROCompatSparseSuper | ondisk.ROCompatLargeFile | ondisk.ROCompatBtreeDir
	)
	switch {
	case ondisk.Incompat(sb.FeatureIncompat)&^incompat3 != 0, ondisk.ROCompat(sb.FeatureROCompat)&^rocompat3 != 0:
		return "ext4"
	case sb.HasCompat(ondisk.CompatHasJournal):
		return "ext3"
	}
	return "ext2"
}

func (a *app) putPartitions(parts []partJSON) error {
	if len(parts) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ADDRESS\tSTART\tSIZE\tTYPE\tHOLDS\tLABEL\tNAME")
	for _, p := range parts {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", escapeName(p.Address), p.Start, humanSize(uint64(p.Size)), p.Type,
			dash(p.FileSystem), dash(escapeName(p.Label)), dash(escapeName(p.Name)))
	}
	return w.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
