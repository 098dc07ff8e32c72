// Package corrupt holds no code. Its tests change single bytes of a database's
// file, and more than that, and look whether the database then answers the truth or an error,
// whether a check names the damage, and whether salvage saves what is readable.
//
// What this shows: bytes of each kind that the file has, one at a time, are changed, by a bit, by all or by any bits; all that can be asked
// is asked, before and after writing, in a child that has a deadline; an answer that is neither the truth nor an error
// is a fault, and so is damage that neither an answer nor the check finds, unless nobody reads the byte.
//
// What it cannot show: damage that somebody made on purpose, with checksums that are right; the bytes of
// a file of another shape than the one that is built here.
package corrupt
