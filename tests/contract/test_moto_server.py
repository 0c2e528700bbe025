"""The sandbox's DynamoDB keeps what was committed, whatever else happens beside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from app import clock
from app.sim import aws as sandbox

WRITERS, EACH = 8, 15


def test_a_transaction_that_fails_takes_nobody_elses_writes_with_it(aws: str) -> None:
    """P-audit: the sandbox's own, or a drill would see gaps in trails that no deployment could have."""
    run = clock.new_id()
    client: Any = botocore.session.Session().create_client(
        "dynamodb", region_name=sandbox.REGION, endpoint_url=aws, aws_access_key_id=sandbox.ACCESS_KEY,
        aws_secret_access_key=sandbox.SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=WRITERS),
    )  # fmt: skip
    table = f"isolated-{run}"
    keys = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
    types = [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")]
    client.create_table(TableName=table, KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST")

    def put(key: str) -> None:
        new = {"Item": {"PK": {"S": "one"}, "SK": {"S": key}}, "ConditionExpression": "attribute_not_exists(PK)"}
        client.transact_write_items(TransactItems=[{"Put": {"TableName": table, **new}}])

    def write(writer: int) -> list[str]:
        odd = []
        for number in range(EACH):
            put(f"{writer}-{number}")
            try:
                put("0-0" if writer else f"0-{number}")  # there already, or soon: it loses
            except ClientError as error:
                odd.append(error.response["Error"]["Code"])
        return odd

    with ThreadPoolExecutor(WRITERS) as pool:
        refused = {code for odd in pool.map(write, range(WRITERS)) for code in odd}
    assert refused == {"TransactionCanceledException"}
    found = client.query(
        TableName=table, KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": {"S": "one"}}
    )
    assert found["Count"] == WRITERS * EACH
