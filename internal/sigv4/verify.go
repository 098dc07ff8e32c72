package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

const terminator = "aws4_request"

// Scope reports, as a *Fault, a signature that is good for another service or
// Region than these, or for another day than it was made on. An empty region
// is any.
func (a Authorization) Scope(region, service string) error {
	message := ""
	if a.Credential.Region == "" || region != "" && a.Credential.Region != region {
		message += "Credential should be scoped to a valid region, not '" + a.Credential.Region + "'. "
	}
	if a.Credential.Service != service {
		message += "Credential should be scoped to correct service: '" + service + "'. "
	}
	if a.Credential.Terminator != terminator {
		message += "Credential should be scoped with a valid terminator: '" + terminator + "', not '" + a.Credential.Terminator + "'. "
	}
	if day := a.Time.Format("20060102"); a.Credential.Date != day {
		message += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			a.Credential.Date + "' != '" + day + "', from '" + a.Time.Format(basicTime) + "'. "
	}
	if message != "" {
		return invalid(message[:len(message)-1])
	}
	return nil
}

// Skew is how far the clocks of client and server may be apart.
const Skew = 15 * time.Minute

// Fresh reports, as a *Fault, a signature that was made too long before now,
// or after it.
func (a Authorization) Fresh(now time.Time) error {
	now = now.UTC()
	lasts := Skew
	if a.Expires > 0 {
		lasts = a.Expires
	}
	at := a.Time.Format(basicTime)
	if oldest := now.Add(-lasts); a.Time.Before(oldest.Truncate(time.Second)) {
		return invalid(fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)", at, oldest.Format(basicTime), now.Format(basicTime), span(lasts)))
	}
	if latest := now.Add(Skew); a.Time.After(latest) {
		return invalid(fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)", at, latest.Format(basicTime), now.Format(basicTime), span(Skew)))
	}
	return nil
}

func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d sec", d/time.Second)
}

// Verify reports, as a *Fault, a signature that is not the one of the request
// r, whose body (as it was sent, compressed or not) hashes to payload, with
// secret. It takes the same time whatever the signature is.
//
// r is a request as a server gets it, and its Header and URL as they came.
func (a Authorization) Verify(r *http.Request, payload [sha256.Size]byte, secret string) error {
	canonical := a.canonical(r, payload)
	text := a.stringToSign(canonical)
	want := sign(a.key(secret), text)
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], want)
	if hmac.Equal(digits[:], []byte(a.Signature)) {
		return nil
	}
	return invalid("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
		"The Canonical String for this request should have been\n'" + canonical + "'\n\n" +
		"The String-to-Sign should have been\n'" + text + "'\n")
}

func (a Authorization) stringToSign(canonical string) string {
	hash := sha256.Sum256([]byte(canonical))
	c := a.Credential
	return Algorithm + "\n" + a.Time.Format(basicTime) + "\n" +
		c.Date + "/" + c.Region + "/" + c.Service + "/" + c.Terminator + "\n" + hex.EncodeToString(hash[:])
}

// key derives the key that signs in the scope of the credential.
func (a Authorization) key(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{a.Credential.Date, a.Credential.Region, a.Credential.Service, a.Credential.Terminator} {
		key = sign(key, part)
	}
	return key
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
