package engine

import (
	"context"
	"errors"
	"time"

	"github.com/statordb/stator/kv"
)

// background tells Options.BackgroundError what one goroutine of the
// background fails with. Who fails does so again with each try, each second in
// the worst case, so that the same error is told once a minute. It is used by that goroutine alone.
type background struct {
	tell func(error) // nil: nobody is told
	last string
	at   time.Time // of the monotonic clock, when last was told
}

const tellAgain = time.Minute

func (e *Engine) newBackground() background { return background{tell: e.opt.BackgroundError} }

// failed tells what a try failed with; nil is success. The end of the engine is no failure.
func (b *background) failed(err error) {
	switch {
	case err == nil:
		b.last = ""
		return
	case b.tell == nil, errors.Is(err, context.Canceled), errors.Is(err, kv.ErrClosed):
		return
	}
	if text := err.Error(); text != b.last || time.Since(b.at) >= tellAgain {
		b.last, b.at = text, time.Now()
		b.tell(err)
	}
}
