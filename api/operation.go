package api

// What makes the inputs Requests and the outputs Responses.

// Operation returns "CreateTable".
func (*CreateTableInput) Operation() string { return "CreateTable" }

// Operation returns "DescribeTable".
func (*DescribeTableInput) Operation() string { return "DescribeTable" }

// Operation returns "ListTables".
func (*ListTablesInput) Operation() string { return "ListTables" }

// Operation returns "UpdateTable".
func (*UpdateTableInput) Operation() string { return "UpdateTable" }

// Operation returns "DeleteTable".
func (*DeleteTableInput) Operation() string { return "DeleteTable" }

// Operation returns "PutItem".
func (*PutItemInput) Operation() string { return "PutItem" }

// Operation returns "GetItem".
func (*GetItemInput) Operation() string { return "GetItem" }

// Operation returns "UpdateItem".
func (*UpdateItemInput) Operation() string { return "UpdateItem" }

// Operation returns "DeleteItem".
func (*DeleteItemInput) Operation() string { return "DeleteItem" }

// Operation returns "Query".
func (*QueryInput) Operation() string { return "Query" }

// Operation returns "Scan".
func (*ScanInput) Operation() string { return "Scan" }

// Operation returns "BatchGetItem".
func (*BatchGetItemInput) Operation() string { return "BatchGetItem" }

// Operation returns "BatchWriteItem".
func (*BatchWriteItemInput) Operation() string { return "BatchWriteItem" }

// Operation returns "TransactGetItems".
func (*TransactGetItemsInput) Operation() string { return "TransactGetItems" }

// Operation returns "TransactWriteItems".
func (*TransactWriteItemsInput) Operation() string { return "TransactWriteItems" }

// Operation returns "TagResource".
func (*TagResourceInput) Operation() string { return "TagResource" }

// Operation returns "UntagResource".
func (*UntagResourceInput) Operation() string { return "UntagResource" }

// Operation returns "ListTagsOfResource".
func (*ListTagsOfResourceInput) Operation() string { return "ListTagsOfResource" }

// Operation returns "DescribeLimits".
func (*DescribeLimitsInput) Operation() string { return "DescribeLimits" }

// Operation returns "DescribeEndpoints".
func (*DescribeEndpointsInput) Operation() string { return "DescribeEndpoints" }

func (*CreateTableInput) request()        {}
func (*DescribeTableInput) request()      {}
func (*ListTablesInput) request()         {}
func (*UpdateTableInput) request()        {}
func (*DeleteTableInput) request()        {}
func (*PutItemInput) request()            {}
func (*GetItemInput) request()            {}
func (*UpdateItemInput) request()         {}
func (*DeleteItemInput) request()         {}
func (*QueryInput) request()              {}
func (*ScanInput) request()               {}
func (*BatchGetItemInput) request()       {}
func (*BatchWriteItemInput) request()     {}
func (*TransactGetItemsInput) request()   {}
func (*TransactWriteItemsInput) request() {}
func (*TagResourceInput) request()        {}
func (*UntagResourceInput) request()      {}
func (*ListTagsOfResourceInput) request() {}
func (*DescribeLimitsInput) request()     {}
func (*DescribeEndpointsInput) request()  {}

func (*CreateTableInput) output() *CreateTableOutput               { return nil }
func (*DescribeTableInput) output() *DescribeTableOutput           { return nil }
func (*ListTablesInput) output() *ListTablesOutput                 { return nil }
func (*UpdateTableInput) output() *UpdateTableOutput               { return nil }
func (*DeleteTableInput) output() *DeleteTableOutput               { return nil }
func (*PutItemInput) output() *PutItemOutput                       { return nil }
func (*GetItemInput) output() *GetItemOutput                       { return nil }
func (*UpdateItemInput) output() *UpdateItemOutput                 { return nil }
func (*DeleteItemInput) output() *DeleteItemOutput                 { return nil }
func (*QueryInput) output() *QueryOutput                           { return nil }
func (*ScanInput) output() *ScanOutput                             { return nil }
func (*BatchGetItemInput) output() *BatchGetItemOutput             { return nil }
func (*BatchWriteItemInput) output() *BatchWriteItemOutput         { return nil }
func (*TransactGetItemsInput) output() *TransactGetItemsOutput     { return nil }
func (*TransactWriteItemsInput) output() *TransactWriteItemsOutput { return nil }
func (*TagResourceInput) output() *TagResourceOutput               { return nil }
func (*UntagResourceInput) output() *UntagResourceOutput           { return nil }
func (*ListTagsOfResourceInput) output() *ListTagsOfResourceOutput { return nil }
func (*DescribeLimitsInput) output() *DescribeLimitsOutput         { return nil }
func (*DescribeEndpointsInput) output() *DescribeEndpointsOutput   { return nil }

func (*CreateTableOutput) response()        {}
func (*DescribeTableOutput) response()      {}
func (*ListTablesOutput) response()         {}
func (*UpdateTableOutput) response()        {}
func (*DeleteTableOutput) response()        {}
func (*PutItemOutput) response()            {}
func (*GetItemOutput) response()            {}
func (*UpdateItemOutput) response()         {}
func (*DeleteItemOutput) response()         {}
func (*QueryOutput) response()              {}
func (*ScanOutput) response()               {}
func (*BatchGetItemOutput) response()       {}
func (*BatchWriteItemOutput) response()     {}
func (*TransactGetItemsOutput) response()   {}
func (*TransactWriteItemsOutput) response() {}
func (*TagResourceOutput) response()        {}
func (*UntagResourceOutput) response()      {}
func (*ListTagsOfResourceOutput) response() {}
func (*DescribeLimitsOutput) response()     {}
func (*DescribeEndpointsOutput) response()  {}
