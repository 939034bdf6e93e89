"""A failed transaction of the emulated table does not undo writes of others."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from lambda_api.adapters.aws.dynamodb_table import Table, is_failed
from local.aws.names import TABLE
from tests.support.aws import Aws, account


@pytest.fixture
def table(aws: Aws) -> Table:
    return Table(TABLE, account(aws.url).dynamodb)


def put(name: str, condition: str = "attribute_not_exists(pk)") -> dict[str, dict[str, object]]:
    return {"Put": {"Item": {"pk": {"S": name}}, "ConditionExpression": condition}}


def test_concurrent_writes_of_others_survive(table: Table) -> None:
    names = [f"row-{uuid.uuid4()}" for _ in range(40)]

    def work(name: str) -> bool:
        alone = table.write(put(name)) == []
        # Many items, so that the transaction takes long.
        refused = table.write(*(put(f"{name}-{n}") for n in range(60)), put(f"{name}-60", "attribute_exists(pk)"))
        return alone and [is_failed(reason) for reason in refused] == [False] * 60 + [True]

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, names))
    assert [name for name in names if table.read({"pk": {"S": name}}) is None] == []
    assert [name for name in names if table.read({"pk": {"S": f"{name}-0"}}) is not None] == []


def test_refused_condition_returns_the_row(table: Table) -> None:
    name = f"row-{uuid.uuid4()}"
    assert table.write(put(name), put(f"{name}-2")) == []
    first = put(name)
    first["Put"]["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    refused, other = table.write(first, put(f"{name}-3"))
    assert (refused["Item"], other["Code"]) == ({"pk": {"S": name}}, "None")
