// Package readers judges what slow readers do to those who write.
//
// # What is at stake
//
// A snapshot of a bbolt file pins the pages that later commits replace: none of
// them can be used again while it lasts. The file grows with every commit, and so does
// the list of free pages, which every commit writes anew, so that commits become slower the
// longer the snapshot lasts. Whoever keeps a snapshot open while he waits
// for somebody (a client at the other end of a network, the body of a
// user's loop) hands that somebody the file. One client that reads a byte a
// second is enough.
//
// # What is judged
//
// Stator closes a snapshot before anybody sees what was read. The tests let 50
// clients over HTTP and a few programs in the process read as slowly as
// they can, and hold against that (see Figures): the age of the oldest snapshot, which Views
// measures between the engine and the store; the 99th percentile of writes with and
// without them, in turns; and what the file has grown by after the same writes. The
// controls run the same over a server and a loop that do keep their snapshots open, and must be caught.
package readers
