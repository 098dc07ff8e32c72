// Package floors holds no code, but tests of the house itself: that imports go
// down only, that nothing is global, that users of the library inherit few
// dependencies, and that the documents speak of what exists.
package floors
