// Unittest is a small program whose tests run on a database in memory and a
// clock of their own: see main_test.go.
//
//	go run ./examples/unittest
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/statordb/stator"
)

// Coupon can be redeemed once, until it expires.
type Coupon struct {
	Code     string    `dynamodbav:"code" stator:"hash"`
	Expires  time.Time `dynamodbav:"expires,unixtime"`
	Redeemer string    `dynamodbav:"redeemer,omitempty"`
}

// Shop issues coupons and redeems them.
type Shop struct {
	coupons stator.TableOf[Coupon]
	now     func() time.Time
}

// The reasons why a coupon is refused.
var (
	ErrUnknown  = errors.New("there is no such coupon")
	ErrExpired  = errors.New("the coupon has expired")
	ErrRedeemed = errors.New("the coupon was redeemed before")
)

// NewShop returns a shop that keeps its coupons in db.
func NewShop(ctx context.Context, db *stator.DB, now func() time.Time) (*Shop, error) {
	coupons, err := stator.CreateTableFor[Coupon](ctx, db, "coupons", stator.UnlessExists())
	return &Shop{coupons, now}, err
}

// Issue makes a coupon.
func (s *Shop) Issue(ctx context.Context, code string, validFor time.Duration) error {
	c := Coupon{Code: code, Expires: s.now().Add(validFor)}
	return s.coupons.Put(ctx, c, stator.If("attribute_not_exists(code)"))
}

// Redeem marks a coupon as redeemed, in one step that two customers cannot both take.
func (s *Shop) Redeem(ctx context.Context, code, customer string) error {
	_, err := s.coupons.Update(ctx, stator.Key(code), stator.Set("redeemer", customer),
		stator.If("expires > ? AND attribute_not_exists(redeemer)", s.now().Unix()))
	var c Coupon
	switch {
	case !errors.Is(err, stator.ErrConditionFailed):
		return err
	case !stator.FailedItem(err, &c):
		return ErrUnknown
	case c.Redeemer != "":
		return ErrRedeemed
	}
	return ErrExpired
}

func main() {
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	shop, err := NewShop(ctx, db, time.Now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("issued:", shop.Issue(ctx, "SPRING", time.Hour))
	fmt.Println("Ann:", shop.Redeem(ctx, "SPRING", "Ann"))
	fmt.Println("Bob:", shop.Redeem(ctx, "SPRING", "Bob"))
}
