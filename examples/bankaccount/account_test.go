package bankaccount_test

import (
	"fmt"
	"testing"

	"extant/examples/bankaccount"
	"extant/explore"
	"extant/lockdep"
	"extant/sched"
)

type transfer func(from, to *bankaccount.Account, amount int) bool

// rounds lets two customers move money between two accounts, in opposite directions and out of the same one.
func rounds(move transfer) func() {
	return func() {
		a, b := bankaccount.New(1, 100), bankaccount.New(2, 100)
		var g sched.WaitGroup
		g.Go("ann", func() { move(a, b, 100) })
		g.Go("bob", func() {
			move(b, a, 100)
			move(a, b, 200)
		})
		g.Wait()
		x, y := a.Balance(), b.Balance()
		explore.Assert(x >= 0 && y >= 0, "balances %d and %d", x, y)
		explore.Assert(x+y == 200, "%d is in the bank, not 200", x+y)
	}
}

// TestTransfer tries every schedule. This is all that a test of one's own program needs.
func TestTransfer(t *testing.T) {
	explore.Test(t, rounds(bankaccount.Transfer))
}

// TestMistakes looks for the mistakes of the other two.
func TestMistakes(t *testing.T) {
	r := explore.Run(explore.Config{}, rounds(bankaccount.TransferUnordered))
	if r.Failure == nil || r.Failure.Verdict != explore.Deadlock {
		t.Errorf("unordered: %v, want a deadlock", r.Failure)
	}
	r = explore.Run(explore.Config{}, rounds(bankaccount.TransferChecked))
	if r.Failure == nil || r.Failure.Verdict != explore.Assertion {
		t.Errorf("checked: %v, want an assertion", r.Failure)
	}
}

// TestOrder validates the lock order in all schedules, too, with lockdep between the tasks and the explorer.
func TestOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		move transfer
		bad  bool
	}{
		"ordered":   {bankaccount.Transfer, false},
		"unordered": {bankaccount.TransferUnordered, true},
	} {
		var found []*lockdep.Report
		cfg := explore.Config{
			KeepGoing: true,
			Watch: func(under sched.Hook) sched.Hook {
				return lockdep.New(lockdep.Config{Under: under, Report: func(r *lockdep.Report) { found = append(found, r) }})
			},
		}
		r := explore.Run(cfg, rounds(tc.move))
		if !r.Exhausted || len(found) > 0 != tc.bad {
			t.Errorf("%s: %v, %d reports: %v", name, r, len(found), found)
		}
	}
}

// Example prints how money comes out of nothing.
func Example() {
	f := func() {
		a, b := bankaccount.New(1, 100), bankaccount.New(2, 0)
		ann := sched.Go("ann", func() { bankaccount.TransferChecked(a, b, 100) })
		bob := sched.Go("bob", func() { bankaccount.TransferChecked(a, b, 100) })
		ann.Wait()
		bob.Wait()
		explore.Assert(a.Balance() >= 0, "the balance is negative")
	}
	r := explore.Run(explore.Config{}, f)
	fail := explore.Minimize(explore.Config{}, r.Failure, f)
	h, err := explore.Trace(explore.Config{}, fail.Schedule, f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v\n%v\n\n%v", fail, fail.Schedule, h.Diagram(true))
	// Output:
	// assertion in main: the balance is negative
	// ann:2 bob:6 ann:4 main:2
	//
	// ann                    bob                    main
	//
	// TransferChecked
	//   Account.Balance
	//   // there is enough
	//                        TransferChecked
	//                          Account.Balance
	//                          // there is enough
	//                          Account.add
	//                          Account.add
	//   Account.add
	//   Account.add
	//                                               Account.Balance
	//                                               ---> the balance is negative
}
