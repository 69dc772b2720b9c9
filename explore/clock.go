package explore

// clocks holds vector clocks as rows of one table: for each task, how many of its events happened before.
// Row 0 is zero. A row does not change once others may know it.
type clocks struct {
	table  []int32
	stride int // tasks for which there is room
	rows   int32
}

const strideMin = 4

func (c *clocks) reset() {
	c.stride = max(c.stride, strideMin)
	c.rows = 0
	c.table = c.table[:0]
	c.add()
}

// shorten leaves the first rows.
func (c *clocks) shorten(rows int32) {
	c.rows = rows
	c.table = c.table[:int(rows)*c.stride]
}

// add adds a row of zeros.
func (c *clocks) add() int32 {
	n := len(c.table) + c.stride
	if n > cap(c.table) {
		c.table = append(c.table, make([]int32, max(n, 1024))...)
	}
	c.table = c.table[:n]
	clear(c.table[n-c.stride:])
	c.rows++
	return c.rows - 1
}

// fork returns a new row that is a copy of row.
func (c *clocks) fork(row int32) int32 {
	r := c.add()
	copy(c.row(r), c.row(row))
	return r
}

func (c *clocks) row(r int32) []int32 {
	i := int(r) * c.stride
	return c.table[i : i+c.stride]
}

// join makes row a happen after what row b happened after.
func (c *clocks) join(a, b int32) {
	to := c.row(a)
	for i, v := range c.row(b) {
		to[i] = max(to[i], v)
	}
}

func (c *clocks) at(row int32, task uint8) int32 {
	if int(task) >= c.stride {
		return 0
	}
	return c.table[int(row)*c.stride+int(task)]
}

func (c *clocks) set(row int32, task uint8, v int32) {
	if int(task) >= c.stride {
		c.widen(2 * (int(task) + 1))
	}
	c.table[int(row)*c.stride+int(task)] = v
}

// widen makes room for more tasks.
func (c *clocks) widen(stride int) {
	wide := make([]int32, int(c.rows)*stride, 2*int(c.rows)*stride)
	for r := range c.rows {
		copy(wide[int(r)*stride:], c.row(r))
	}
	c.table, c.stride = wide, stride
}
