// Package soak judges whether a process that uses Stator for a long time stays
// as it is: memory, goroutines, open files and the size of the database.
//
// A leak is small and a machine is noisy. So the judge does not compare two
// moments: it takes the second half of the samples, when caches are full and the
// file has its size, draws through them the line that half of all pairs of samples lie above (the
// estimator of Theil and Sen, which a quarter of wild samples do not move), and asks what
// it climbs. The control leaks one thing at a time, and each must be named.
package soak
