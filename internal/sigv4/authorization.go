package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Algorithm is the one that Parse takes.
const Algorithm = "AWS4-HMAC-SHA256"

// basicTime is the layout of X-Amz-Date, ISO 8601's basic format.
const basicTime = "20060102T150405Z"

// Authorization is the signature of a request, parsed and not yet verified.
// Its strings are parts of the request's.
type Authorization struct {
	Credential Credential

	// SignedHeaders are the names of the headers that are signed, as they
	// were sent: in lower case, in order, separated by ";".
	SignedHeaders string

	// Signature is in hexadecimal digits.
	Signature string

	// Time is when the request was signed, as it says.
	Time time.Time

	// SecurityToken is the session's token, "" when the credentials are not temporary.
	SecurityToken string

	// Presigned tells that all this stands in the URL's query, and Expires
	// how long it is good for; 0 when it does not say.
	Presigned bool
	Expires   time.Duration
}

// Credential says whose secret signed, and what the signature is good for.
type Credential struct {
	AccessKeyID string
	Date        string // year, month and day: 20260131
	Region      string
	Service     string
	Terminator  string // "aws4_request"
}

// Parser is Parse for one request after the other. Most have the
// Authorization of the one before but for its Signature, for a second: that is
// all that it reads anew then. A Parser is for one goroutine; the zero Parser is ready.
type Parser struct {
	before string // the Signature in the header that last is of
	date   string
	last   Authorization
}

// maxRemembered is the longest header that a Parser remembers: one of an SDK has a quarter of that.
const maxRemembered = 1 << 10

// Parse is the function Parse.
func (p *Parser) Parse(r *http.Request) (Authorization, error) {
	const name = "Signature="
	header, date := strings.TrimSpace(value(r.Header, "Authorization")), value(r.Header, "X-Amz-Date")
	before, signature := header, ""
	if i := strings.LastIndexByte(header, '=') + 1; strings.HasSuffix(header[:i], " "+name) || strings.HasSuffix(header[:i], ","+name) {
		before, signature = header[:i], header[i:]
	}
	plain := signature != "" && !strings.ContainsAny(signature, ", ") && date != "" && (r.URL == nil || r.URL.RawQuery == "")
	if plain && before == p.before && date == p.date {
		a := p.last
		a.Signature, a.SecurityToken = signature, value(r.Header, "X-Amz-Security-Token")
		return a, nil
	}
	a, err := Parse(r)
	if err == nil && plain && len(header) <= maxRemembered {
		*p = Parser{before: before, date: date, last: a}
		p.last.SecurityToken = ""
	}
	return a, err
}

// Parse reads the signature of a request. It fails with a *Fault when there is
// none or it is malformed. That it parses says nothing about who sent it.
func Parse(r *http.Request) (Authorization, error) {
	header := value(r.Header, "Authorization")
	if r.URL != nil && strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm") {
		if query := r.URL.Query(); query.Has("X-Amz-Algorithm") {
			if header != "" {
				return Authorization{}, invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
			}
			return parseQuery(query)
		}
	}
	header = strings.TrimSpace(header)
	if !strings.HasPrefix(header, "AWS4-") {
		return Authorization{}, &Fault{Code: MissingAuthenticationToken, Message: "Request is missing Authentication Token"}
	}
	return parseHeader(header, r.Header)
}

// value returns the value of a header, whose name must be in the canonical form.
func value(all http.Header, name string) string {
	if v := all[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func parseHeader(header string, all http.Header) (Authorization, error) {
	a := Authorization{SecurityToken: value(all, "X-Amz-Security-Token")}
	algorithm, rest, _ := strings.Cut(header, " ")
	var credential string
	for rest != "" {
		var part string
		part, rest = cutPart(rest)
		key, value, ok := strings.Cut(part, "=")
		switch {
		case part == "":
		case !ok:
			return Authorization{}, incomplete("'" + part + "' not a valid key=value pair (missing equal-sign) in Authorization header: '" + header + "'.")
		case key == "Credential":
			credential = value
		case key == "SignedHeaders":
			a.SignedHeaders = value
		case key == "Signature":
			a.Signature = value
		}
	}
	date := value(all, "X-Amz-Date")
	missing := ""
	lacks := func(what, text string) {
		if what == "" {
			missing += text
		}
	}
	lacks(credential, "Authorization header requires 'Credential' parameter. ")
	lacks(a.Signature, "Authorization header requires 'Signature' parameter. ")
	lacks(a.SignedHeaders, "Authorization header requires 'SignedHeaders' parameter. ")
	if date == "" && value(all, "Date") == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if missing != "" {
		return Authorization{}, incomplete(missing + "Authorization=" + header)
	}
	if date == "" {
		date = value(all, "Date")
		a.Time, _ = http.ParseTime(date)
	}
	return a.finish(algorithm, credential, date)
}

// cutPart returns what stands before the first comma or blank, and what stands after it.
func cutPart(s string) (part, rest string) {
	part, rest, _ = strings.Cut(s, ",")
	if i := strings.IndexByte(part, ' '); i >= 0 {
		return part[:i], s[i+1:]
	}
	return part, rest
}

func parseQuery(query url.Values) (Authorization, error) {
	missing := ""
	for _, name := range [...]string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			missing += "AWS query-string parameters must include '" + name + "'. "
		}
	}
	if missing != "" {
		return Authorization{}, incomplete(missing + "Re-examine the query-string parameters.")
	}
	a := Authorization{
		SignedHeaders: query.Get("X-Amz-SignedHeaders"),
		Signature:     query.Get("X-Amz-Signature"),
		SecurityToken: query.Get("X-Amz-Security-Token"),
		Presigned:     true,
	}
	if s := query.Get("X-Amz-Expires"); s != "" {
		const week = 7 * 24 * 60 * 60
		seconds, err := strconv.Atoi(s)
		if err != nil || seconds < 1 || seconds > week {
			return Authorization{}, incomplete("X-Amz-Expires must be between 1 and 604800 seconds; got '" + s + "'")
		}
		a.Expires = time.Duration(seconds) * time.Second
	}
	return a.finish(query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"))
}

// finish judges what the header and the query have in common.
func (a Authorization) finish(algorithm, credential, date string) (Authorization, error) {
	if a.Time.IsZero() {
		at, err := time.Parse(basicTime, date)
		if err != nil {
			return Authorization{}, incomplete("Date must be in ISO-8601 'basic format'. Got '" + date + "'. See http://en.wikipedia.org/wiki/ISO_8601")
		}
		a.Time = at
	}
	a.Time = a.Time.UTC()
	if !a.signs("host") {
		return Authorization{}, invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if algorithm != Algorithm {
		return Authorization{}, incomplete("Unsupported AWS 'algorithm': '" + algorithm + "' (only " + Algorithm + " for now). ")
	}
	c, ok := parseCredential(credential)
	if !ok {
		return Authorization{}, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + credential + "'")
	}
	a.Credential = c
	return a, nil
}

// signs reports whether the header called name, in lower case, is signed.
func (a Authorization) signs(name string) bool {
	h, rest, more := strings.Cut(a.SignedHeaders, ";")
	for more && !strings.EqualFold(h, name) {
		h, rest, more = strings.Cut(rest, ";")
	}
	return strings.EqualFold(h, name)
}

// parseCredential splits a credential into its five elements; slashes at its end do not count.
func parseCredential(s string) (c Credential, ok bool) {
	rest := strings.TrimRight(s, "/")
	for _, part := range [...]*string{&c.AccessKeyID, &c.Date, &c.Region, &c.Service} {
		if *part, rest, ok = strings.Cut(rest, "/"); !ok {
			return Credential{}, false
		}
	}
	c.Terminator = rest
	return c, !strings.Contains(rest, "/")
}
