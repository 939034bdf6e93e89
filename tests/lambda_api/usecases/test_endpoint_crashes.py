"""What keeps the endpoint at RunPod dies, freezes or hears nothing at each boundary, and CloudFormation asks again.

Lambda delivers an asynchronous event again when its function has died; so does CloudFormation's next request.
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

MARK, OTHER_MARK = "0123456789", "9876543210"
OLD = desired_body({"Name": "video", "Image": "registry/worker:1"}, MARK)
NEW = desired_body({"Name": "video", "Image": "registry/worker:2", "WorkersMax": "5"}, MARK)


class Account:
    """`domain.endpoint.Endpoints` as RunPod keeps them, and one of somebody else's among them."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.made = 0
        self.create(OLD | {"name": f"video-{OTHER_MARK}"})
        self.foreign = dict(self.endpoints)

    def list_endpoints(self) -> list[Live]:
        return [dict(live) for live in self.endpoints.values()]

    def read(self, endpoint_id: str) -> Live | None:
        return self.endpoints.get(endpoint_id)

    def unhealthy_workers(self, endpoint_id: str) -> int:
        return 0

    def create(self, body: Body) -> Live:
        self.made += 1
        made = {**body, "id": f"ep{self.made}", "createdAt": f"2026-01-01T00:00:{self.made:02d}Z"}
        self.endpoints[made["id"]] = made
        return dict(made)

    def update(self, endpoint_id: str, changes: Body) -> None:
        self.endpoints[endpoint_id] |= changes

    def delete(self, endpoint_id: str) -> None:
        self.endpoints.pop(endpoint_id, None)

    def ours(self) -> list[dict[str, Any]]:
        assert {name: live for name, live in self.endpoints.items() if not has_tag(live, MARK)} == self.foreign
        return [live for live in self.endpoints.values() if has_tag(live, MARK)]


class Stack:
    """The three use cases over one account. `known`: the id by which CloudFormation knows the endpoint."""

    def __init__(self, *there: Body, known: str | None = None) -> None:
        self.account, self.crash_points, self.known = Account(), CrashPoints(), known
        for body in there:
            self.account.create(body)
        self.endpoints = self.crash_points.wrap(self.account)
        clock = FakeClock(0)
        self.patience = RetryPolicy(
            clock=lambda: clock() / 1000, sleep=clock.sleep, random=lambda: 0.5, until=clock() / 1000 + 600
        )

    def create(self) -> EndpointResult:
        return ensure_endpoint(self.endpoints, NEW, MARK, None, self.patience)

    def update(self) -> EndpointResult:
        return ensure_endpoint(self.endpoints, NEW, MARK, self.known, self.patience)

    def delete(self) -> None:
        remove_endpoint(self.endpoints, MARK, self.known, self.patience)

    def clean_up(self) -> None:
        """The deletion of what was never known: its creation failed."""
        remove_endpoint(self.endpoints, MARK, None, self.patience)

    def look(self) -> EndpointHealth:
        return check_endpoint(self.endpoints, str(self.known), 3, self.patience)

    def dies(self, act: Callable[[], object], at: int) -> None:
        self.crash_points.plan(at)
        with pytest.raises(Crash):
            act()

    def one(self) -> str:
        """The id of the one endpoint that there is, as it should be."""
        (live,) = self.account.ours()
        assert {name: live[name] for name in NEW} == NEW
        return str(live["id"])


Begin = Callable[[], Stack]
DOWN = OLD | {"workers": OLD["workers"] | {"max": 0}}
MADE: dict[str, tuple[Begin, Callable[[Stack], EndpointResult]]] = {
    "create": (Stack, Stack.create),
    "create beside remains": (lambda: Stack(OLD), Stack.create),
    "update": (lambda: Stack(OLD, known="ep2"), Stack.update),
    "update of the younger of two": (lambda: Stack(OLD, OLD, known="ep3"), Stack.update),
    "update of one that is gone": (lambda: Stack(known="ep9"), Stack.update),
    "update of one of three": (lambda: Stack(OLD, NEW, OLD, known="ep3"), Stack.update),
}
GONE: dict[str, tuple[Begin, Callable[[Stack], None]]] = {
    "delete": (lambda: Stack(OLD, known="ep2"), Stack.delete),
    "delete of one of three": (lambda: Stack(OLD, OLD, NEW, known="ep3"), Stack.delete),
    "delete of remains": (lambda: Stack(OLD, NEW), Stack.delete),
}


def boundaries(begin: Begin, act: Callable[[Stack], object]) -> range:
    stack = begin()
    stack.crash_points.plan(None)
    act(stack)
    assert stack.crash_points.boundary_count >= 2
    return range(stack.crash_points.boundary_count)


def expected(stack: Stack) -> str | None:
    """An endpoint that is there stays the same one: its jobs go on."""
    there = {live["id"] for live in stack.account.ours()}
    return stack.known if stack.known in there else None


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", MADE)
def test_who_dies_while_making_it_leaves_one_to_the_next(name: str) -> None:
    begin, act = MADE[name]
    for at, again in itertools.product(boundaries(begin, act), repeat=2):
        stack = begin()
        same = expected(stack)
        stack.dies(partial(act, stack), at)
        # The second one may have less to do than the first, and live.
        stack.crash_points.plan(again)
        with suppress(Crash):
            act(stack)
        stack.crash_points.clear_plan()
        done = act(stack)
        assert done.endpoint_id == stack.one()
        assert same in {None, done.endpoint_id}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", GONE)
def test_who_dies_while_removing_it_leaves_none_to_the_next(name: str) -> None:
    begin, act = GONE[name]
    for at in boundaries(begin, act):
        stack = begin()
        stack.dies(partial(act, stack), at)
        act(stack)
        assert stack.account.ours() == []


@pytest.mark.fault("K3")
def test_the_clean_up_after_a_replacement_leaves_what_took_its_place() -> None:
    for at in boundaries(lambda: Stack(OLD, known="ep9"), Stack.delete):
        stack = Stack(OLD, known="ep9")
        stack.dies(stack.delete, at)
        stack.delete()
        assert [live["id"] for live in stack.account.ours()] == ["ep2"]


@pytest.mark.fault("K3")
def test_what_a_dead_creation_made_is_removed_with_the_stack() -> None:
    for at in boundaries(Stack, Stack.create):
        for then in boundaries(lambda: Stack(OLD), Stack.clean_up):
            stack = Stack()
            stack.dies(stack.create, at)
            if stack.account.ours():
                stack.dies(stack.clean_up, then)
            stack.clean_up()
            assert stack.account.ours() == []


@pytest.mark.fault("K3")
def test_who_dies_while_looking_does_no_harm() -> None:
    def begin() -> Stack:
        return Stack(DOWN, known="ep2")

    for at in boundaries(begin, Stack.look):
        stack = begin()
        stack.dies(stack.look, at)
        seen = stack.look()
        assert (seen.workers_max, seen.failure) == (3, None)
        (live,) = stack.account.ours()
        assert live == OLD | {"id": "ep2", "createdAt": live["createdAt"]}


@pytest.mark.fault("K3")
@pytest.mark.parametrize("name", MADE)
def test_two_that_make_it_side_by_side_leave_one(name: str) -> None:
    """Lambda stopped the first between two calls, and it goes on when the second has done all of it."""
    begin, act = MADE[name]
    for at in boundaries(begin, act):
        stack = begin()
        told: list[EndpointResult] = []
        stack.crash_points.plan(at, lambda stack=stack, told=told: told.append(act(stack)))
        told.append(act(stack))
        assert {done.endpoint_id for done in told} == {stack.one()}
        assert len(told) == 2


@pytest.mark.parametrize("name", [*MADE, *GONE])
def test_calls_that_are_not_taken_or_not_answered_are_made_good(name: str) -> None:
    begin, act = (MADE | GONE)[name]
    for at in boundaries(begin, act):
        stack = begin()

        def lose(stack: Stack = stack) -> None:
            raise (
                ProviderUnknown("reset")
                if stack.crash_points.names[-1].startswith("after")
                else ProviderRefused("http_503")
            )

        before = stack.account.made
        stack.crash_points.plan(at, lose)
        act(stack)
        if name in MADE:
            stack.one()
            # One that was made without an answer is found, not made again.
            assert stack.account.made - before <= (expected(begin()) is None)
        else:
            assert stack.account.ours() == []
