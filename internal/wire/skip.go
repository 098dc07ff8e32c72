package wire

// maxDepth is how deep what nobody reads may nest. It is part of no limit of
// AWS's; it bounds the memory of skip.
const maxDepth = 1000

// skip passes over the value that is next, whatever it is, and checks that it
// is JSON.
func (r *reader) skip() bool {
	var objects [(maxDepth + 63) / 64]uint64 // which of the open brackets are {
	depth := 0
	for {
		switch c := r.next(); c {
		case '{', '[':
			if r.open(c + 2) {
				break
			}
			if depth == maxDepth {
				return false
			}
			bit := uint64(1) << (depth % 64)
			objects[depth/64] &^= bit
			if c == '{' {
				objects[depth/64] |= bit
			}
			depth++
			if c == '{' && !r.skipKey() {
				return false
			}
			continue
		case '"':
			if !r.skipText() {
				return false
			}
		case 't':
			if !r.literal("true") {
				return false
			}
		case 'f':
			if !r.literal("false") {
				return false
			}
		case 'n':
			if !r.literal("null") {
				return false
			}
		default:
			if _, _, ok := r.number(); !ok {
				return false
			}
		}
		// A value has ended, and with it perhaps collections around it.
		for {
			if depth == 0 {
				return true
			}
			object := objects[(depth-1)/64]&(1<<((depth-1)%64)) != 0
			closing := byte(']')
			if object {
				closing = '}'
			}
			more, ok := r.more(closing)
			if !ok {
				return false
			}
			if more {
				if object && !r.skipKey() {
					return false
				}
				break
			}
			depth--
		}
	}
}

func (r *reader) skipKey() bool { return r.next() == '"' && r.skipText() && r.take(':') }

// skipText passes over a string and leaves it as it is.
func (r *reader) skipText() bool {
	for i := r.i + 1; ; {
		i = special(r.b, i)
		switch c := r.b[i]; {
		case c == '"':
			r.i = i + 1
			return true
		case c < ' ':
			return false
		case unescaped(r.b[i+1]) != 0:
			i += 2
		default:
			if _, ok := hex4(r.b[i:]); !ok {
				return false
			}
			i += 6
		}
	}
}

// isJSON reports whether a body is one JSON value.
func isJSON(body []byte, t Tenure) bool {
	r := newReader(body, t)
	defer r.release()
	return r.skip() && r.atEnd()
}

// atEnd reports whether nothing follows.
func (r *reader) atEnd() bool { return r.next() == 0 && r.i == len(r.b)-padding }
