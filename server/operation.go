package server

import (
	"slices"

	"github.com/statordb/stator/api"
)

// isOperation reports whether AWS has an operation, whether or not we do.
func isOperation(service, name string) bool {
	switch service {
	case api.DynamoDB:
		_, ok := slices.BinarySearch(operations[:], name)
		return ok
	case api.DynamoDBStreams:
		_, ok := slices.BinarySearch(streamOperations[:], name)
		return ok
	}
	return false
}

// operations are all operations of DynamoDB_20120810 (November 2026). Those
// that api's Registry does not have are answered UnknownOperationException,
// with a message, which SDKs show and do not try again.
var operations = [...]string{
	"BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "CancelBulkOperation", "CreateBackup",
	"CreateGlobalTable", "CreateTable", "DeleteBackup", "DeleteItem", "DeleteResourcePolicy",
	"DeleteTable", "DescribeBackup", "DescribeBulkOperation", "DescribeContinuousBackups",
	"DescribeContributorInsights", "DescribeEndpoints", "DescribeExport", "DescribeGlobalTable",
	"DescribeGlobalTableSettings", "DescribeImport", "DescribeKinesisStreamingDestination",
	"DescribeLimits", "DescribeTable", "DescribeTableReplicaAutoScaling", "DescribeTimeToLive",
	"DisableKinesisStreamingDestination", "EnableKinesisStreamingDestination", "ExecuteStatement",
	"ExecuteTransaction", "ExportTableToPointInTime", "GetItem", "GetResourcePolicy", "ImportTable",
	"ListBackups", "ListBulkOperations", "ListContributorInsights", "ListExports", "ListGlobalTables",
	"ListImports", "ListTables", "ListTagsOfResource", "PutItem", "PutResourcePolicy", "Query",
	"RestoreTableFromBackup", "RestoreTableToPointInTime", "Scan", "SearchVectors", "StartBulkPutItems",
	"TagResource", "TransactGetItems", "TransactWriteItems", "UntagResource", "UpdateContinuousBackups",
	"UpdateContributorInsights", "UpdateGlobalTable", "UpdateGlobalTableSettings", "UpdateItem",
	"UpdateKinesisStreamingDestination", "UpdateTable", "UpdateTableReplicaAutoScaling", "UpdateTimeToLive",
}

// streamOperations are all operations of DynamoDBStreams_20120810.
var streamOperations = [...]string{"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
