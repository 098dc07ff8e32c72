"""Drives a server with boto3 as programs use it: nothing here knows that it is not AWS.

The address comes from AWS_ENDPOINT_URL_DYNAMODB. Each section prints a line; the
first difference ends the script with the client's own error.
"""

import sys
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError, WaiterError

dynamodb = boto3.resource("dynamodb")
client = dynamodb.meta.client
QUICK = {"Delay": 1, "MaxAttempts": 30}


def check(what, got, want):
    if got != want:
        sys.exit(f"FAIL {what}: got {got!r}, want {want!r}")


def refused(what, error, act, **more):
    """Checks that act fails with an exception of boto3's own class."""
    try:
        act()
    except error as e:
        for name, want in more.items():
            got = e.response["Error"][name.capitalize()]
            if want not in got:
                sys.exit(f"FAIL {what}: {name} is {got!r}, want {want!r}")
        check(what + ", status", e.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        return e
    sys.exit(f"FAIL {what}: was not refused")


def create():
    table = dynamodb.create_table(
        TableName="music",
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "song", "AttributeType": "S"},
            {"AttributeName": "genre", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "genre-year",
            "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        LocalSecondaryIndexes=[{
            "IndexName": "artist-year",
            "KeySchema": [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
        BillingMode="PAY_PER_REQUEST",
    )
    check("status of a new table", table.table_status, "CREATING")
    client.get_waiter("table_exists").wait(TableName="music", WaiterConfig=QUICK)
    table.reload()
    check("status", table.table_status, "ACTIVE")
    check("ARN", table.table_arn, f"arn:aws:dynamodb:{client.meta.region_name}:000000000000:table/music")
    check("key", [k["AttributeName"] for k in table.key_schema], ["artist", "song"])
    refused("a table that exists", client.exceptions.ResourceInUseException,
            lambda: dynamodb.create_table(
                TableName="music", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST"),
            message="Table already exists: music")
    return table


SONG = {
    "artist": "Björk", "song": "Jóga", "genre": "art pop", "year": 1997,
    "price": Decimal("1.2345678901234567890123456789012345678"), "live": False, "label": None,
    "cover": Binary(b"\x00\x01\xff"), "tags": {"strings", "beats"}, "ratings": {Decimal("4.5"), Decimal("5")},
    "parts": [{"name": "intro", "seconds": 12}, "outro", Decimal("-3E-7"), []], "empty": "", "credits": {"mix": {"by": "Mark"}},
}


def items(table):
    check("put", table.put_item(Item=SONG)["ResponseMetadata"]["HTTPStatusCode"], 200)
    key = {"artist": "Björk", "song": "Jóga"}
    check("get", table.get_item(Key=key, ConsistentRead=True)["Item"], SONG)
    check("get of part", table.get_item(Key=key, ProjectionExpression="parts[0].seconds, credits.mix")["Item"],
          {"parts": [{"seconds": 12}], "credits": {"mix": {"by": "Mark"}}})
    check("get of none", "Item" in table.get_item(Key={"artist": "Björk", "song": "Hunter"}), False)
    got = table.update_item(
        Key=key, UpdateExpression="SET plays = if_not_exists(plays, :z) + :n, parts[1] = :p, credits.#y = :n REMOVE label ADD ratings :r DELETE tags :t",
        ConditionExpression=Attr("genre").eq("art pop") & Attr("label").attribute_type("NULL") & ~Attr("gone").exists() & Attr("tags").contains("beats"),
        ExpressionAttributeNames={"#y": "year"},
        ExpressionAttributeValues={":z": 0, ":n": 2, ":p": "coda", ":r": {3}, ":t": {"beats"}}, ReturnValues="ALL_NEW")["Attributes"]
    check("update", (got["plays"], got["parts"][1], got["credits"]["year"], "label" in got, got["ratings"], got["tags"]),
          (2, "coda", 2, False, {Decimal("4.5"), Decimal("5"), Decimal("3")}, {"strings"}))
    refused("a condition that fails", client.exceptions.ConditionalCheckFailedException,
            lambda: table.put_item(Item=SONG, ConditionExpression=Attr("artist").not_exists()),
            message="The conditional request failed")
    e = refused("a condition that fails, with the item", client.exceptions.ConditionalCheckFailedException,
                lambda: table.delete_item(Key=key, ConditionExpression=Attr("plays").gt(100), ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    check("item of a failed condition", e.response["Item"]["plays"], {"N": "2"})
    check("delete", table.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"], got)
    refused("a wrong key", ClientError, lambda: table.get_item(Key={"artist": "Björk"}),
            code="ValidationException", message="The provided key element does not match the schema")
    refused("an unknown table", client.exceptions.ResourceNotFoundException,
            lambda: dynamodb.Table("nowhere").get_item(Key={"id": "1"}), message="Requested resource not found")


def batches(table):
    with table.batch_writer(overwrite_by_pkeys=["artist", "song"]) as batch:
        for n in range(130):
            batch.put_item(Item={"artist": "Bach", "song": f"BWV {n:04}", "genre": "baroque", "year": 1700 + n % 50, "n": n})
        for n in range(130):
            batch.put_item(Item={"artist": "Ligeti", "song": f"Étude {n:04}", "genre": "modern", "year": 1985, "n": n})
    with table.batch_writer() as batch:
        for n in range(100, 130):
            batch.delete_item(Key={"artist": "Bach", "song": f"BWV {n:04}"})
    got = dynamodb.batch_get_item(RequestItems={"music": {"Keys": [{"artist": "Bach", "song": f"BWV {n:04}"} for n in range(90, 110)]}})
    check("batch get", sorted(i["n"] for i in got["Responses"]["music"]), list(range(90, 100)))
    check("unprocessed keys", got["UnprocessedKeys"], {})


def queries(table):
    bach = Key("artist").eq("Bach")
    got = table.query(KeyConditionExpression=bach & Key("song").begins_with("BWV 001"), ScanIndexForward=False)
    check("query", [i["n"] for i in got["Items"]], list(range(19, 9, -1)))
    got = table.query(KeyConditionExpression=bach & Key("song").between("BWV 0010", "BWV 0029"), FilterExpression=Attr("n").is_in([11, 12, 50]) | Attr("n").lt(11))
    check("query with filter", ([i["n"] for i in got["Items"]], got["ScannedCount"]), ([10, 11, 12], 20))
    got = table.query(IndexName="genre-year", KeyConditionExpression=Key("genre").eq("baroque") & Key("year").gte(1748), ProjectionExpression="n, #y",
                      ExpressionAttributeNames={"#y": "year"})
    check("query of an index", sorted((int(i["year"]), int(i["n"])) for i in got["Items"]), [(1748, 48), (1748, 98), (1749, 49), (1749, 99)])
    got = table.query(IndexName="artist-year", KeyConditionExpression=bach & Key("year").eq(1705), Select="ALL_ATTRIBUTES")
    check("query of a local index", sorted(i["n"] for i in got["Items"]), [5, 55])
    pages = client.get_paginator("query").paginate(TableName="music", KeyConditionExpression=bach, PaginationConfig={"PageSize": 30})
    check("pages", [p["Count"] for p in pages], [30, 30, 30, 10])
    limited = client.get_paginator("query").paginate(TableName="music", KeyConditionExpression=bach, PaginationConfig={"PageSize": 30, "MaxItems": 50}).build_full_result()
    rest = client.get_paginator("query").paginate(TableName="music", KeyConditionExpression=bach, PaginationConfig={"StartingToken": limited["NextToken"]}).build_full_result()
    check("pages from a token", [i["n"] for i in limited["Items"] + rest["Items"]], list(range(100)))
    found = []
    for segment in range(3):
        pages = client.get_paginator("scan").paginate(
            TableName="music", Segment=segment, TotalSegments=3, FilterExpression=Attr("n").gte(95) & Attr("artist").ne("Ligeti"), PaginationConfig={"PageSize": 20})
        found += [i["n"] for p in pages for i in p["Items"]]
    check("scan in segments", sorted(found), list(range(95, 100)))
    check("count", table.scan(Select="COUNT")["Count"], 230)
    table.reload()
    check("item count", table.item_count, 230)


def transactions(table):
    put = {"Put": {"TableName": "music", "Item": {"artist": "Arvo", "song": "Fratres"}, "ConditionExpression": "attribute_not_exists(artist)"}}
    add = {"Update": {"TableName": "music", "Key": {"artist": "Arvo", "song": "#count"}, "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": 1}}}
    seen = {"ConditionCheck": {"TableName": "music", "Key": {"artist": "Bach", "song": "BWV 0001"}, "ConditionExpression": "n = :n",
                               "ExpressionAttributeValues": {":n": 1}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
    client.transact_write_items(TransactItems=[put, add, seen])
    e = refused("a transaction that fails", client.exceptions.TransactionCanceledException,
                lambda: client.transact_write_items(TransactItems=[put, add, seen]), message="[ConditionalCheckFailed, None, None]")
    check("reasons", [r["Code"] for r in e.response["CancellationReasons"]], ["ConditionalCheckFailed", "None", "None"])
    got = client.transact_get_items(TransactItems=[
        {"Get": {"TableName": "music", "Key": {"artist": "Arvo", "song": "#count"}}}, {"Get": {"TableName": "music", "Key": {"artist": "Arvo", "song": "none"}}}])
    check("what it wrote", [r.get("Item", {}).get("n") for r in got["Responses"]], [1, None])
    client.transact_write_items(TransactItems=[add], ClientRequestToken="token-1")
    client.transact_write_items(TransactItems=[add], ClientRequestToken="token-1")
    check("counted once", table.get_item(Key={"artist": "Arvo", "song": "#count"})["Item"]["n"], 2)
    refused("a token for something else", client.exceptions.IdempotentParameterMismatchException,
            lambda: client.transact_write_items(TransactItems=[put], ClientRequestToken="token-1"))


def legacy(table):
    """The parameters from before expressions, through the client that types nothing."""
    low = boto3.client("dynamodb")
    key = {"artist": {"S": "Legacy"}, "song": {"S": "one"}}
    low.put_item(TableName="music", Item={**key, "n": {"N": "1"}, "tags": {"SS": ["a"]}}, Expected={"artist": {"Exists": False}})
    refused("Expected", low.exceptions.ConditionalCheckFailedException,
            lambda: low.put_item(TableName="music", Item=key, Expected={"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "5"}]}}))
    got = low.update_item(TableName="music", Key=key, ReturnValues="ALL_NEW", AttributeUpdates={
        "n": {"Action": "ADD", "Value": {"N": "4"}}, "year": {"Action": "PUT", "Value": {"N": "1999"}},
        "tags": {"Action": "ADD", "Value": {"SS": ["b"]}}, "gone": {"Action": "DELETE"}},
        Expected={"n": {"Value": {"N": "1"}}, "gone": {"ComparisonOperator": "NULL"}}, ConditionalOperator="AND")["Attributes"]
    check("AttributeUpdates", (got["n"], got["year"], sorted(got["tags"]["SS"])), ({"N": "5"}, {"N": "1999"}, ["a", "b"]))
    check("AttributesToGet", low.get_item(TableName="music", Key=key, AttributesToGet=["n"])["Item"], {"n": {"N": "5"}})
    got = low.query(TableName="music", KeyConditions={
        "artist": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "Bach"}]},
        "song": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "BWV 0010"}, {"S": "BWV 0019"}]}},
        QueryFilter={"n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "12"}, {"N": "13"}]}, "year": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "1715"}]}},
        ConditionalOperator="OR", AttributesToGet=["n"])
    check("KeyConditions", [i["n"]["N"] for i in got["Items"]], ["12", "13", "15"])
    got = low.scan(TableName="music", ScanFilter={"tags": {"ComparisonOperator": "NOT_NULL"}})
    check("ScanFilter", [i["artist"]["S"] for i in got["Items"]], ["Legacy"])
    refused("old and new together", low.exceptions.ClientError,
            lambda: low.get_item(TableName="music", Key=key, AttributesToGet=["n"], ProjectionExpression="n"),
            code="ValidationException", message="Can not use both expression and non-expression parameters in the same request")
    low.delete_item(TableName="music", Key=key, Expected={"n": {"Value": {"N": "5"}}})


def partiql(table):
    run = client.execute_statement
    run(Statement="INSERT INTO music VALUE {'artist': ?, 'song': 'Spiegel', 'n': ?, 'parts': ['a', {'b': 1}]}", Parameters=["PartiQL", 7])
    refused("a second INSERT", client.exceptions.DuplicateItemException,
            lambda: run(Statement="INSERT INTO music VALUE {'artist': 'PartiQL', 'song': 'Spiegel'}"))
    got = run(Statement="SELECT n, parts[1].b FROM music WHERE artist = ? AND song = 'Spiegel'", Parameters=["PartiQL"])
    check("SELECT", got["Items"], [{"n": 7, "b": 1}])
    got = run(Statement="UPDATE music SET n = n + 1 SET live = true WHERE artist = 'PartiQL' AND song = 'Spiegel' RETURNING ALL NEW *")
    check("UPDATE", (got["Items"][0]["n"], got["Items"][0]["live"]), (8, True))
    got = run(Statement='SELECT n FROM "music"."genre-year" WHERE genre = \'baroque\' AND "year" BETWEEN 1748 AND 1749 AND n IN [48, 99]')
    check("SELECT from an index", sorted(i["n"] for i in got["Items"]), [48, 99])
    found, token = [], None
    while True:
        got = run(Statement="SELECT n FROM music WHERE artist = 'Bach' AND begins_with(song, 'BWV 00')", Limit=40, **({"NextToken": token} if token else {}))
        found += [i["n"] for i in got["Items"]]
        token = got.get("NextToken")
        if not token:
            break
    check("SELECT in pages", found, list(range(100)))
    got = client.batch_execute_statement(Statements=[
        {"Statement": "SELECT n FROM music WHERE artist = 'Bach' AND song = 'BWV 0003'"},
        {"Statement": "SELECT n FROM nowhere WHERE id = 'x'"}])["Responses"]
    check("batch", (got[0]["Item"], got[1]["Error"]["Code"]), ({"n": 3}, "ResourceNotFound"))
    e = refused("ExecuteTransaction", client.exceptions.TransactionCanceledException, lambda: client.execute_transaction(TransactStatements=[
        {"Statement": "DELETE FROM music WHERE artist = 'PartiQL' AND song = 'Spiegel'"},
        {"Statement": "INSERT INTO music VALUE {'artist': 'Bach', 'song': 'BWV 0003'}"}]))
    check("reasons", [r["Code"] for r in e.response["CancellationReasons"]], ["None", "DuplicateItem"])
    got = run(Statement="DELETE FROM music WHERE artist = 'PartiQL' AND song = 'Spiegel' RETURNING ALL OLD *")
    check("DELETE", got["Items"][0]["n"], 8)
    refused("no PartiQL", ClientError, lambda: run(Statement="SELECT * FROM"), code="ValidationException", message="Statement wasn't well formed")


def changes(table):
    reader = boto3.client("dynamodbstreams", endpoint_url=client.meta.endpoint_url)
    check("no stream", reader.list_streams(TableName="music")["Streams"], [])
    client.update_table(TableName="music", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    table.reload()
    arn = table.latest_stream_arn
    check("label", arn, f"{table.table_arn}/stream/{table.latest_stream_label}")
    refused("a second stream", ClientError, lambda: client.update_table(
        TableName="music", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
        code="ValidationException", message="Table already has an enabled stream")
    for n in range(30):
        table.put_item(Item={"artist": f"stream {n % 10}", "song": "s", "n": n, "data": Binary(b"\x00\xff")})
    for n in range(10):
        table.delete_item(Key={"artist": f"stream {n}", "song": "s"})
    check("streams", [s["StreamArn"] for s in reader.list_streams(TableName="music")["Streams"]], [arn])
    stream = reader.describe_stream(StreamArn=arn)["StreamDescription"]
    check("stream", (stream["StreamStatus"], stream["StreamViewType"], stream["TableName"]), ("ENABLED", "NEW_AND_OLD_IMAGES", "music"))
    seen, numbers = {}, set()
    for shard in stream["Shards"]:
        at = reader.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            got = reader.get_records(ShardIterator=at, Limit=7)
            for r in got["Records"]:
                image = r["dynamodb"].get("NewImage", {})
                seen.setdefault(r["dynamodb"]["Keys"]["artist"]["S"], []).append((r["eventName"], image.get("n", {}).get("N"), image.get("data", {}).get("B")))
                numbers.add(r["dynamodb"]["SequenceNumber"])
            at = got["NextShardIterator"]
            if not got["Records"]:
                break
    data = b"\x00\xff"
    check("records", seen, {f"stream {n}": [("INSERT", str(n), data), ("MODIFY", str(n + 10), data), ("MODIFY", str(n + 20), data), ("REMOVE", None, None)]
                            for n in range(10)})
    check("sequence numbers", len(numbers), 40)
    refused("another stream", reader.exceptions.ResourceNotFoundException, lambda: reader.describe_stream(StreamArn=arn[:-3] + "999"),
            message="Requested resource not found: Stream: ")
    client.update_table(TableName="music", StreamSpecification={"StreamEnabled": False})
    check("disabled", reader.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"], "DISABLED")
    check("end of a shard", "NextShardIterator" in reader.get_records(ShardIterator=at), False)


def delete(table):
    for n in range(5):
        client.create_table(TableName=f"zoo-{n}", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}], BillingMode="PAY_PER_REQUEST")
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
    check("list of tables", [p["TableNames"] for p in pages], [["music", "zoo-0"], ["zoo-1", "zoo-2"], ["zoo-3", "zoo-4"]])
    check("tables", [t.name for t in dynamodb.tables.limit(3)], ["music", "zoo-0", "zoo-1"])
    client.tag_resource(ResourceArn=table.table_arn, Tags=[{"Key": "k", "Value": "v"}])
    check("tags", client.list_tags_of_resource(ResourceArn=table.table_arn)["Tags"], [{"Key": "k", "Value": "v"}])
    check("deletion", table.delete()["TableDescription"]["TableStatus"], "DELETING")
    client.get_waiter("table_not_exists").wait(TableName="music", WaiterConfig=QUICK)
    try:
        client.get_waiter("table_exists").wait(TableName="music", WaiterConfig={"Delay": 1, "MaxAttempts": 1})
        sys.exit("FAIL the waiter found a table that was deleted")
    except WaiterError:
        pass


def main():
    table = create()
    for section in (items, batches, queries, transactions, legacy, partiql, changes, delete):
        section(table)
        print("ok", section.__name__, flush=True)


main()
