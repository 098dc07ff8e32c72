// Package kill holds no code. Its tests kill -9 a process that 64 writers keep
// busy, open its file, and compare it with what was acknowledged: natively, where
// the acknowledgements come through a pipe, and over HTTP, where the writers are in
// the test and the server is the real command. Round after round is on the same file.
//
// A kill comes at a random moment, or at a system call that is counted: strace
// delivers SIGKILL on entering the Nth pwrite64, fdatasync, ftruncate or fsync, and the
// call is not carried out (TestEntry proves it). So the file has all calls before it, and
// none from it on. strace counts for each thread. Natively the goroutine that commits is
// therefore locked to its thread, so that the Nth call is that of its commits (those of
// opening come before, on other threads); over HTTP a commit moves among threads and so the
// Nth call of a thread is somewhere. What strace printed tells at which part of a commit
// a kill came, and both tests print how often it was which.
//
// What this shows: an answer is not given before its writes have been handed to the
// system; the order of the calls leaves the file whole after each of them; what a
// transaction consists of comes together; a token that was sent again after the kill takes
// place once; and what was cut off, a growing file, a new one, an index that is being
// filled, is taken up again.
//
// What it cannot show: a killed process leaves the page cache behind, so that everything it
// wrote is read back, synced or not. A store that never syncs passes. What a loss
// of power leaves is the matter of package power.
//
// The short form takes about ten seconds. The long one:
//
//	go test ./kill -v -timeout 2h -args -rounds 1000
package kill
