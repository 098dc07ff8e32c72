package engine

import (
	"errors"

	"github.com/statordb/stator/kv"
)

// token checks a token, and that it will be found when its time is over.
func (c *checker) token(p kv.Pair) error {
	use, err := decodeToken(p.Key, p.Value)
	if err != nil {
		c.note(err)
		return nil
	}
	v, err := c.r.Get(tokenTimeKey(use.time, p.Key[spaceKeySize:]))
	switch {
	case errors.Is(err, kv.ErrCorrupt):
		c.note(err)
		return nil
	case v == nil && err == nil:
		c.fault("client request token %x is missing among those by time", p.Key)
	}
	return err
}

// tokenByTime checks that a row by time is that of a token, which may have been used again since.
func (c *checker) tokenByTime(p kv.Pair) error {
	at, k, ok := tokenOfTime(p.Key)
	if !ok || len(p.Value) > 0 {
		c.fault("client request token by time %x is %x", p.Key, p.Value)
		return nil
	}
	v, err := c.r.Get(k)
	switch {
	case errors.Is(err, kv.ErrCorrupt):
		c.note(err)
		return nil
	case err != nil:
		return err
	case v != nil:
		use, err := decodeToken(k, v)
		if err != nil || use.time >= at {
			return nil // token has told it
		}
	}
	c.fault("client request token by time %x has no token as late", p.Key)
	return nil
}
