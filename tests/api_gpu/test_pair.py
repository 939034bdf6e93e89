"""`Client` and `AsyncClient`, `Job` and `AsyncJob` have the same methods and signatures."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from api_gpu import AsyncClient, AsyncJob, Client, Job

CONTEXT = {"__enter__": "__aenter__", "__exit__": "__aexit__"}


def methods(kind: type[Any]) -> dict[str, Any]:
    found = inspect.getmembers_static(kind, lambda member: inspect.isfunction(member) or isinstance(member, property))
    return {name: member for name, member in found if not name.startswith("_")}


def signature(member: Any) -> str:
    """Return the signature as the synchronous class would have it."""
    if isinstance(member, property):
        return f"property {signature(member.fget)}"
    return re.sub(r"Async(?=Client|Job|Iterator)", "", str(inspect.signature(member))).replace("'", "")


@pytest.mark.parametrize(("kind", "other"), [(Client, AsyncClient), (Job, AsyncJob)])
def test_pair_has_the_same_methods_and_signatures(kind: type[Any], other: type[Any]) -> None:
    first = {name: signature(member) for name, member in methods(kind).items()}
    second = {name: signature(member) for name, member in methods(other).items()}
    assert first == second
    assert signature(kind.__init__).replace("ThreadDriver", "TaskDriver") == signature(other.__init__)
    assert {"caption", "submit"} <= first.keys() or {"wait", "download"} <= first.keys()


@pytest.mark.parametrize(("kind", "other"), [(Client, AsyncClient), (Job, AsyncJob)])
def test_pair_has_the_same_docstrings(kind: type[Any], other: type[Any]) -> None:
    def docs(one: type[Any]) -> dict[str, str]:
        return {name: inspect.getdoc(member) or "" for name, member in methods(one).items()}

    first, second = docs(kind), docs(other)
    # Only the synchronous handle can read a job at first use.
    assert {name for name in first if first[name] != second[name]} <= {"data"}
    assert all(first.values())


def test_clients_are_context_managers() -> None:
    assert all(hasattr(Client, name) and hasattr(AsyncClient, other) for name, other in CONTEXT.items())
