package sched_test

import (
	"testing"
	"time"

	"extant/sched"
)

func TestCompletionCounts(t *testing.T) {
	var c sched.Completion
	if c.TryWait() {
		t.Fatal("nothing is complete yet")
	}
	c.Complete()
	c.Complete()
	c.Wait()
	c.Wait()
	if c.TryWait() {
		t.Fatal("two completions let three waits pass")
	}
	c.CompleteAll()
	c.Complete()
	for range 3 {
		c.Wait()
	}
	c.Reset()
	if c.WaitFor(time.Microsecond) {
		t.Fatal("passed after a reset")
	}
}

func TestCompletionWakes(t *testing.T) {
	var c sched.Completion
	var passed sched.WaitGroup
	for range 3 {
		passed.Go("waiter", c.Wait)
	}
	for range 3 {
		sched.Go("completer", c.Complete)
	}
	passed.Wait()
	if c.TryWait() {
		t.Fatal("a completion was used twice")
	}
}

func TestEvent(t *testing.T) {
	var e sched.Event
	if e.IsSet() || e.WaitFor(time.Microsecond) {
		t.Fatal("zero value is set")
	}
	sched.Go("firing", e.Fire)
	e.Wait()
	e.Wait()
	if !e.IsSet() || !e.WaitFor(time.Hour) {
		t.Fatal("not set after Fire")
	}
	e.Reset()
	if e.IsSet() {
		t.Fatal("set after Reset")
	}
}

func TestCond(t *testing.T) {
	var m sched.Mutex
	c := sched.NewCond(&m)
	queue := 0
	var wg sched.WaitGroup
	for range 4 {
		wg.Go("taker", func() {
			m.Lock()
			defer m.Unlock()
			for queue == 0 {
				c.Wait()
			}
			queue--
		})
	}
	for range 2 {
		m.Lock()
		queue++
		c.Signal()
		m.Unlock()
	}
	m.Lock()
	queue += 2
	c.Broadcast()
	m.Unlock()
	wg.Wait()
	if queue != 0 {
		t.Errorf("%d left in the queue, want 0", queue)
	}
}

func TestWaitGroupNegative(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a negative counter did not panic")
		}
	}()
	var wg sched.WaitGroup
	wg.Done()
}

func TestTask(t *testing.T) {
	ran := false
	task := sched.Go("worker", func() { ran = true })
	task.Wait()
	task.Wait()
	if !ran || task.Name() != "worker" || task.IsDaemon() {
		t.Errorf("ran %v, name %q, daemon %v", ran, task.Name(), task.IsDaemon())
	}
	if d := sched.Daemon("flusher", func() {}); !d.IsDaemon() {
		t.Error("a daemon says it is none")
	}
}

func TestTimer(t *testing.T) {
	var fired sched.Completion
	timer := sched.AfterFunc("kick", time.Hour, fired.Complete)
	if !timer.Stop() {
		t.Fatal("cannot stop a timer an hour early")
	}
	if timer.Stop() {
		t.Fatal("stopped a stopped timer")
	}
	timer.Start(0)
	fired.Wait()
	before := sched.Now()
	sched.Sleep(time.Millisecond)
	if d := sched.Now().Sub(before); d < time.Millisecond {
		t.Errorf("slept %v, want at least 1ms", d)
	}
}

func TestOnce(t *testing.T) {
	var o sched.Once
	n := 0
	var wg sched.WaitGroup
	for range 4 {
		wg.Go("caller", func() { o.Do(func() { n++ }) })
	}
	wg.Wait()
	if n != 1 {
		t.Errorf("ran %d times, want 1", n)
	}
}

func TestPool(t *testing.T) {
	var p sched.Pool[int]
	if p.Get() != nil {
		t.Error("an empty pool has a value")
	}
	p.Put(new(int))
}
