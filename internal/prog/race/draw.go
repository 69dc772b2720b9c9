package race

import (
	"slices"
	"strings"

	"extant/explore"
)

// shown are the locks that decide about the data of a small file: what a brief diagram shows.
var shown = []string{"folio", "xattr", "inode", "alloc-map", "invalidate", "writepages", "freeze-fault"}

// Diagram draws a schedule: the calls that lead to the locks of files, or, unless it is to be brief, every operation there is.
func (b *Bench) Diagram(s explore.Schedule, brief bool) (*explore.Diagram, error) {
	cfg := b.config(Search{})
	cfg.Watch = nil
	h, err := explore.Trace(cfg, s, b.Run)
	if err != nil {
		return nil, err
	}
	h.Events = slices.DeleteFunc(h.Events, func(e explore.Event) bool {
		return !e.Note && (e.Task == "main" || brief && !showsLock(e.Op))
	})
	if brief {
		for i := range h.Events {
			h.Events[i].Calls = within(h.Events[i].Calls, h.Events[i].Note)
		}
	}
	return h.Diagram(false), nil
}

// showsLock reports whether an operation is on one of the locks shown.
func showsLock(op string) bool {
	return slices.ContainsFunc(strings.Fields(op), func(word string) bool { return slices.Contains(shown, word) })
}

// within leaves out the calls that run the program, down to those of the file system; all of them for a remark of the program's.
func within(calls []explore.Call, note bool) []explore.Call {
	if note {
		return nil
	}
	i := slices.IndexFunc(calls, func(c explore.Call) bool { return strings.HasPrefix(c.Func, "Inode.") })
	return calls[max(i, 0):]
}
