// Package corrupt holds no code. Its tests change single bytes of a database's
// file, and more than that, and look whether the database then answers the truth or an error,
// whether a check names the damage, and whether salvage saves what is readable.
package corrupt
