"""The endpoint's use cases crash, freeze or lose responses at each boundary, and CloudFormation retries.

Lambda delivers an asynchronous event again if its function has crashed, and CloudFormation sends its next request.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from lambda_api.domain.endpoint import Body, Live, desired_body, has_tag
from lambda_api.domain.ports import ProviderRefused, ProviderUnknown
from lambda_api.usecases.endpoint.check_endpoint import EndpointHealth, check_endpoint
from lambda_api.usecases.endpoint.ensure_endpoint import EndpointResult, ensure_endpoint
from lambda_api.usecases.endpoint.remove_endpoint import remove_endpoint
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy
from tests.model.crash_points import Crash, CrashPoints
from tests.support.fakes import FakeClock

TAG, OTHER_TAG = "0123456789", "9876543210"
OLD = desired_body({"Name": "video", "Image": "registry/worker:1"}, TAG)
NEW = desired_body({"Name": "video", "Image": "registry/worker:2", "WorkersMax": "5"}, TAG)


class Account:
    """`domain.endpoint.Endpoints` in memory, with one foreign endpoint among them."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.created = 0
        self.create(OLD | {"name": f"video-{OTHER_TAG}"})
        self.foreign = dict(self.endpoints)

    def list_endpoints(self) -> list[Live]:
        return [dict(live) for live in self.endpoints.values()]

    def read(self, endpoint_id: str) -> Live | None:
        return self.endpoints.get(endpoint_id)

    def unhealthy_workers(self, endpoint_id: str) -> int:
        return 0

    def create(self, body: Body) -> Live:
        self.created += 1
        created = {**body, "id": f"ep{self.created}", "createdAt": f"2026-01-01T00:00:{self.created:02d}Z"}
        self.endpoints[created["id"]] = created
        return dict(created)

    def update(self, endpoint_id: str, changes: Body) -> None:
        self.endpoints[endpoint_id] |= changes

    def delete(self, endpoint_id: str) -> None:
        self.endpoints.pop(endpoint_id, None)

    def ours(self) -> list[dict[str, Any]]:
        assert {name: live for name, live in self.endpoints.items() if not has_tag(live, TAG)} == self.foreign
        return [live for live in self.endpoints.values() if has_tag(live, TAG)]


class Stack:
    """The three use cases over one account. `known`: the endpoint's id in CloudFormation."""

    def __init__(self, *existing: Body, known: str | None = None) -> None:
        self.account, self.crash_points, self.known = Account(), CrashPoints(), known
        for body in existing:
            self.account.create(body)
        self.endpoints = self.crash_points.wrap(self.account)
        clock = FakeClock(0)
        self.retry_policy = RetryPolicy(
            clock=lambda: clock() / 1000, sleep=clock.sleep, random=lambda: 0.5, until=clock() / 1000 + 600
        )

    def create(self) -> EndpointResult:
        return ensure_endpoint(self.endpoints, NEW, TAG, None, self.retry_policy)

    def update(self) -> EndpointResult:
        return ensure_endpoint(self.endpoints, NEW, TAG, self.known, self.retry_policy)

    def delete(self) -> None:
        remove_endpoint(self.endpoints, TAG, self.known, self.retry_policy)

    def clean_up(self) -> None:
        """Delete what a failed create left, which CloudFormation does not know."""
        remove_endpoint(self.endpoints, TAG, None, self.retry_policy)

    def check(self) -> EndpointHealth:
        return check_endpoint(self.endpoints, str(self.known), 3, self.retry_policy)

    def crash(self, act: Callable[[], object], at: int) -> None:
        self.crash_points.plan(at)
        with pytest.raises(Crash):
            act()

    def only_endpoint(self) -> str:
        """Return the id of the only endpoint, which must have the desired settings."""
        (live,) = self.account.ours()
        assert {name: live[name] for name in NEW} == NEW
        return str(live["id"])


Begin = Callable[[], Stack]
DOWN = OLD | {"workers": OLD["workers"] | {"max": 0}}
ENSURE_CASES: dict[str, tuple[Begin, Callable[[Stack], EndpointResult]]] = {
    "create": (Stack, Stack.create),
    "create with leftovers": (lambda: Stack(OLD), Stack.create),
    "update": (lambda: Stack(OLD, known="ep2"), Stack.update),
    "update of the younger of two": (lambda: Stack(OLD, OLD, known="ep3"), Stack.update),
    "update of one that is gone": (lambda: Stack(known="ep9"), Stack.update),
    "update of one of three": (lambda: Stack(OLD, NEW, OLD, known="ep3"), Stack.update),
}
REMOVE_CASES: dict[str, tuple[Begin, Callable[[Stack], None]]] = {
    "delete": (lambda: Stack(OLD, known="ep2"), Stack.delete),
    "delete of one of three": (lambda: Stack(OLD, OLD, NEW, known="ep3"), Stack.delete),
    "delete of leftovers": (lambda: Stack(OLD, NEW), Stack.delete),
}


def count_boundaries(begin: Begin, act: Callable[[Stack], object]) -> range:
    stack = begin()
    stack.crash_points.plan(None)
    act(stack)
    assert stack.crash_points.boundary_count >= 2
    return range(stack.crash_points.boundary_count)


def surviving_id(stack: Stack) -> str | None:
    """Return the id of an existing endpoint, which must be kept so that its jobs continue."""
    existing = {live["id"] for live in stack.account.ours()}
    return stack.known if stack.known in existing else None


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", ENSURE_CASES)
def test_crash_during_ensure_is_repaired_by_the_next(name: str) -> None:
    begin, act = ENSURE_CASES[name]
    for at, again in itertools.product(count_boundaries(begin, act), repeat=2):
        stack = begin()
        same = surviving_id(stack)
        stack.crash(partial(act, stack), at)
        # The second one may have less to do than the first and not crash.
        stack.crash_points.plan(again)
        with suppress(Crash):
            act(stack)
        stack.crash_points.clear_plan()
        done = act(stack)
        assert done.endpoint_id == stack.only_endpoint()
        assert same in {None, done.endpoint_id}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", REMOVE_CASES)
def test_crash_during_removal_is_completed_by_the_next(name: str) -> None:
    begin, act = REMOVE_CASES[name]
    for at in count_boundaries(begin, act):
        stack = begin()
        stack.crash(partial(act, stack), at)
        act(stack)
        assert stack.account.ours() == []


@pytest.mark.fault("K3")
def test_clean_up_keeps_the_replacement() -> None:
    for at in count_boundaries(lambda: Stack(OLD, known="ep9"), Stack.delete):
        stack = Stack(OLD, known="ep9")
        stack.crash(stack.delete, at)
        stack.delete()
        assert [live["id"] for live in stack.account.ours()] == ["ep2"]


@pytest.mark.fault("K3")
def test_crashed_create_is_removed_with_the_stack() -> None:
    for at in count_boundaries(Stack, Stack.create):
        for then in count_boundaries(lambda: Stack(OLD), Stack.clean_up):
            stack = Stack()
            stack.crash(stack.create, at)
            if stack.account.ours():
                stack.crash(stack.clean_up, then)
            stack.clean_up()
            assert stack.account.ours() == []


@pytest.mark.fault("K3")
def test_crash_during_the_check_is_harmless() -> None:
    def begin() -> Stack:
        return Stack(DOWN, known="ep2")

    for at in count_boundaries(begin, Stack.check):
        stack = begin()
        stack.crash(stack.check, at)
        seen = stack.check()
        assert (seen.workers_max, seen.failure) == (3, None)
        (live,) = stack.account.ours()
        assert live == OLD | {"id": "ep2", "createdAt": live["createdAt"]}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", ENSURE_CASES)
def test_concurrent_ensures_leave_one_endpoint(name: str) -> None:
    """Lambda froze the first between two calls and resumes it after the second has finished."""
    begin, act = ENSURE_CASES[name]
    for at in count_boundaries(begin, act):
        stack = begin()
        results: list[EndpointResult] = []
        stack.crash_points.plan(at, lambda stack=stack, results=results: results.append(act(stack)))
        results.append(act(stack))
        assert {done.endpoint_id for done in results} == {stack.only_endpoint()}
        assert len(results) == 2


@pytest.mark.parametrize("name", [*ENSURE_CASES, *REMOVE_CASES])
def test_refused_and_unanswered_calls_are_retried(name: str) -> None:
    begin, act = (ENSURE_CASES | REMOVE_CASES)[name]
    for at in count_boundaries(begin, act):
        stack = begin()

        def lose(stack: Stack = stack) -> None:
            raise (
                ProviderUnknown("reset")
                if stack.crash_points.names[-1].startswith("after")
                else ProviderRefused("http_503")
            )

        before = stack.account.created
        stack.crash_points.plan(at, lose)
        act(stack)
        if name in ENSURE_CASES:
            stack.only_endpoint()
            # A create without a response is found, not repeated.
            assert stack.account.created - before <= (surviving_id(begin()) is None)
        else:
            assert stack.account.ours() == []
