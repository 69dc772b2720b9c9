package race_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"extant/explore"
	"extant/internal/ext4test"
	"extant/internal/model"
	"extant/internal/prog"
	"extant/internal/prog/race"
)

// A subject is an inode in one state, and what is done to it, each operation beside each.
type subject struct {
	name, mode, begin string
	ops               []string // "NAME: OPERATION"
	end               string
}

// fileOps are what may happen to a file, a, that is open as f and mapped as m.
var fileOps = []string{
	"write: write @f 10 60",
	"store: store m 20 1",
	"cut: truncate @f 5",
	"grow: truncate @f 3000",
	"allocate: fallocate @f alloc 0 3000",
	"punch: fallocate @f punch+keep 8 2000",
	"setxattr: setxattr a user.x 60",
	"fsync: sync @f",
	"writeback: sync",
	"rename: rename a b",
	"unlink: unlink a",
	"read: read @f 0 80",
}

// blockOps are what may happen to a file in blocks besides.
var blockOps = []string{
	"zero: fallocate @f zero 8 2000",
	"insert: fallocate @f insert 1024 1024",
	"collapse: fallocate @f collapse 0 1024",
}

// clusterOps are what may happen to a file of three clusters of four blocks, the first of which has a hole that has just been written to.
var clusterOps = []string{
	"write: write @f 1000 60",
	"append: write @f 12200 2000",
	"store: store m 20 1",
	"cut: truncate @f 1024",
	"grow: truncate @f 20000",
	"allocate: fallocate @f alloc 3072 12000",
	"punch: fallocate @f punch+keep 0 3072",
	"zero: fallocate @f zero 4096 4096",
	"insert: fallocate @f insert 4096 4096",
	"collapse: fallocate @f collapse 4096 4096",
	"fsync: sync @f",
	"writeback: sync",
}

// dirOps are what may happen to a directory, d, that has a file a and a directory s, while e is another.
var dirOps = []string{
	"create: create d/n 600",
	"mkdir: mkdir d/n 755",
	"link: link d/a d/l",
	"rename: rename d/a d/n",
	"move: rename d/s e/s",
	"replace: rename e/b d/a",
	"unlink: unlink d/a",
	"rmdir: rmdir d/s",
	"setxattr: setxattr d user.x 60",
	"fsync: sync d",
	"readdir: readdir d",
}

// names makes a directory that does not fit into its inode, or one block.
func names(n int) string {
	var b strings.Builder
	for k := range n {
		b.WriteString("create d/" + strings.Repeat(string(rune('A'+k)), 200) + " 600\n")
	}
	return b.String()
}

func subjects() []subject {
	const file, dir = "open @f a read+write+create\n", "mkdir d 755\nmkdir e 755\ncreate d/a 600\nmkdir d/s 755\ncreate e/b 600\n"
	return []subject{
		{"inline", "ordered", file + "write @f 0 24\nmap @f m\n", fileOps, "read @f 0 100\n"},
		{"block", "ordered", file + "write @f 0 2500\nsync\nmap @f m\n", slices.Concat(fileOps, blockOps), "read @f 0 100\n"},
		{"clusters", "bigalloc", file + "write @f 0 12288\nsync\nfallocate @f punch+keep 3072 1024\nwrite @f 3072 1024\nmap @f m\n", clusterOps, "read @f 0 30000\n"},
		{"inline-dir", "ordered", dir, dirOps, "readdir d\nreaddir e\n"},
		{"block-dir", "ordered", dir + names(4), dirOps, "readdir d\nreaddir e\n"},
	}
}

// pair is the program of two operations beside each other, and what they are called.
func (s *subject) pair(x, y string) (name, text string) {
	x, do, _ := strings.Cut(x, ": ")
	y, beside, _ := strings.Cut(y, ": ")
	return s.name + "/" + x + "+" + y, s.begin + "thread " + do + "\nthread " + beside + "\n" + s.end
}

// alone wants an operation to do its work with nothing beside it: what is refused says nothing of a pair.
func (s *subject) alone(t *testing.T, op string) {
	t.Helper()
	name, do, _ := strings.Cut(op, ": ")
	p, err := prog.Parse(s.begin + do + "\n" + s.end)
	if err != nil {
		t.Fatal(err)
	}
	r := prog.NewRunner(prog.Model(model.Config{Now: time.Now, BlockSize: 1024}))
	for i, line := range r.Run(p) {
		for k, res := range line {
			if res.Err != "" {
				t.Fatalf("%s: %s alone: line %d: %s: %v", s.name, name, i+1, p.Lines[i].Ops[k], res)
			}
		}
	}
}

// pairSearches are made one after the other until one exhausts: within RACE_TIME by DPOR and at random, or, however long it takes, by DPOR and then
// RACE_SCHEDULES schedules at random.
func pairSearches(t *testing.T) []race.Search {
	s := race.Search{
		Strategies: []explore.Strategy{explore.DPOR(), explore.POS(1)}, Order: lockOrder(t),
		Time: ext4test.RaceTime(t, 20*time.Millisecond, 10*time.Millisecond),
	}
	n := ext4test.RaceSchedules(t)
	if n == 0 {
		return []race.Search{s}
	}
	s.Time = 0
	all, chance := s, s
	all.Strategies, all.Executions = s.Strategies[:1], max(n/5, 1)
	chance.Strategies, chance.Executions = s.Strategies[1:], n
	return []race.Search{all, chance}
}

// TestPairs explores every two operations on one file and on one directory, inline and in blocks, beside each other.
func TestPairs(t *testing.T) {
	searches := pairSearches(t)
	for _, sub := range subjects() {
		mode, err := race.ModeOf(sub.mode)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range sub.ops {
			sub.alone(t, op)
		}
		for i, x := range sub.ops {
			for _, y := range sub.ops[i:] {
				name, text := sub.pair(x, y)
				t.Run(name, func(t *testing.T) {
					c, err := race.Parse("pair", text)
					if err != nil {
						t.Fatal(err)
					}
					for _, s := range searches {
						if v := explored(t, c, race.Setup{Mode: mode, Room: -1}, s); v.Exhausted || !v.Holds() {
							break
						}
					}
					if t.Failed() {
						t.Log("testdata/races/pair.prog:\n" + text)
					}
				})
			}
		}
	}
}
