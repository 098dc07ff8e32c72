#!/bin/sh
# Drives a server with the AWS CLI as people use it: nothing here knows that it is
# not AWS. The address comes from AWS_ENDPOINT_URL_DYNAMODB. The first difference
# ends the script with the client's own error.
set -u

# db runs a command of the CLI; a failure ends the script.
db() {
	aws dynamodb "$@" || fail "aws dynamodb $1 exited with $?"
}

fail() {
	echo "FAIL $*" >&2
	exit 1
}

# check WHAT GOT WANT
check() {
	[ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"
}

# refused WHAT CODE COMMAND...: the CLI names the error and exits with 254, older ones with 255.
refused() {
	what=$1 code=$2
	shift 2
	said=$(aws dynamodb "$@" 2>&1)
	status=$?
	case $status in 254 | 255) ;; *) fail "$what: exited with $status:" $said ;; esac
	case $said in *"($code)"*) ;; *) fail "$what: want $code, got:" $said ;; esac
}

table() {
	out=$(db create-table --table-name scores --billing-mode PAY_PER_REQUEST \
		--attribute-definitions AttributeName=game,AttributeType=S AttributeName=player,AttributeType=S AttributeName=points,AttributeType=N \
		--key-schema AttributeName=game,KeyType=HASH AttributeName=player,KeyType=RANGE \
		--global-secondary-indexes 'IndexName=by-points,KeySchema=[{AttributeName=game,KeyType=HASH},{AttributeName=points,KeyType=RANGE}],Projection={ProjectionType=ALL}' \
		--query TableDescription.TableStatus --output text) || exit 1
	check "status of a new table" "$out" CREATING
	db wait table-exists --table-name scores
	out=$(db describe-table --table-name scores --query 'Table.[TableStatus,GlobalSecondaryIndexes[0].IndexStatus]' --output text) || exit 1
	check status "$out" "ACTIVE	ACTIVE"
}

items() {
	db put-item --table-name scores --item '{"game":{"S":"go"},"player":{"S":"ann"},"points":{"N":"12.50"},"tags":{"SS":["a","b"]}}'
	refused "a condition that fails" ConditionalCheckFailedException \
		put-item --table-name scores --item '{"game":{"S":"go"},"player":{"S":"ann"}}' --condition-expression 'attribute_not_exists(game)'
	out=$(db get-item --table-name scores --key '{"game":{"S":"go"},"player":{"S":"ann"}}' --consistent-read --query 'Item.[points.N,tags.SS[1]]' --output text) || exit 1
	check get-item "$out" "12.5	b"
	out=$(db update-item --table-name scores --key '{"game":{"S":"go"},"player":{"S":"ann"}}' --update-expression 'ADD points :p SET #l = :l' \
		--expression-attribute-names '{"#l":"level"}' --expression-attribute-values '{":p":{"N":"1"},":l":{"S":"dan"}}' \
		--return-values ALL_NEW --query 'Attributes.[points.N,level.S]' --output text) || exit 1
	check update-item "$out" "13.5	dan"
	db batch-write-item --request-items '{"scores":[
		{"PutRequest":{"Item":{"game":{"S":"go"},"player":{"S":"bob"},"points":{"N":"9"}}}},
		{"PutRequest":{"Item":{"game":{"S":"go"},"player":{"S":"cyd"},"points":{"N":"99"}}}},
		{"PutRequest":{"Item":{"game":{"S":"go"},"player":{"S":"dan"},"points":{"N":"-1"}}}},
		{"PutRequest":{"Item":{"game":{"S":"go"},"player":{"S":"eve"},"points":{"N":"50"}}}}]}' >/dev/null
	refused "an unknown table" ResourceNotFoundException get-item --table-name nowhere --key '{"id":{"S":"1"}}'
	refused "a wrong key" ValidationException get-item --table-name scores --key '{"game":{"S":"go"}}'
}

queries() {
	out=$(db query --table-name scores --index-name by-points --no-scan-index-forward --page-size 2 \
		--key-condition-expression 'game = :g' --expression-attribute-values '{":g":{"S":"go"}}' --query 'Items[].player.S' --output text) || exit 1
	check "query in pages" "$(echo $out)" "cyd eve ann bob dan" # the CLI prints a line for each page
	out=$(db query --table-name scores --max-items 2 --key-condition-expression 'game = :g AND player BETWEEN :a AND :z' \
		--filter-expression 'points > :zero' --expression-attribute-values '{":g":{"S":"go"},":a":{"S":"b"},":z":{"S":"z"},":zero":{"N":"0"}}') || exit 1
	token=$(echo "$out" | sed -n 's/.*"NextToken": "\(.*\)".*/\1/p')
	[ -n "$token" ] || fail "query --max-items: no NextToken in $out"
	out=$(db query --table-name scores --starting-token "$token" --key-condition-expression 'game = :g AND player BETWEEN :a AND :z' \
		--filter-expression 'points > :zero' --expression-attribute-values '{":g":{"S":"go"},":a":{"S":"b"},":z":{"S":"z"},":zero":{"N":"0"}}' \
		--query 'Items[].player.S' --output text) || exit 1
	check "query from a token" "$out" eve
	out=$(db scan --table-name scores --select COUNT --query Count --output text) || exit 1
	check "scan for a count" "$out" 5
}

transaction() {
	refused "a transaction that fails" TransactionCanceledException transact-write-items --transact-items '[
		{"Delete":{"TableName":"scores","Key":{"game":{"S":"go"},"player":{"S":"ann"}}}},
		{"Put":{"TableName":"scores","Item":{"game":{"S":"go"},"player":{"S":"bob"}},"ConditionExpression":"attribute_not_exists(game)"}}]'
	out=$(db delete-item --table-name scores --key '{"game":{"S":"go"},"player":{"S":"ann"}}' --return-values ALL_OLD --query Attributes.level.S --output text) || exit 1
	check delete-item "$out" dan
}

statement() {
	out=$(db execute-statement --statement "SELECT player FROM scores WHERE game = ? AND points < 0" --parameters '[{"S":"go"}]' --query 'Items[].player.S' --output text) || exit 1
	check execute-statement "$out" dan
}

tables() {
	for name in other-1 other-2; do
		db create-table --table-name "$name" --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH \
			--billing-mode PAY_PER_REQUEST >/dev/null
	done
	out=$(db list-tables --max-items 2) || exit 1
	token=$(echo "$out" | sed -n 's/.*"NextToken": "\(.*\)".*/\1/p')
	[ -n "$token" ] || fail "list-tables --max-items: no NextToken in $out"
	out=$(db list-tables --starting-token "$token" --query TableNames --output text) || exit 1
	check "list-tables from a token" "$out" scores
	out=$(db list-tables --page-size 1 --query 'TableNames[]' --output text) || exit 1
	check "list-tables in pages" "$(echo $out)" "other-1 other-2 scores"
	out=$(db delete-table --table-name scores --query TableDescription.TableStatus --output text) || exit 1
	check "status of a deleted table" "$out" DELETING
	db wait table-not-exists --table-name scores
	refused "a deleted table" ResourceNotFoundException describe-table --table-name scores
}

for section in table items queries transaction statement tables; do
	$section
	echo "ok $section"
done
