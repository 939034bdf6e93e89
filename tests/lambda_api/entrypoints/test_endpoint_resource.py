"""The custom resource, from CloudFormation's requests to RunPod's management API over real HTTP."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_api.adapters.cloudformation import ResponseNotSent
from lambda_api.adapters.runpod_endpoints import BOUNDS, RunpodEndpoints
from lambda_api.domain.errors import Unavailable
from lambda_api.entrypoints import runpod_endpoint
from lambda_api.entrypoints.runpod_endpoint import NEVER_CREATED, UNCONFIRMED
from lambda_api.observability.logs import logger
from tests.support.cloudformation import STACK_ID, Stack
from tests.support.gateway import golden
from tests.support.runpod import KEY, Management, management
from tests.support.scripted_server import Peer, answer, closed_url, peer

PROPERTIES = golden("cloudformation/create")["ResourceProperties"]
SLOW = {"mode": "timeout", "seconds": 0.25}


class FakeTime:
    """Sleeping takes no time, and is counted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def runpod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    with management(tmp_path_factory.mktemp("runpod")) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[Peer]:
    with peer() as running:
        yield running


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(runpod_endpoint, "time", fake)
    return fake


@pytest.fixture
def stack(runpod: Management, site: Peer, clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.delenv("RUNPOD_SECRET_ARN", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("RUNPOD_MANAGEMENT_URL", runpod.url)
    impatient = partial(RunpodEndpoints, bounds=replace(BOUNDS, connect=0.05, read=0.1))
    monkeypatch.setattr(runpod_endpoint, "RunpodEndpoints", impatient)
    yield Stack(handle, site)
    clear(runpod)


def clear(runpod: Management) -> None:
    runpod.faults()
    for endpoint in runpod.emulator.endpoints.list_all():
        if endpoint["id"] != "local":
            runpod.emulator.endpoints.delete(endpoint["id"])


def handle(event: dict[str, Any], seconds: float = 120) -> Any:
    context = SimpleNamespace(
        function_name="endpoint", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="r",
        get_remaining_time_in_millis=lambda: seconds * 1000,
    )  # fmt: skip
    return runpod_endpoint.handler(event, context)


def ours(runpod: Management) -> list[dict[str, Any]]:
    return runpod.named("api-gpu-")


def changed(**properties: Any) -> dict[str, Any]:
    return PROPERTIES | properties


def test_endpoint_is_created_updated_and_deleted(stack: Stack, runpod: Management) -> None:
    assert stack.create(PROPERTIES)
    (made,) = ours(runpod)
    assert stack.resource_id == made["id"]
    assert made["env"] == {"RUNPOD_LOG_LEVEL": "INFO"}
    assert made["gpu"]["pools"] == ["AMPERE_16", "AMPERE_24", "ADA_24"]
    assert (made["workers"], made["timeout"], made["flashboot"]) == (
        {"min": 0, "max": 10, "idleTimeout": 5}, 600_000, "FLASHBOOT",
    )  # fmt: skip

    assert stack.update(changed(Image="registry/worker:2", Name="renamed", WorkersMax="20"))
    (updated,) = runpod.named("renamed-")
    assert (updated["id"], updated["image"], updated["workers"]["max"]) == (made["id"], "registry/worker:2", 20)
    assert stack.resource_id == made["id"], "jobs in flight would be lost"

    assert stack.delete()
    assert [endpoint["id"] for endpoint in runpod.emulator.endpoints.list_all()] == ["local"]


def test_update_sends_only_what_differs(stack: Stack, runpod: Management) -> None:
    """A patch of the image is a rolling release; one that changes nothing should not be one."""
    stack.create(PROPERTIES)
    runpod.faults(endpoint_update="400")
    assert stack.update(PROPERTIES)


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_repeated_request_changes_nothing(stack: Stack, runpod: Management, kind: str) -> None:
    assert stack.create(PROPERTIES, deliveries=2 if kind == "create" else 1)
    if kind == "update":
        assert stack.update(changed(Image="registry/worker:2"), deliveries=2)
    assert len(ours(runpod)) == 1
    assert stack.delete(deliveries=2 if kind == "delete" else 1)
    assert not ours(runpod)


@pytest.mark.parametrize("mode", ["429", "500", "accept_then_reset", SLOW])
@pytest.mark.parametrize("call", ["read", "create", "update", "delete"])
def test_transient_management_error_is_retried(stack: Stack, runpod: Management, call: str, mode: Any) -> None:
    fault = mode if isinstance(mode, dict) else {"mode": mode}
    if (call, mode) == ("read", "accept_then_reset"):
        fault = {"mode": "500"}
    runpod.faults(**{f"endpoint_{call}": fault | {"times": 2}})
    assert stack.create(PROPERTIES)
    assert len(ours(runpod)) == 1
    assert stack.update(changed(Image="registry/worker:2"))
    assert ours(runpod)[0]["image"] == "registry/worker:2"
    assert stack.delete()
    assert not ours(runpod)


def test_retry_after_is_honored(stack: Stack, runpod: Management, clock: FakeTime) -> None:
    runpod.faults(endpoint_create={"mode": "429", "times": 1})
    assert stack.create(PROPERTIES)
    assert clock.slept == [1.0]


def test_create_answered_too_late_is_found(
    stack: Stack, runpod: Management, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "sleep", time.sleep)
    runpod.faults(endpoint_create={"mode": "accept_late", "seconds": 0.3, "times": 1})
    assert stack.create(PROPERTIES)
    assert [endpoint["id"] for endpoint in ours(runpod)] == [stack.resource_id]


@pytest.mark.parametrize(
    ("faults", "reason", "resource_id"),
    [
        ({"endpoint_create": "400"}, "RunPod refused (400): fault injected", NEVER_CREATED),
        ({"endpoint_read": "401"}, "RunPod does not know the API key (401)", NEVER_CREATED),
        ({"endpoint_read": "429"}, "RunPod's rate limit is reached (429)", NEVER_CREATED),
        ({"endpoint_create": "429"}, "RunPod's rate limit is reached (429)", NEVER_CREATED),
        ({"endpoint_create": "500"}, "RunPod failed (500)", UNCONFIRMED),
        ({"endpoint_create": SLOW}, "RunPod did not answer", UNCONFIRMED),
    ],
)
def test_failed_create_leaves_no_endpoint(
    stack: Stack, runpod: Management, faults: Any, reason: str, resource_id: str
) -> None:
    runpod.faults(**faults)
    assert not stack.create(PROPERTIES)
    assert (stack.answers[-1]["Reason"], stack.resource_id) == (reason, resource_id)
    runpod.faults()
    assert stack.delete()
    assert not ours(runpod)


def test_create_with_unknown_outcome_is_not_repeated(
    stack: Stack, runpod: Management, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = RunpodEndpoints.create

    def create_and_go_deaf(*args: Any) -> Any:
        runpod.emulator.faults.set({"endpoint_read": "500"})
        return create(*args)

    runpod.faults(endpoint_create={"mode": "accept_then_reset", "times": 1})
    monkeypatch.setattr(RunpodEndpoints, "create", create_and_go_deaf)
    assert not stack.create(PROPERTIES)
    assert (len(ours(runpod)), stack.resource_id) == (1, UNCONFIRMED)
    runpod.faults()
    assert stack.delete()
    assert not ours(runpod)


def test_wrong_key_does_not_block_deletion_of_a_stack_without_endpoint(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "mistyped")
    assert not stack.create(PROPERTIES)
    assert stack.delete()


def test_wrong_key_fails_the_deletion_of_an_existing_endpoint(
    stack: Stack, runpod: Management, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack.create(PROPERTIES)
    monkeypatch.setenv("RUNPOD_API_KEY", "revoked")
    assert not stack.delete()
    assert stack.answers[-1]["PhysicalResourceId"] == ours(runpod)[0]["id"]


def test_placeholder_id_of_cloudformation_is_never_sent_to_runpod(stack: Stack, runpod: Management) -> None:
    stack.create(PROPERTIES)
    stack.resource_id = "api-gpu-RunpodEndpoint-1J2K3L4M5N6O7"
    assert stack.delete()
    assert not ours(runpod)


def test_endpoint_removed_by_hand_is_created_again(stack: Stack, runpod: Management) -> None:
    stack.create(PROPERTIES)
    gone = stack.resource_id
    runpod.emulator.endpoints.delete(str(gone))
    assert stack.update(changed(Image="registry/worker:2"))
    assert [endpoint["id"] for endpoint in ours(runpod)] == [stack.resource_id]
    assert stack.resource_id != gone
    assert stack.delete()
    assert not ours(runpod)


def test_removing_a_missing_endpoint_succeeds(stack: Stack, runpod: Management) -> None:
    stack.create(PROPERTIES)
    runpod.emulator.endpoints.delete(str(stack.resource_id))
    assert stack.delete()


def test_duplicate_endpoints_are_removed(stack: Stack, runpod: Management) -> None:
    stack.create(PROPERTIES)
    (first,) = ours(runpod)
    for _ in range(2):
        runpod.emulator.endpoints.add(f"double{_}", first | {"id": f"double{_}"})
    assert stack.update(changed(Image="registry/worker:2"))
    assert [endpoint["id"] for endpoint in ours(runpod)] == [first["id"]]


def test_endpoints_of_others_are_not_touched(stack: Stack, runpod: Management, site: Peer) -> None:
    twin = Stack(handle, site, f"{STACK_ID}-of-another-account")
    assert twin.create(PROPERTIES)
    assert stack.create(PROPERTIES)
    assert stack.resource_id != twin.resource_id
    assert stack.delete()
    assert [endpoint["id"] for endpoint in ours(runpod)] == [twin.resource_id]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"GpuPools": ["HOPPER_141"]}, "GpuPools must not contain HOPPER_141: the H200 has no video encoder (NVENC)"),
        ({"Image": "x y"}, "Image must be a Docker image reference"),
    ],
)
def test_invalid_properties_fail_with_the_reason(
    stack: Stack, runpod: Management, properties: Any, reason: str
) -> None:
    assert not stack.create(changed(**properties))
    assert stack.answers[-1]["Reason"] == reason
    assert stack.delete()
    assert not ours(runpod)


def test_failed_update_keeps_the_id_and_rolls_back(stack: Stack, runpod: Management) -> None:
    stack.create(PROPERTIES)
    before = stack.resource_id
    runpod.faults(endpoint_update="400")
    assert not stack.update(changed(Image="registry/worker:2"))
    assert stack.answers[-1]["PhysicalResourceId"] == before
    runpod.faults()
    assert stack.update(PROPERTIES)
    assert [(endpoint["id"], endpoint["image"]) for endpoint in ours(runpod)] == [(before, PROPERTIES["Image"])]


def test_request_of_an_unknown_kind_does_nothing(stack: Stack, runpod: Management) -> None:
    assert stack.send("Replace", ResourceProperties=PROPERTIES)["Status"] == "FAILED"
    assert not ours(runpod)


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_every_request_gets_a_response(stack: Stack, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError(KEY)

    monkeypatch.setattr(runpod_endpoint, "RunpodEndpoints", broken)
    result = stack.send(kind, ResourceProperties=PROPERTIES, PhysicalResourceId="4m7x2k9q")
    assert (result["Status"], result["PhysicalResourceId"]) == ("FAILED", "4m7x2k9q")
    assert result["Reason"] == "Unexpected KeyError; see the log of EndpointFunction"


def test_function_responds_before_its_timeout(stack: Stack, runpod: Management, site: Peer, clock: FakeTime) -> None:
    runpod.faults(endpoint_read="500")
    assert not stack.create(PROPERTIES)
    assert clock.now < 120 - 40


def test_response_cloudformation_refuses_is_sent_again(stack: Stack, runpod: Management) -> None:
    assert stack.create(PROPERTIES, lost_answers=2)
    assert stack.update(changed(Image="registry/worker:2"), lost_answers=4)
    assert len(ours(runpod)) == 1


def test_response_cloudformation_never_accepts_fails_the_invocation(stack: Stack, runpod: Management) -> None:
    """Lambda then delivers the request again, and the alarm on errors sees it."""
    event = golden("cloudformation/create") | {"ResponseURL": f"{closed_url()}/?Signature=planted"}
    with pytest.raises(ResponseNotSent) as result:
        handle(event)
    assert "planted" not in str(result.value)
    assert len(ours(runpod)) == 1


def test_log_has_neither_key_nor_signature(stack: Stack, runpod: Management) -> None:
    log = io.StringIO()
    before = logger.registered_handler.setStream(log)
    stack.create(PROPERTIES)
    runpod.faults(endpoint_update="400", endpoint_delete="401")
    stack.update(changed(Image="registry/worker:2"))
    stack.delete()
    logger.registered_handler.setStream(before)
    result = log.getvalue() + json.dumps(stack.answers)
    assert "endpoint_change_failed" in result
    assert KEY not in result
    assert "planted-signature" not in result


def test_quoted_refusal_is_redacted(stack: Stack, site: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    with peer() as strange:
        detail = f"key {KEY} may not https://user:secret@example/?token=secret\n" + "x" * 5000
        strange.replies = [answer(200, {"endpoints": []}), answer(422, {"detail": detail, "errors": [{"name": "no"}]})]
        monkeypatch.setenv("RUNPOD_MANAGEMENT_URL", strange.url)
        assert not stack.create(PROPERTIES)
    reason = stack.answers[-1]["Reason"]
    assert reason.startswith("RunPod refused (422): key [secret] may not [url] xxx")
    assert len(reason) < 400


def test_response_has_cloudformations_format(stack: Stack, site: Peer) -> None:
    stack.create(PROPERTIES)
    (request,) = site.seen
    assert (request.method, request.headers["content-type"]) == ("PUT", "")
    assert len(request.body) < 4096
    assert set(request.json) == {
        "Status", "Reason", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId",
    }  # fmt: skip


def test_key_is_read_from_the_secret_if_there_is_one(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    arns: list[str] = []
    monkeypatch.setattr("lambda_api.entrypoints.runpod_endpoint.read_secret", lambda _, arn: arns.append(arn) or KEY)
    monkeypatch.setenv("RUNPOD_API_KEY", "not this one")
    monkeypatch.setenv("RUNPOD_SECRET_ARN", "arn:secret")
    assert stack.create(PROPERTIES)
    assert set(arns) == {"arn:secret"}


@pytest.mark.parametrize(("denials", "made"), [(4, True), (5, False)])
def test_role_that_is_not_effective_yet_is_retried(
    stack: Stack, runpod: Management, clock: FakeTime, monkeypatch: pytest.MonkeyPatch, denials: int, made: bool
) -> None:
    answers = [Unavailable("No.", reason="GetSecretValue: AccessDeniedException")] * denials

    def read(_: object, arn: str) -> str:
        if answers:
            raise answers.pop()
        return KEY

    monkeypatch.setattr("lambda_api.entrypoints.runpod_endpoint.read_secret", read)
    monkeypatch.setenv("RUNPOD_SECRET_ARN", "arn:secret")
    assert stack.create(PROPERTIES) is made
    assert (len(ours(runpod)), len(clock.slept)) == (made, 4)


def test_missing_secret_fails_at_once(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: object, arn: str) -> str:
        raise Unavailable("No.", reason="GetSecretValue: ResourceNotFoundException")

    monkeypatch.setattr("lambda_api.entrypoints.runpod_endpoint.read_secret", read)
    monkeypatch.setenv("RUNPOD_SECRET_ARN", "arn:secret")
    assert not stack.create(PROPERTIES)


def test_missing_endpoint_is_created_again_by_an_unchanged_deployment(stack: Stack, runpod: Management) -> None:
    assert stack.create(PROPERTIES | {"Deployment": "1"})
    runpod.emulator.endpoints.delete(stack.resource_id)
    assert stack.update(PROPERTIES | {"Deployment": "2"})
    (again,) = ours(runpod)
    assert stack.resource_id == again["id"]


@pytest.mark.parametrize("name", ["create", "update", "delete"])
def test_golden_requests_are_handled(stack: Stack, runpod: Management, site: Peer, name: str) -> None:
    event = golden(f"cloudformation/{name}") | {"ResponseURL": f"{site.url}/answer"}
    if name != "create":
        first = golden("cloudformation/create") | {"ResponseURL": f"{site.url}/answer"}
        site.replies = [answer(200)]
        event["PhysicalResourceId"] = handle(first)["endpoint_id"]
    site.replies = [answer(200)]
    result = handle(event)
    assert result["failure"] is None
    assert len(ours(runpod)) == (name != "delete")
    if name == "update":
        assert ours(runpod)[0]["image"] == event["ResourceProperties"]["Image"]


FAULT = st.builds(
    lambda mode, times: {"mode": mode, "times": times},
    st.sampled_from(["401", "400", "429", "500"]),
    st.integers(1, 30),
)
CHANGE_FAULT = FAULT | st.builds(lambda times: {"mode": "accept_then_reset", "times": times}, st.integers(1, 30))
FAULTS = st.fixed_dictionaries(
    {},
    optional={
        # Recovery from a temporarily wrong key is not required.
        "endpoint_read": FAULT.filter(lambda fault: fault["mode"] in {"429", "500"}),
        "endpoint_create": CHANGE_FAULT,
        "endpoint_update": CHANGE_FAULT,
        "endpoint_delete": CHANGE_FAULT,
    },
)
STEP = st.tuples(st.sampled_from(["update", "rename", "by hand"]), FAULTS, st.integers(1, 3), st.integers(0, 4))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.tuples(FAULTS, st.integers(1, 3), st.integers(0, 4)), steps=st.lists(STEP, max_size=5), last=FAULTS)
def test_stack_has_exactly_one_endpoint_until_it_is_deleted(
    stack: Stack, runpod: Management, site: Peer, first: Any, steps: Any, last: Any
) -> None:
    clear(runpod)
    stack = Stack(handle, site)
    calm: Callable[[], None] = runpod.faults
    faults, deliveries, lost = first
    runpod.faults(**faults)
    if not stack.create(PROPERTIES, deliveries=deliveries, lost_answers=lost):
        stack.until_done(stack.delete, calm)
        assert [e["id"] for e in runpod.emulator.endpoints.list_all()] == ["local"]
        return
    for number, (kind, faults, deliveries, lost) in enumerate(steps):
        if kind == "by hand":
            runpod.emulator.endpoints.delete(str(stack.resource_id))
        before = stack.properties
        wish = changed(Image=f"registry/worker:{number}", Name=f"name{number}" if kind == "rename" else "api-gpu")
        runpod.faults(**faults)
        if not stack.update(wish, deliveries=deliveries, lost_answers=lost):
            stack.until_done(partial(stack.update, dict(before or {})), calm)
        live = [e for e in runpod.emulator.endpoints.list_all() if e["id"] != "local"]
        assert [(e["id"], e["image"]) for e in live] == [(stack.resource_id, (stack.properties or {})["Image"])]
    runpod.faults(**last)
    stack.until_done(stack.delete, calm)
    assert [e["id"] for e in runpod.emulator.endpoints.list_all()] == ["local"]
