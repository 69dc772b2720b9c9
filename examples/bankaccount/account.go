// Package bankaccount shows how a program that knows nothing of file systems is written on package sched and
// explored. It has the classic mistakes of its kind: the tests find each, and pass for the account that has none.
package bankaccount

import "extant/sched"

var accountClass = sched.Class{Name: "account", Doc: "an account's balance", Ordered: true}

// Account holds money.
type Account struct {
	number uint64

	mu sched.Mutex
	// +checklocks:mu
	balance int
}

// New returns the account of that number. Numbers are not used twice.
func New(number uint64, balance int) *Account {
	a := &Account{number: number, balance: balance}
	a.mu.Init(&accountClass)
	return a
}

// Balance returns how much is in a.
func (a *Account) Balance() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.balance
}

// Transfer moves an amount from one account to another and says whether there was enough of it.
//
// +checklocksignore
func Transfer(from, to *Account, amount int) bool {
	first, second := from, to
	if to.number < from.number {
		first, second = to, from
	}
	first.mu.NestedLock(sched.Key(first.number))
	defer first.mu.Unlock()
	second.mu.NestedLock(sched.Key(second.number))
	defer second.mu.Unlock()
	return move(from, to, amount)
}

// TransferUnordered is Transfer by somebody who did not think of the opposite transfer.
//
// +checklocksignore
func TransferUnordered(from, to *Account, amount int) bool {
	from.mu.Lock()
	defer from.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	return move(from, to, amount)
}

// TransferChecked is Transfer by somebody who believes that what was true under a lock stays true.
//
// +checklocksignore
func TransferChecked(from, to *Account, amount int) bool {
	if from.Balance() < amount {
		return false
	}
	sched.Note("there is enough")
	from.add(-amount)
	to.add(amount)
	return true
}

func (a *Account) add(amount int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balance += amount
}

// move needs both locks.
//
// +checklocks:from.mu
// +checklocks:to.mu
func move(from, to *Account, amount int) bool {
	if from.balance < amount {
		return false
	}
	from.balance -= amount
	to.balance += amount
	return true
}
