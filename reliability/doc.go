// Package reliability holds no code. The packages below it break things on
// purpose, the process, the power, the disk, the bytes of the file, the order of
// concurrent requests, and look whether the store keeps its promises; each has a
// control, something broken that it must catch. docs/reliability.md says what is
// promised and what was measured.
package reliability
