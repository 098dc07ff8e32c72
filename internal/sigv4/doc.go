// Package sigv4 reads and verifies the signatures of AWS requests, version 4:
// those in an Authorization header and those in the query of a URL. What is
// wrong with one is told with AWS's code and text, in AWS's order.
//
// It knows no credentials. Parse finds out whose secret a signature claims to
// be made with; Scope, Fresh and Verify then say whether that is true, for the
// one who knows the secret.
//
// Source: "Signature Version 4 for API requests", AWS IAM User Guide.
package sigv4
