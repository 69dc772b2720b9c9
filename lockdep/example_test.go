package lockdep_test

import (
	"fmt"

	"extant/lockdep"
	"extant/sched"
)

// Two functions take the same two locks in different order. They never run at once, and yet the
// deadlock that they could lead to is found.
func ExampleValidator() {
	var account, ledger sched.Mutex
	account.Init(&sched.Class{Name: "account"})
	ledger.Init(&sched.Class{Name: "ledger"})

	v := lockdep.New(lockdep.Config{Report: func(r *lockdep.Report) {
		fmt.Println(r.Kind)
		for _, d := range r.Chain {
			fmt.Println(d.From.Class, "-->", d.To.Class)
		}
	}})
	defer v.Attach()()

	account.Lock()
	ledger.Lock()
	ledger.Unlock()
	account.Unlock()

	ledger.Lock()
	account.Lock()
	account.Unlock()
	ledger.Unlock()
	// Output:
	// possible circular locking dependency detected
	// ledger --> account
	// account --> ledger
}

func ExampleParseOrder() {
	order, err := lockdep.ParseOrder(`
		class inode ordered  a file's size; two of them by inode number
		freeze < dir < inode < folio
		inode < maps   # a copy from user memory may fault
	`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Allows("freeze", "folio"), order.Allows("maps", "inode"))
	// Output: true false
}
