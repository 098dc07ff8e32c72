// Package full holds no code. Its tests fill a store, by its largest size and by small file systems that are
// mounted for the purpose, and look what still works: reads and deletions must, nothing may be lost, and writes must
// go on by themselves when there is space again. The control is a store that keeps no reserve, on which deletions fail.
//
// What this shows is so for small files, of 5 to 20 MiB, which is where the reserve is smallest beside the largest
// item. What it cannot show is a disk that others fill at the very moment in which the store asks for blocks.
//
// Tests on mounted file systems need Linux and root, and are skipped without.
package full
