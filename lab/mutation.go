package lab

// What f2 becomes when one of its rules is broken. Each must fail.

// write_begin_hint decides before it has the folio's lock, and does not ask again.
func write_begin_hint(t *task, w *write) bool {
	if !ext4_may_inline_data(t) {
		return write_begin_record(t, w)
	}
	ext4_journal_start(t)
	w.inline = ext4_prepare_inline_data(t, w.pos+w.n)
	if !w.inline {
		ext4_journal_stop(t)
		return write_begin_record(t, w)
	}
	folio_lock(t)
	ext4_read_folio(t)
	return true
}

// write_end_retest asks again where the data goes, as Linux's ext4_write_end did before 2022.
func write_end_retest(t *task, w *write, copied int) bool {
	w.inline = ext4_has_inline_data(t)
	return write_end_record(t, w, copied)
}
