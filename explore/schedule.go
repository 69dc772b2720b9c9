package explore

import (
	"fmt"
	"strconv"
	"strings"
)

// Schedule says which task did the next operation, over and over, and which values were chosen. Its text
// is short enough for a command line: "writer:4 =1 reader:2" lets writer do four operations, then chooses 1, then
// lets reader do two. Where a schedule ends, each task goes on as long as it can, and values are 0.
type Schedule []Move

// Move is one item of a [Schedule]: Steps operations of Task, or, if Task is empty, the choice of Value.
type Move struct {
	Task  string
	Steps int
	Value int
}

func (s Schedule) String() string {
	var b strings.Builder
	for i, m := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case m.Task == "":
			fmt.Fprintf(&b, "=%d", m.Value)
		case m.Steps == 1:
			b.WriteString(m.Task)
		default:
			fmt.Fprintf(&b, "%s:%d", m.Task, m.Steps)
		}
	}
	return b.String()
}

// ParseSchedule reads what [Schedule.String] writes.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for f := range strings.FieldsSeq(text) {
		m, err := parseMove(f)
		if err != nil {
			return nil, fmt.Errorf("move %q: %w", f, err)
		}
		s = append(s, m)
	}
	return s, nil
}

func parseMove(f string) (Move, error) {
	if v, ok := strings.CutPrefix(f, "="); ok {
		n, err := strconv.ParseUint(v, 10, 31)
		return Move{Value: int(n)}, err
	}
	name, count, counted := strings.Cut(f, ":")
	if name == "" {
		return Move{}, fmt.Errorf("no task named")
	}
	if !counted {
		return Move{Task: name, Steps: 1}, nil
	}
	n, err := strconv.ParseUint(count, 10, 31)
	if err == nil && n == 0 {
		err = fmt.Errorf("no operations")
	}
	return Move{Task: name, Steps: int(n)}, err
}

// Switches counts how often another task goes on although nobody is said to have to.
func (s Schedule) Switches() int {
	n, last := 0, ""
	for _, m := range s {
		if m.Task != "" && m.Task != last {
			n++
			last = m.Task
		}
	}
	return max(0, n-1)
}

// schedule returns how the execution got where it is.
func (e *engine) schedule() Schedule {
	var s Schedule
	for _, st := range e.steps {
		switch {
		case st.forced:
			continue
		case st.kind == kindChoose:
			s = append(s, Move{Value: int(st.obj)})
			continue
		}
		name := e.born[st.serial].name()
		if n := len(s); n > 0 && s[n-1].Task == name {
			s[n-1].Steps++
			continue
		}
		s = append(s, Move{Task: name, Steps: 1})
	}
	return s
}
