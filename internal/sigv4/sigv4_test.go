package sigv4_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/sigv4"
)

const (
	exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteScope    = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
)

// suite are the vectors of AWS's "Signature Version 4 test suite".
var suite = []struct {
	name, method, url string
	headers           string // "name: value" lines
	body              string
	authorization     string // after the scope
}{
	{"get-vanilla", "GET", "/", "", "", "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-header-key-duplicate", "GET", "/", "My-Header1: value2\nMy-Header1: value2\nMy-Header1: value1", "",
		"SignedHeaders=host;my-header1;x-amz-date, Signature=c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{"get-header-value-order", "GET", "/", "My-Header1: value4\nMy-Header1: value1\nMy-Header1: value3\nMy-Header1: value2", "",
		"SignedHeaders=host;my-header1;x-amz-date, Signature=08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"get-header-value-trim", "GET", "/", "My-Header1:  value1\nMy-Header2: \"a   b   c\" ", "",
		"SignedHeaders=host;my-header1;my-header2;x-amz-date, Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "",
		"SignedHeaders=host;x-amz-date, Signature=07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get-relative", "GET", "/example/..", "", "", "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-slashes", "GET", "//", "", "", "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-vanilla-empty-query-key", "GET", "/?Param1=value1", "", "", "SignedHeaders=host;x-amz-date, Signature=a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "", "", "SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"get-vanilla-query-unreserved", "GET", "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "",
		"SignedHeaders=host;x-amz-date, Signature=9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{"get-vanilla-utf8-query", "GET", "/?%E1%88%B4=bar", "", "", "SignedHeaders=host;x-amz-date, Signature=2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"post-vanilla", "POST", "/", "", "", "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-header-key-sort", "POST", "/", "My-Header1: value1", "", "SignedHeaders=host;my-header1;x-amz-date, Signature=c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{"post-header-value-case", "POST", "/", "My-Header1: VALUE1", "", "SignedHeaders=host;my-header1;x-amz-date, Signature=cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{"post-sts-header-before", "POST", "/", "X-Amz-Security-Token: AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==", "",
		"SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{"post-vanilla-query-nonunreserved", "POST", "/?@%23$%25%5E=&%2B=/,%3F%3E%3C%60%22;:%5C%7C][%7B%7D", "", "",
		"SignedHeaders=host;x-amz-date, Signature=66c82657c86e26fb25238d0e69f011edc4c6df5ae71119d7cb98ed9b87393c1e"},
	{"post-vanilla-query-space", "POST", "/?p=", "", "", "SignedHeaders=host;x-amz-date, Signature=e71688addb58a26418614085fb730ba3faa623b461c17f48f2fbdb9361b94a9b"},
	{"post-x-www-form-urlencoded", "POST", "/", "Content-Type: application/x-www-form-urlencoded", "Param1=value1",
		"SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{"post-x-www-form-urlencoded-parameters", "POST", "/", "Content-Type: application/x-www-form-urlencoded; charset=utf8", "Param1=value1",
		"SignedHeaders=content-type;host;x-amz-date, Signature=1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
}

// request makes a request as a server gets it.
func request(method, url, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	for _, h := range headers {
		if name, value, ok := strings.Cut(h, ":"); ok {
			r.Header.Add(name, strings.Trim(value, " "))
		}
	}
	return r
}

func TestSuite(t *testing.T) {
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.method, c.url, c.body, strings.Split(c.headers, "\n")...)
			r.Host = "example.amazonaws.com"
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			r.Header.Set("Authorization", suiteScope+c.authorization)
			a, err := sigv4.Parse(r)
			require.NoError(t, err)
			require.Equal(t, sigv4.Credential{AccessKeyID: "AKIDEXAMPLE", Date: "20150830", Region: "us-east-1", Service: "service", Terminator: "aws4_request"}, a.Credential)
			payload := sha256.Sum256([]byte(c.body))
			require.NoError(t, a.Verify(r, payload, exampleSecret))
			require.NoError(t, a.Scope("us-east-1", "service"))
			require.NoError(t, a.Fresh(time.Date(2015, 8, 30, 12, 50, 59, 0, time.UTC)))

			require.ErrorContains(t, a.Verify(r, payload, exampleSecret+"x"), "InvalidSignatureException: The request signature we calculated does not match")
			require.Error(t, a.Verify(r, sha256.Sum256([]byte("other")), exampleSecret))
			r.Header.Set("X-Amz-Date", "20150830T123601Z")
			b, err := sigv4.Parse(r)
			require.NoError(t, err)
			require.Error(t, b.Verify(r, payload, exampleSecret))
		})
	}
}

// TestSDK verifies what aws-sdk-go-v2's signer made of a GetItem.
func TestSDK(t *testing.T) {
	const body = `{"TableName":"users","Key":{"id":{"S":"é"}}}`
	const header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/dynamodb/aws4_request, " +
		"SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
	const query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Feu-central-1%2Fdynamodb%2Faws4_request&X-Amz-Date=20261122T131415Z" +
		"&X-Amz-Security-Token=token%2Fwith%2Bsigns%3D%3D&X-Amz-SignedHeaders=content-length%3Bhost"
	for name, c := range map[string]struct{ url, signature string }{
		"header":           {"http://127.0.0.1:8000/", "471a151e9dd29523707da12d0be1ea562c7267a0f9101c6b7043415d3a299076"},
		"header and path":  {"http://localhost:8000/a%20b/c?x=%20y&a=b&a=a", "2d388017332a36648c78fd6b2154d2c9e817dfa2ffa9cd967e9ea62102038533"},
		"header at AWS":    {"https://dynamodb.eu-central-1.amazonaws.com", "6d05ac1ae3fcda5daa4023ecdb3c682a0d7ecc8a1670e49edb2a9c948c37c98e"},
		"presigned":        {"http://127.0.0.1:8000/?" + query + "&X-Amz-Signature=80092a1e0f47d99f17e0a0e7215d8e6bfbd6a5da82f95773a7c8baffbf9be442", ""},
		"presigned a path": {"http://localhost:8000/a%20b/c?" + query + "&a=a&a=b&x=%20y&X-Amz-Signature=af1ccd07fbc1ddab0643b8128cba40795c4b202392e0beac112442fb3d0f9a91", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("POST", c.url, body)
			if c.signature != "" {
				r = request("POST", c.url, body, "X-Amz-Target: DynamoDB_20120810.GetItem", "Content-Type: application/x-amz-json-1.0",
					"X-Amz-Security-Token: token/with+signs==", "X-Amz-Date: 20261122T131415Z", "Authorization: "+header+c.signature)
			}
			a, err := sigv4.Parse(r)
			require.NoError(t, err)
			require.Equal(t, c.signature == "", a.Presigned)
			require.Equal(t, "token/with+signs==", a.SecurityToken)
			require.NoError(t, a.Scope("", "dynamodb"))
			require.NoError(t, a.Scope("eu-central-1", "dynamodb"))
			require.NoError(t, a.Verify(r, sha256.Sum256([]byte(body)), exampleSecret))
			require.Error(t, a.Verify(r, sha256.Sum256([]byte(body+" ")), exampleSecret))
		})
	}
}

func TestMismatchTellsWhatWasExpected(t *testing.T) {
	r := request("POST", "http://dynamodb.ap-southeast-2.amazonaws.com/", "", "X-Amz-Date: 20130609T100759Z",
		"Authorization: AWS4-HMAC-SHA256 Credential=a/20130609/ap-southeast-2/dynamodb/aws4_request, SignedHeaders=host, Signature=b")
	a, err := sigv4.Parse(r)
	require.NoError(t, err)
	err = a.Verify(r, sha256.Sum256(nil), "secret")
	// The hash of the canonical string is the one that the service itself was seen to answer.
	require.EqualError(t, err, "InvalidSignatureException: The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n"+
		"The Canonical String for this request should have been\n'POST\n/\n\nhost:dynamodb.ap-southeast-2.amazonaws.com\n\nhost\n"+
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n"+
		"The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20130609T100759Z\n20130609/ap-southeast-2/dynamodb/aws4_request\n"+
		"7b8b82a032afd6014771e3375813fc995dd167b7b3a133a0b86e5925cb000ec5'\n")
}

const whole = "Credential=k/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

func TestFaults(t *testing.T) {
	const missing = "MissingAuthenticationTokenException: Request is missing Authentication Token"
	const date = "X-Amz-Date: 20261122T131415Z"
	for name, c := range map[string]struct {
		url     string
		headers []string
		want    string // "" is none
	}{
		"whole":            {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 " + whole}, ""},
		"no blanks":        {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 " + strings.ReplaceAll(whole, " ", "")}, ""},
		"date header":      {"/", []string{"Date: Sun, 22 Nov 2026 13:14:15 GMT", "Authorization: AWS4-HMAC-SHA256 " + whole}, ""},
		"basic date":       {"/", []string{"Date: 20261122T131415Z", "Authorization: AWS4-HMAC-SHA256 " + whole}, ""},
		"trailing slashes": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 " + strings.Replace(whole, "aws4_request", "aws4_request//", 1)}, ""},
		"none":             {"/", nil, missing},
		"bearer":           {"/", []string{date, "Authorization: Bearer abc"}, missing},
		"version 2":        {"/", []string{date, "Authorization: AWS AKID:sig"}, missing},
		"both": {"/?X-Amz-Algorithm=a", []string{"Authorization: AWS4-"},
			"InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
		"nothing in it": {"/", []string{"Authorization: AWS4-"},
			"IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-"},
		"no credential": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0"},
			"IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0"},
		"no equal sign": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders"},
			"IncompleteSignatureException: 'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'."},
		"a blank before the key": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 Credential= " + strings.TrimPrefix(whole, "Credential=")},
			"IncompleteSignatureException: 'k/20261122/local/dynamodb/aws4_request' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential= k/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00'."},
		"date": {"/", []string{"X-Amz-Date: 201", "Authorization: AWS4-HMAC-SHA256 " + whole},
			"IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"},
		"host not signed": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 " + strings.Replace(whole, "host;", "", 1)},
			"InvalidSignatureException: 'Host' must be a 'SignedHeader' in the AWS Authorization."},
		"algorithm": {"/", []string{date, "Authorization: AWS4-HMAC-SHA25 " + whole},
			"IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). "},
		"four elements": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=Host, Signature=0"},
			"IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'"},
		"six elements": {"/", []string{date, "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=0"},
			"IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d/e/f'"},
		"empty query": {"/?X-Amz-Algorithm=", nil,
			"IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. " +
				"AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. " +
				"AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		"expires": {"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k&X-Amz-Signature=0&X-Amz-SignedHeaders=host&X-Amz-Date=x&X-Amz-Expires=1e9", nil,
			"IncompleteSignatureException: X-Amz-Expires must be between 1 and 604800 seconds; got '1e9'"},
		"another parameter": {"/?not-X-Amz-Algorithm=1", nil, missing},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sigv4.Parse(request("POST", c.url, "{}", c.headers...))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
			require.IsType(t, &sigv4.Fault{}, err)
		})
	}
}

func TestScopeAndTime(t *testing.T) {
	parse := func(credential string) sigv4.Authorization {
		a, err := sigv4.Parse(request("POST", "/", "", "X-Amz-Date: 20130609T095204Z", "Authorization: AWS4-HMAC-SHA256 Credential="+credential+", SignedHeaders=host, Signature=0"))
		require.NoError(t, err)
		return a
	}
	require.EqualError(t, parse("a/b/c/d/e").Scope("us-east-1", "dynamodb"), "InvalidSignatureException: "+
		"Credential should be scoped to a valid region, not 'c'. "+
		"Credential should be scoped to correct service: 'dynamodb'. "+
		"Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "+
		"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20130609', from '20130609T095204Z'.")
	a := parse("a/20130609/us-east-1/dynamodb/aws4_request")
	require.NoError(t, a.Scope("us-east-1", "dynamodb"))

	at := time.Date(2013, 6, 9, 9, 52, 4, 0, time.UTC)
	require.NoError(t, a.Fresh(at.Add(15*time.Minute)))
	require.NoError(t, a.Fresh(at.Add(-15*time.Minute)))
	require.EqualError(t, a.Fresh(at.Add(15*time.Minute+time.Second)),
		"InvalidSignatureException: Signature expired: 20130609T095204Z is now earlier than 20130609T095205Z (20130609T100705Z - 15 min.)")
	require.EqualError(t, a.Fresh(at.Add(-15*time.Minute-time.Second)),
		"InvalidSignatureException: Signature not yet current: 20130609T095204Z is still later than 20130609T095203Z (20130609T093703Z + 15 min.)")
	a.Expires = 30 * time.Second
	require.ErrorContains(t, a.Fresh(at.Add(31*time.Second)), "(20130609T095235Z - 30 sec.)")
}

func TestParseAllocates(t *testing.T) {
	r := request("POST", "/", "{}", "X-Amz-Date: 20261122T131415Z", "Authorization: AWS4-HMAC-SHA256 "+whole)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := sigv4.Parse(r); err != nil {
			panic(err)
		}
	}))
}

// TestParser: a Parser says of each request what Parse says, whatever came before.
func TestParser(t *testing.T) {
	const head = "AWS4-HMAC-SHA256 Credential=a/20261122/c/d/aws4_request, SignedHeaders=host, "
	requests := []*http.Request{
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=00"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131416Z", "Authorization: "+head+"Signature=00"),
		request("POST", "/", "", "X-Amz-Date: yesterday", "Authorization: "+head+"Signature=00"),
		request("POST", "/", "", "Authorization: "+head+"Signature=00"),
		request("POST", "/", "", "Date: Sun, 22 Nov 2026 13:14:15 GMT", "Authorization: "+head+"Signature=02"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "X-Amz-Security-Token: t", "Authorization: "+head+"Signature=01"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature="),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=1,SignedHeaders=host;a"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=1 x"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=1=2"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=3, XSignature=3"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=3, XSignature=4"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=3, Signature=4"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=5\u00a0"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=\u00a0"),
		request("POST", "/", "", "X-Amz-Date: 20261122T131415Z", "Authorization: AWS4-HMAC-SHA256 Signature=00"),
		request("POST", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "X-Amz-Date: 20261122T131415Z", "Authorization: "+head+"Signature=00"),
		request("POST", "/", ""),
	}
	for _, first := range requests {
		for _, second := range requests {
			var p sigv4.Parser
			for _, r := range []*http.Request{first, second, first} {
				want, wantErr := sigv4.Parse(r)
				got, err := p.Parse(r)
				require.Equal(t, wantErr, err)
				require.Equal(t, want, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 "+whole, "20261122T131415Z", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Signature=0&X-Amz-SignedHeaders=host;;content-length&X-Amz-Date=20261122T131415Z&%zz=%&b")
	f.Add("AWS4-HMAC-SHA256 "+strings.Repeat("Credential=a/b/c/d/e,", 20000), "20261122T131415Z", "")
	f.Add("AWS4-HMAC-SHA256 Credential=a/20261122/c/d/aws4_request, SignedHeaders=host"+strings.Repeat(";x-amz-date", 20000)+", Signature=00", "20261122T131415Z", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=99999999999999999999"+strings.Repeat("&a=%20", 40000))
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		bound.Input(t, func() {
			r := request("POST", "/", "{}")
			r.URL.RawQuery = query
			r.Header["Authorization"] = []string{authorization}
			r.Header["X-Amz-Date"] = []string{date}
			a, err := sigv4.Parse(r)
			var p sigv4.Parser
			other := request("POST", "/", "{}")
			other.URL.RawQuery = query
			other.Header["Authorization"] = []string{authorization + "0"}
			other.Header["X-Amz-Date"] = []string{date}
			for _, r := range []*http.Request{r, other, r, r} {
				want, wantErr := sigv4.Parse(r)
				again, againErr := p.Parse(r)
				require.Equal(t, wantErr, againErr)
				require.Equal(t, want, again)
			}
			if err != nil {
				require.IsType(t, &sigv4.Fault{}, err)
				return
			}
			require.Error(t, a.Verify(r, sha256.Sum256([]byte("{}")), exampleSecret))
			_ = a.Scope("local", "dynamodb")
			_ = a.Fresh(time.Unix(1_800_000_000, 0))
		})
	})
}

func BenchmarkParse(b *testing.B) {
	r := request("POST", "/", "{}", "X-Amz-Date: 20261122T131415Z", "Authorization: AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, "+
		"SignedHeaders=accept-encoding;amz-sdk-invocation-id;content-length;content-type;host;x-amz-date;x-amz-target, Signature=471a151e9dd29523707da12d0be1ea562c7267a0f9101c6b7043415d3a299076")
	var p sigv4.Parser
	for name, parse := range map[string]func(*http.Request) (sigv4.Authorization, error){"new": sigv4.Parse, "as before": p.Parse} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
