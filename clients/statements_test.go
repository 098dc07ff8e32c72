package clients_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

func TestSDKStatements(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	putOrders(t, client, "ada", 20)
	run := func(statement string, parameters ...types.AttributeValue) (*dynamodb.ExecuteStatementOutput, error) {
		return client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String(statement), Parameters: parameters})
	}
	ada := &types.AttributeValueMemberS{Value: "ada"}

	insert := `INSERT INTO orders VALUE {'customer': ?, 'number': 100, 'status': 'new', 'lines': [{'product': 'lamp'}]}`
	_, err := run(insert, ada)
	require.NoError(t, err)
	_, err = run(insert, ada)
	var duplicate *types.DuplicateItemException
	require.ErrorAs(t, err, &duplicate)

	out, err := run(`UPDATE orders SET lines[0].product = 'bulb' REMOVE status WHERE customer = ? AND "number" = 100 RETURNING ALL NEW *`, ada)
	require.NoError(t, err)
	require.Equal(t, []line{{Product: "bulb"}}, unmarshal[order](t, out.Items[0]).Lines)
	_, err = run(`UPDATE orders SET paid = true WHERE customer = ? AND "number" = 100 AND paid = false`, ada)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)

	var got []int
	pages := 0
	next := (*string)(nil)
	for {
		page, err := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{
			Statement:  aws.String(`SELECT "number", amount FROM orders WHERE customer = ? AND "number" BETWEEN ? AND 17 ORDER BY "number" DESC`),
			Parameters: []types.AttributeValue{ada, &types.AttributeValueMemberN{Value: "3"}}, Limit: aws.Int32(6), NextToken: next,
		})
		require.NoError(t, err)
		pages++
		got = append(got, numbers(t, page.Items)...)
		if next = page.NextToken; next == nil {
			break
		}
	}
	require.Equal(t, []int{17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3}, got)
	require.Equal(t, 3, pages)

	out, err = run(`SELECT * FROM "orders"."by-status" WHERE status IN ['shipped', 'none']`)
	require.NoError(t, err)
	require.Len(t, out.Items, 7)

	_, err = client.ExecuteTransaction(ctx, &dynamodb.ExecuteTransactionInput{TransactStatements: []types.ParameterizedStatement{
		{Statement: aws.String(`DELETE FROM orders WHERE customer = 'ada' AND "number" = 100`)},
		{Statement: aws.String(`EXISTS(SELECT * FROM orders WHERE customer = 'ada' AND "number" = 1 AND status = 'shipped')`)},
	}})
	var canceled *types.TransactionCanceledException
	require.ErrorAs(t, err, &canceled)
	require.Len(t, canceled.CancellationReasons, 2)
	require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[1].Code)

	// Each statement of a batch has an answer of its own; reads and writes do not mix.
	reads := []types.BatchStatementRequest{
		{Statement: aws.String(`SELECT "number" FROM orders WHERE customer = 'ada' AND "number" = 100`)},
		{Statement: aws.String(`SELECT "number" FROM orders WHERE customer = 'ada'`)},
	}
	batch, err := client.BatchExecuteStatement(ctx, &dynamodb.BatchExecuteStatementInput{Statements: reads})
	require.NoError(t, err)
	require.Equal(t, map[string]types.AttributeValue{"number": &types.AttributeValueMemberN{Value: "100"}}, batch.Responses[0].Item)
	require.Nil(t, batch.Responses[0].Error)
	require.Equal(t, types.BatchStatementErrorCodeEnumValidationError, batch.Responses[1].Error.Code)
	_, err = client.BatchExecuteStatement(ctx, &dynamodb.BatchExecuteStatementInput{Statements: append(reads,
		types.BatchStatementRequest{Statement: aws.String(`DELETE FROM orders WHERE customer = 'ada' AND "number" = 100`)})})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())

	_, err = run(`SELECT * FROM`)
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Contains(t, fault.ErrorMessage(), "Statement wasn't well formed")
}
