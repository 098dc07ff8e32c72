package attr_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/statordb/stator/attr"
)

func ExampleValue() {
	v := attr.N("12.50")
	f, ok := v.Float()
	fmt.Println(v.Kind(), v, f, ok)
	fmt.Println(v.Equal(attr.N("12.5")), v.Str() == "")
	// Output:
	// N 12.50 12.5 true
	// true true
}

func ExampleItem() {
	item := attr.Item{
		"shirt-color": attr.S("R"),
		"shirt-size":  attr.S("M"),
	}
	fmt.Println(item)
	fmt.Println(item.Size(), "bytes")
	// Output:
	// {shirt-color: "R", shirt-size: "M"}
	// 23 bytes
}

func ExampleMarshal() {
	v, err := attr.Marshal(map[string]any{"city": "Oslo", "zip": 150, "at": []float64{59.9, 10.7}})
	fmt.Println(v, err)

	_, err = attr.Marshal(struct {
		Tags []string `dynamodbav:"tags,numberset"`
	}{[]string{"a"}})
	fmt.Println(err)
	// Output:
	// {at: [59.9, 10.7], city: "Oslo", zip: 150} <nil>
	// attr: marshal tags[0] (Go type string): found S "a" in a set of type NS, allowed is N
}

func ExampleMarshalItem() {
	type User struct {
		ID      string    `dynamodbav:"id"`
		Nick    string    `dynamodbav:"nick,omitempty"`
		Tags    []string  `dynamodbav:"tags,stringset"`
		Expires time.Time `dynamodbav:"expires,unixtime"`
		Logins  int       `dynamodbav:"-"`
	}
	item, err := attr.MarshalItem(User{ID: "u1", Tags: []string{"new"}, Expires: time.Unix(1800000000, 0)})
	fmt.Println(item, err)
	// Output:
	// {expires: 1800000000, id: "u1", tags: <"new">} <nil>
}

func ExampleUnmarshal() {
	v := attr.L(attr.Int(1), attr.S("two"), attr.NULL())

	var list []any
	err := attr.Unmarshal(v, &list)
	fmt.Println(list, err)

	var ints []int
	err = attr.Unmarshal(v, &ints)
	fmt.Println(err)
	// Output:
	// [1 two <nil>] <nil>
	// attr: unmarshal [1] (Go type int): found S "two", allowed is N
}

func ExampleUnmarshalItem() {
	var user struct {
		ID   string `dynamodbav:"id"`
		Home struct{ City string }
		Big  attr.Value // numbers of 38 digits stay exact
	}
	err := attr.UnmarshalItem(attr.Item{
		"id":   attr.S("u1"),
		"home": attr.M(attr.Item{"city": attr.S("Oslo")}),
		"Big":  attr.N("12345678901234567890123456789012345678"),
	}, &user)
	fmt.Println(user.ID, user.Home.City, user.Big, err)
	// Output:
	// u1 Oslo 12345678901234567890123456789012345678 <nil>
}

func ExampleFields() {
	type Base struct {
		ID string `dynamodbav:"id" stator:"hash"`
	}
	type Order struct {
		Base
		At    time.Time `dynamodbav:"at,unixtime" stator:"range"`
		Lines []string
	}
	for _, f := range attr.Fields(reflect.TypeFor[Order]()) {
		fmt.Println(f.Name, f.Kind, f.Index, f.Tag.Get("stator"))
	}
	// Output:
	// id S [0 0] hash
	// at N [1] range
	// Lines L [2]
}
