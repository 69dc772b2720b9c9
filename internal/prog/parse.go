package prog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"extant/internal/model"
)

// Parse reads a program. Patterns whose seed is not given get the number of their operation.
func Parse(text string) (*Program, error) {
	p := &Program{}
	ops := 0
	for i, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err == nil && len(words) > 0 {
			var l Line
			l, err = parseLine(words, &ops)
			p.Lines = append(p.Lines, l)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p, nil
}

// A token is a word, or what was in quotes.
type token struct {
	text   string
	quoted bool
}

func (t token) is(s string) bool { return t.text == s && !t.quoted }

// split takes a line apart, up to its comment.
func split(line string) ([]token, error) {
	var out []token
	for {
		line = strings.TrimLeft(line, " \t\r")
		switch {
		case line == "" || line[0] == '#':
			return out, nil
		case line[0] == ';':
			out, line = append(out, token{text: ";"}), line[1:]
		case line[0] == '"':
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("quotes that do not end: %s", line)
			}
			text, err := strconv.Unquote(q)
			if err != nil {
				return nil, err
			}
			out, line = append(out, token{text, true}), line[len(q):]
		default:
			k := strings.IndexAny(line, " \t\r;#\"")
			if k < 0 {
				k = len(line)
			}
			out, line = append(out, token{text: line[:k]}), line[k:]
		}
	}
}

func parseLine(words []token, ops *int) (l Line, err error) {
	if words[0].is("thread") {
		l.Thread, words = true, words[1:]
	}
	for len(words) > 0 {
		end := 0
		for end < len(words) && !words[end].is(";") {
			end++
		}
		op, err := parseOp(words[:end], int64(*ops))
		if err != nil {
			return l, err
		}
		*ops++
		l.Ops = append(l.Ops, op)
		words = words[min(end+1, len(words)):]
	}
	if len(l.Ops) == 0 {
		err = errors.New("thread without operations")
	}
	return l, err
}

func parseOp(words []token, seed int64) (*Op, error) {
	op := &Op{}
	op.Data.Seed = seed
	if len(words) > 1 && words[0].is("as") {
		c, err := parseCred(words[1].text)
		if err != nil {
			return nil, err
		}
		op.As, words = &c, words[2:]
	}
	if len(words) == 0 {
		return nil, errors.New("an operation without a verb")
	}
	op.Verb = words[0].text
	v, ok := verbs[op.Verb]
	if !ok {
		return nil, fmt.Errorf("no such verb: %s", op.Verb)
	}
	op.Mode = defaultMode(op.Verb)
	rest, err := op.parse(v.form, words[1:])
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s: %q is too much", op.Verb, rest[0].text)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (it is: %s %s)", err, op.Verb, v.form)
	}
	return op, op.check()
}

// defaultMode is the mode of what an operation makes where it does not say.
func defaultMode(verb string) uint32 {
	switch verb {
	case "mkdir":
		return 0o755
	case "chmod":
		return noMode
	}
	return 0o644
}

const noMode = 1 << 31

// parse reads operands of a form and returns what is left.
func (op *Op) parse(form string, words []token) ([]token, error) {
	optional := false
	for _, kind := range strings.Fields(form) {
		switch {
		case kind == "?":
			optional = true
			continue
		case len(words) == 0 && optional:
			return nil, nil
		case len(words) == 0:
			return nil, fmt.Errorf("%s: no %s", op.Verb, kind)
		}
		if err := op.setOperand(kind, words[0]); err != nil {
			return nil, fmt.Errorf("%s: %s %q: %w", op.Verb, kind, words[0].text, err)
		}
		words = words[1:]
		if kind == "data" && len(words) > 0 && strings.HasPrefix(words[0].text, "~") {
			seed, err := strconv.ParseInt(words[0].text[1:], 10, 64)
			if err != nil {
				return nil, err
			}
			op.Data.Seed, words = seed, words[1:]
		}
	}
	return words, nil
}

func (op *Op) setOperand(kind string, t token) (err error) {
	switch kind {
	case "file":
		op.File = t.text
		if t.quoted && strings.HasPrefix(t.text, "@") {
			op.File = "./" + t.text
		}
	case "to":
		op.To = t.text
	case "name":
		op.Name = t.text
	case "handle":
		var ok bool
		if op.Name, ok = strings.CutPrefix(t.text, "@"); !ok || t.quoted || op.Name == "" {
			err = errors.New("open files are named @NAME")
		}
	case "word":
		op.Word = t.text
	case "off":
		op.Off, err = strconv.ParseInt(t.text, 10, 64)
	case "from":
		op.From, err = strconv.ParseInt(t.text, 10, 64)
	case "len":
		op.Len, err = strconv.ParseInt(t.text, 10, 64)
	case "data":
		if t.quoted && t.text != "" {
			op.Data = Data{Text: t.text}
		} else if !t.quoted {
			op.Data.Len, err = parseDataLen(t.text)
		}
	case "mode":
		var m uint64
		m, err = strconv.ParseUint(t.text, 8, 16)
		op.Mode = uint32(m)
	case "uid":
		op.UID, err = parseID(t.text)
	case "gid":
		op.GID, err = parseID(t.text)
	case "before":
		op.Before, err = parseTime(t.text)
	case "after":
		op.After, err = parseTime(t.text)
	}
	return err
}

// dataMax is how much one operation may write, in bytes.
const dataMax = 64 << 20

func parseDataLen(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (n < 0 || n > dataMax) {
		err = fmt.Errorf("not within 0 and %d", dataMax)
	}
	return n, err
}

func parseID(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (n < -1 || n >= 1<<32-1) {
		err = errors.New("not an ID")
	}
	return n, err
}

func parseCred(s string) (c model.Cred, err error) {
	user, groups, ok := strings.Cut(s, ":")
	if !ok {
		return c, fmt.Errorf("%q is not USER:GROUP", s)
	}
	uid, err := parseID(user)
	c.UID = uint32(uid)
	for i, g := range strings.Split(groups, ",") {
		gid, gerr := parseID(g)
		err = errors.Join(err, gerr)
		if i == 0 {
			c.GID = uint32(gid)
		} else {
			c.Groups = append(c.Groups, uint32(gid))
		}
	}
	return c, err
}

// parseTime reads seconds, with a fraction of nine digits or none.
func parseTime(s string) (model.Time, error) {
	switch s {
	case "now":
		return model.Time{Now: true}, nil
	case "omit":
		return model.Time{Omit: true}, nil
	}
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return model.Time{}, err
	}
	ns, err := int64(0), error(nil)
	if fraction != "" {
		if len(fraction) != 9 {
			return model.Time{}, errors.New("a fraction has nine digits")
		}
		ns, err = strconv.ParseInt(fraction, 10, 64)
	}
	return model.Time{At: time.Unix(sec, ns)}, err
}
