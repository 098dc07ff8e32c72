package engine

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// A NextToken is, in base64: version, hash of the statement and its parameters,
// the number of the request, the start key as a stored item (of no attributes when
// there is none), and a checksum. It holds as long as the format of stored items does.
const (
	statementTokenVersion = 1
	statementHashSize     = 16
)

func errStatementToken() error { return api.Validation("Invalid NextToken") }

// sealStatementToken returns the token that asks for the page at a position.
func sealStatementToken(in *api.ExecuteStatementInput, at statementPosition) (*string, error) {
	hash, err := hashStatement(in)
	if err != nil {
		return nil, err
	}
	b := append([]byte{statementTokenVersion}, hash[:]...)
	b = binary.AppendUvarint(b, uint64(at.request))
	if b, err = itemcodec.AppendItem(b, at.start); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return new(base64.StdEncoding.EncodeToString(b)), nil
}

// openStatementToken returns the position that the request's token stands for,
// the beginning when it has none.
func openStatementToken(in *api.ExecuteStatementInput) (at statementPosition, err error) {
	if in.NextToken == nil {
		return at, nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(*in.NextToken)
	if err != nil || len(b) < 1+statementHashSize+4 || b[0] != statementTokenVersion {
		return at, errStatementToken()
	}
	b, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(b) != sum {
		return at, errStatementToken()
	}
	hash, err := hashStatement(in)
	if err != nil {
		return at, err
	}
	if string(b[1:1+statementHashSize]) != string(hash[:]) {
		return at, api.Validation("NextToken does not match request")
	}
	request, n := binary.Uvarint(b[1+statementHashSize:])
	if n <= 0 || request > 1<<16 {
		return at, errStatementToken()
	}
	start, err := itemcodec.DecodeItem(itemcodec.Item(b[1+statementHashSize+n:]))
	if err != nil {
		return at, errStatementToken()
	}
	at.request = int(request)
	if len(start) > 0 {
		at.start = start
	}
	return at, nil
}

// hashStatement returns a hash of the statement and its parameters.
func hashStatement(in *api.ExecuteStatementInput) (hash [statementHashSize]byte, err error) {
	b := append([]byte(*in.Statement), 0)
	if b, err = itemcodec.AppendItem(b, attr.Item{"p": attr.L(in.Parameters...)}); err != nil {
		return hash, err
	}
	sum := sha256.Sum256(b)
	copy(hash[:], sum[:])
	return hash, nil
}
