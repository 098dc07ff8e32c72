package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

const (
	serialization = `{"__type":"com.amazon.coral.service#SerializationException"}`
	unknown       = `{"__type":"com.amazon.coral.service#UnknownOperationException"}`
	unsigned      = `{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`
	notFound      = "<UnknownOperationException/>\n"
	empty         = `{"TableNames":[]}`
)

// TestEnvelope is the outside of the protocol, and the order in which AWS
// judges it: each case of an order has two faults.
func TestEnvelope(t *testing.T) {
	const amazon, plain = "application/x-amz-json-1.0", "application/json"
	for name, c := range map[string]struct {
		call        call
		status      int
		contentType string // of the answer
		body        string
	}{
		"an operation":               {call{body: "{}"}, 200, amazon, empty},
		"json is echoed":             {call{body: "{}", contentType: plain}, 200, plain, empty},
		"parameters of the type":     {call{body: "{}", contentType: "Application/X-AMZ-JSON-1.0 ; charset=utf-8"}, 200, amazon, empty},
		"json 1.1":                   {call{body: "{}", contentType: "application/x-amz-json-1.1"}, 404, "", notFound},
		"text":                       {call{body: "{}", contentType: "text/plain"}, 404, "", notFound},
		"form":                       {call{body: "a=b", contentType: "application/x-www-form-urlencoded"}, 404, "", notFound},
		"no type":                    {call{body: "{}", headers: []string{"Content-Type:"}}, 404, "", notFound},
		"no type and no body":        {call{headers: []string{"Content-Type:"}}, 400, plain, serialization},
		"any path":                   {call{body: "{}", url: "/some/path?a=b"}, 200, amazon, empty},
		"put":                        {call{body: "{}", method: "PUT"}, 404, "", notFound},
		"delete":                     {call{method: "DELETE"}, 404, "", notFound},
		"options without an origin":  {call{method: "OPTIONS"}, 404, "", notFound},
		"get elsewhere":              {call{method: "GET", url: "/favicon.ico"}, 404, "", notFound},
		"health":                     {call{method: "GET", headers: []string{"Authorization:"}}, 200, "", "healthy: localhost:8000 "},
		"health by name":             {call{method: "GET", url: "/ping", host: "127.0.0.1"}, 200, "", "healthy: 127.0.0.1 "},
		"no json":                    {call{body: "{"}, 400, amazon, serialization},
		"no json at all":             {call{body: "GetItem", contentType: plain}, 400, plain, serialization},
		"no body":                    {call{}, 400, amazon, serialization},
		"not an object":              {call{body: "[]"}, 400, amazon, serialization},
		"a wrong type":               {call{body: `{"Limit":"x"}`}, 400, amazon, `{"__type":"com.amazon.coral.service#SerializationException","Message":"STRING_VALUE cannot be converted to Integer"}`},
		"no target":                  {call{body: "{}", target: "-"}, 400, amazon, unknown},
		"an operation nobody has":    {call{body: "{}", target: "DropTable"}, 400, amazon, unknown},
		"an empty operation":         {call{body: "{}", target: "DynamoDB_20120810."}, 400, amazon, unknown},
		"another service":            {call{body: "{}", target: "DynamoDB_20111205.ListTables"}, 400, amazon, unknown},
		"the other service":          {call{body: "{}", target: "DynamoDBStreams_20120810.ListTables"}, 400, amazon, unknown},
		"the wrong case":             {call{body: "{}", target: "DynamoDB_20120810.listTables"}, 400, amazon, unknown},
		"three parts":                {call{body: "{}", target: "DynamoDB_20120810.ListTables.x"}, 400, amazon, unknown},
		"a native operation":         {call{body: "{}", target: ".ImportItems"}, 400, amazon, unknown},
		"a native operation by name": {call{body: "{}", target: "ImportItems"}, 400, amazon, unknown},
		"not there yet": {call{body: "{}", target: "CreateBackup"}, 400, amazon,
			`{"__type":"com.amazon.coral.service#UnknownOperationException","Message":"CreateBackup is not supported by this server"}`},
		"not signed": {call{body: "{}", headers: []string{"Authorization:"}}, 400, amazon, unsigned},
		"bearer":     {call{body: "{}", headers: []string{"Authorization: Bearer x"}}, 400, amazon, unsigned},
		"a signature without its parts": {call{body: "{}", headers: []string{"Authorization: AWS4-", "X-Amz-Date:"}}, 400, amazon,
			`{"__type":"com.amazon.coral.service#IncompleteSignatureException","message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. ` +
				`Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-"}`},
		"two signatures": {call{body: "{}", url: "/?X-Amz-Algorithm=x"}, 400, amazon,
			`{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}`},
		"presigned": {call{body: "{}", headers: []string{"Authorization:", "X-Amz-Date:"},
			url: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=any%2F20261122%2Flocal%2Fdynamodb%2Faws4_request&X-Amz-Date=" + date + "&X-Amz-SignedHeaders=host&X-Amz-Signature=00"}, 200, amazon, empty},

		"order: type before json":        {call{body: "{", contentType: "text/plain"}, 404, "", notFound},
		"order: json before target":      {call{body: "{", target: "DropTable"}, 400, amazon, serialization},
		"order: json before signature":   {call{body: "{", headers: []string{"Authorization:"}}, 400, amazon, serialization},
		"order: target before signature": {call{body: "{}", target: "DropTable", headers: []string{"Authorization:"}}, 400, amazon, unknown},
		"order: target before no body":   {call{target: "DropTable"}, 400, amazon, unknown},
		"order: signature before types":  {call{body: `{"Limit":"x"}`, headers: []string{"Authorization:"}}, 400, amazon, unsigned},
		"order: types before validation": {call{body: `{"Limit":"x","ExclusiveStartTableName":""}`}, 400, amazon, `{"__type":"com.amazon.coral.service#SerializationException","Message":"STRING_VALUE cannot be converted to Integer"}`},

		"validation": {call{body: `{"Limit":101}`}, 400, amazon,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"}`},
		"a fault of the service": {call{body: `{"TableName":"none","Key":{"a":{"S":"b"}}}`, target: "GetItem"}, 400, amazon,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`},
		"endpoints": {call{body: "{}", target: "DescribeEndpoints", host: "127.0.0.1:8000"}, 200, amazon,
			`{"Endpoints":[{"Address":"127.0.0.1:8000","CachePeriodInMinutes":1440}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := do(t, server.New(noTables, quiet(server.Options{})), c.call)
			require.Equal(t, c.status, res.StatusCode)
			require.Equal(t, c.body, body)
			require.Equal(t, c.contentType, res.Header.Get("Content-Type"))
			if c.status == 404 {
				require.Equal(t, "3552371480", res.Header.Get("X-Amz-Crc32")) // as recorded from AWS
			}
		})
	}
}

// TestOperations asks for every operation of AWS: those in the Registry are
// decoded, and all others get the error that SDKs show and do not try again.
func TestOperations(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{}))
	missing := 0
	for service, names := range map[string]string{api.DynamoDB: dynamoDB, api.DynamoDBStreams: dynamoDBStreams} {
		for _, name := range strings.Fields(names) {
			op, ok := api.Lookup(name)
			res, body := do(t, h, call{target: service + "." + name, body: "{}"})
			if ok && op.API == service {
				require.NotContains(t, body, "UnknownOperation", name)
				continue
			}
			missing++
			require.Equal(t, 400, res.StatusCode)
			require.Equal(t, `{"__type":"com.amazon.coral.service#UnknownOperationException","Message":"`+name+` is not supported by this server"}`, body)
		}
	}
	require.Len(t, strings.Fields(dynamoDB+dynamoDBStreams), 62+4)
	known := 0
	for _, op := range api.Registry() {
		if !op.Native {
			known++
			require.Contains(t, strings.Fields(dynamoDB+dynamoDBStreams), op.Name)
		}
	}
	require.Equal(t, 62+4, known+missing)
}

// All operations of aws-sdk-go-v2's service/dynamodb v1.73.1 and service/dynamodbstreams v1.46.6.
const (
	dynamoDB = ` BatchExecuteStatement BatchGetItem BatchWriteItem CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup
		DeleteItem DeleteResourcePolicy DeleteTable DescribeBackup DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights
		DescribeEndpoints DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination
		DescribeLimits DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination
		EnableKinesisStreamingDestination ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetItem GetResourcePolicy ImportTable
		ListBackups ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports ListTables ListTagsOfResource PutItem
		PutResourcePolicy Query RestoreTableFromBackup RestoreTableToPointInTime Scan SearchVectors StartBulkPutItems TagResource
		TransactGetItems TransactWriteItems UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable
		UpdateGlobalTableSettings UpdateItem UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive `
	dynamoDBStreams = ` DescribeStream GetRecords GetShardIterator ListStreams `
)

func TestAllowUnsigned(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{AllowUnsigned: true}))
	_, body := do(t, h, call{body: "{}", headers: []string{"Authorization:", "X-Amz-Date:"}})
	require.Equal(t, empty, body)
	_, body = do(t, h, call{body: "{}", headers: []string{"Authorization: Bearer x"}})
	require.Equal(t, unsigned, body)
	_, body = do(t, h, call{body: "{}", headers: []string{"Authorization: AWS4-HMAC-SHA256 x"}})
	require.Contains(t, body, "IncompleteSignatureException")
}

// TestFailures: what a Client does wrong is a 500 that tells strangers nothing, and is in the log.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		client clientFunc
		status int
		secret string // in the log, not in the answer
	}{
		"an error of its own": {func(context.Context, api.Request) (api.Response, error) {
			return nil, errors.New("open /home/ada/secret.db: no")
		}, 500, "secret.db"},
		"a panic":         {func(context.Context, api.Request) (api.Response, error) { panic("at the secret.db") }, 500, "secret.db"},
		"a runtime panic": {func(_ context.Context, in api.Request) (api.Response, error) { return in.(api.Response), nil }, 500, "ListTablesInput"},
		"nothing":         {func(context.Context, api.Request) (api.Response, error) { return nil, nil }, 500, "answered with nothing"},
		"a cause": {func(context.Context, api.Request) (api.Response, error) {
			return nil, &api.Error{Code: api.CodeInternalServerError, Message: "The store is full; nothing was written", Cause: errors.New("secret.db")}
		}, 500, "secret.db"},
		"a wrapped error": {func(context.Context, api.Request) (api.Response, error) {
			return nil, errors.Join(errors.New("secret.db"), &api.Error{Code: api.CodeResourceInUse, Message: "m"})
		}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			logger, log := logged(slog.LevelInfo)
			res, body := do(t, server.New(c.client, &server.Options{Logger: logger}), call{body: "{}"})
			require.Equal(t, c.status, res.StatusCode)
			require.NotContains(t, body, "secret")
			if name == "an error of its own" || name == "a panic" {
				require.Contains(t, body, "Internal")
				require.Contains(t, body, "Internal server error")
			}
			if c.status == 500 {
				require.Contains(t, body, "#InternalServerError")
				require.Contains(t, log(), c.secret)
				require.Contains(t, log(), "level=ERROR")
				require.Contains(t, log(), "request_id="+res.Header.Get("X-Amzn-Requestid"))
				require.Contains(t, log(), "operation=ListTables")
			}
		})
	}
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		abort := clientFunc(func(context.Context, api.Request) (api.Response, error) { panic(http.ErrAbortHandler) })
		server.New(abort, quiet(server.Options{})).ServeHTTP(httptest.NewRecorder(), call{body: "{}"}.request())
	})
}

func TestRequestIDs(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{}))
	seen := map[string]bool{}
	for range 1000 {
		res, _ := do(t, h, call{body: "{}"})
		seen[res.Header.Get("X-Amzn-Requestid")] = true
	}
	require.Len(t, seen, 1000)
	h = server.New(noTables, quiet(server.Options{RequestID: func() string { return strings.Repeat("A", 52) }}))
	res, _ := do(t, h, call{body: "{}"})
	require.Equal(t, strings.Repeat("A", 52), res.Header.Get("X-Amzn-Requestid"))
}

func TestLog(t *testing.T) {
	logger, log := logged(slog.LevelDebug)
	h := server.New(noTables, &server.Options{Logger: logger, RequestID: func() string { return strings.Repeat("B", 52) }})
	do(t, h, call{target: "GetItem", body: `{"TableName":"users","Key":{"a":{"S":"b"}}}`})
	require.Regexp(t, `level=DEBUG msg=request request_id=B{52} operation=GetItem table=users status=400 duration=\S+ code=ResourceNotFoundException error="ResourceNotFoundException: Requested resource not found"`, log())
	do(t, h, call{body: "{}"})
	require.Regexp(t, `level=DEBUG msg=request request_id=B{52} operation=ListTables status=200 duration=`, log())
	do(t, h, call{body: "{}", headers: []string{"Authorization:"}})
	require.Regexp(t, `level=INFO msg=request request_id=B{52} operation=ListTables status=400 duration=\S+ code=MissingAuthenticationTokenException`, log())
	do(t, h, call{method: "GET", url: "/x"})
	require.Regexp(t, `level=INFO msg=request request_id=B{52} method=GET path=/x target=DynamoDB_20120810.ListTables status=404`, log())
}
