package prog

import (
	"fmt"
	"strconv"
	"strings"

	"extant/internal/model"
)

func (op *Op) String() string {
	words := []string{op.Verb}
	if op.As != nil {
		words = []string{"as", credString(*op.As), op.Verb}
	}
	for _, kind := range strings.Fields(verbs[op.Verb].form) {
		if kind == "?" {
			continue
		}
		if w := op.operand(kind); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// operand prints one operand; "" where it is left out.
func (op *Op) operand(kind string) string {
	switch kind {
	case "file":
		if op.Verb == "sync" && op.File == "" {
			return ""
		}
		return fileString(op.File)
	case "to":
		return quote(op.To)
	case "name":
		return quote(op.Name)
	case "handle":
		return "@" + op.Name
	case "word":
		return op.Word
	case "off":
		return strconv.FormatInt(op.Off, 10)
	case "from":
		return strconv.FormatInt(op.From, 10)
	case "len":
		return strconv.FormatInt(op.Len, 10)
	case "data":
		return op.Data.String()
	case "mode":
		if op.Mode == defaultMode(op.Verb) {
			return ""
		}
		return fmt.Sprintf("%04o", op.Mode)
	case "uid":
		return strconv.FormatInt(op.UID, 10)
	case "gid":
		return strconv.FormatInt(op.GID, 10)
	case "before":
		return timeString(op.Before)
	case "after":
		return timeString(op.After)
	}
	panic("prog: no such operand: " + kind)
}

func credString(c model.Cred) string {
	s := fmt.Sprintf("%d:%d", c.UID, c.GID)
	for _, g := range c.Groups {
		s += fmt.Sprintf(",%d", g)
	}
	return s
}

func fileString(file string) string {
	if strings.HasPrefix(file, "@") {
		return file
	}
	return quote(file)
}

const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+_./,:="

// quote puts quotes around a word that would not be read back as itself.
func quote(s string) string {
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return strconv.Quote(s)
}

func timeString(t model.Time) string {
	switch {
	case t.Now:
		return "now"
	case t.Omit:
		return "omit"
	}
	s := strconv.FormatInt(t.At.Unix(), 10)
	if ns := t.At.Nanosecond(); ns != 0 {
		s += fmt.Sprintf(".%09d", ns)
	}
	return s
}
