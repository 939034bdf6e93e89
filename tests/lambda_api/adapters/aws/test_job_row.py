"""The rows of jobs: complete, and small, because each KiB of them is paid for at each write."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from contract.operations import OPERATIONS, Operation
from lambda_api.adapters.aws.job_row import to_item, to_job
from lambda_api.domain.job import Job
from lambda_api.domain.policy import HOUR
from tests.support.examples import every_operation_with_all_files, job


@pytest.mark.parametrize("operation", list(every_operation_with_all_files()), ids=lambda operation: operation.kind)
def test_every_operation_is_read_as_it_was_written(operation: Operation) -> None:
    mine = job(operation=operation)
    assert to_job(to_item(mine, HOUR)) == mine


def test_missing_values_take_no_room() -> None:
    assert "null" not in to_item(job(), HOUR)["doc"]["S"]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for info in annotation.model_fields.values():
            yield from _models(info.annotation)
    for argument in get_args(annotation):
        yield from _models(argument)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_none_is_the_default_wherever_an_operation_allows_it(kind: str) -> None:
    """Otherwise leaving it out of a row would change the job."""
    for model in set(_models(OPERATIONS[kind])):
        for name, info in model.model_fields.items():
            if types.NoneType in get_args(info.annotation):
                assert info.get_default(call_default_factory=True, validated_data={}) is None, (model, name)


def test_none_is_the_default_wherever_a_job_allows_it() -> None:
    for field in dataclasses.fields(Job):
        if "None" in str(field.type):
            assert field.default is None, field.name
