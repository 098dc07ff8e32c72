package sigv4

// Fault is what is wrong with a signature, as AWS says it. AWS answers each
// with status 400.
type Fault struct {
	Code    string // one of the codes below
	Message string
}

// The codes of Faults.
const (
	// MissingAuthenticationToken: the request is not signed, or in another way than this one.
	MissingAuthenticationToken = "MissingAuthenticationTokenException"

	// IncompleteSignature: the signature lacks a part, or a part is malformed.
	IncompleteSignature = "IncompleteSignatureException"

	// InvalidSignature: the signature is whole and wrong.
	InvalidSignature = "InvalidSignatureException"
)

// Error returns "Code: Message".
func (f *Fault) Error() string { return f.Code + ": " + f.Message }

func incomplete(message string) *Fault { return &Fault{Code: IncompleteSignature, Message: message} }

func invalid(message string) *Fault { return &Fault{Code: InvalidSignature, Message: message} }
