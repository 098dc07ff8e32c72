package main

import "syscall"

// limitMemory bounds the address space of this process: the file is mapped once, and
// what is needed besides does not grow with it. Who asks for more is on the way of a damaged page.
func limitMemory(fileBytes uint64) {
	const besides = 4 << 30 // the runtime reserves addresses that it does not use
	limit := syscall.Rlimit{Cur: 2*fileBytes + besides, Max: 2*fileBytes + besides}
	_ = syscall.Setrlimit(syscall.RLIMIT_AS, &limit) // a lower one is in force, then
}
