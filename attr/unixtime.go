package attr

import (
	"reflect"
	"strconv"
	"time"
)

// UnixTime is a time that is stored as N, in whole seconds since 1970 UTC, as
// TTL attributes are. The tag option unixtime does the same for one field of
// type time.Time. The zero time is -62135596800, not 0.
type UnixTime time.Time

// MarshalAttr returns the seconds as a number.
func (t UnixTime) MarshalAttr() (Value, error) { return Int(time.Time(t).Unix()), nil }

// UnmarshalAttr reads the seconds; any other type than N, NULL included, is an error.
func (t *UnixTime) UnmarshalAttr(v Value) error {
	if v.Kind() != Number {
		return mismatch(v, unixTimeType, asUnixTime)
	}
	u, err := parseUnixTime(v.Num(), unixTimeType)
	if err != nil {
		return err
	}
	*t = UnixTime(u)
	return nil
}

// String returns the time as time.Time does.
func (t UnixTime) String() string { return time.Time(t).String() }

func parseUnixTime(text string, t reflect.Type) (time.Time, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, &UnmarshalError{
			Kind: Number, Type: t, Err: err,
			Reason: "found " + quoted(text) + ", whole seconds since 1970 are allowed",
		}
	}
	return time.Unix(seconds, 0), nil
}
