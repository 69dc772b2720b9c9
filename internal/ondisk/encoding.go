package ondisk

// EncodingUTF8 is the only value of Super.Encoding (s_encoding): UTF-8 as Unicode 12.1 has it, as package casefold folds it.
const EncodingUTF8 = 1

// Bits of Super.EncodingFlags (s_encoding_flags).
const (
	EncodingStrict     = 0x1 // new names that are not valid are refused
	EncodingNoFallback = 0x2 // a lookup by hash that finds nothing does not search the directory from end to end
)
