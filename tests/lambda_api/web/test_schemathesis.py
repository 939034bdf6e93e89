"""Schemathesis sends requests that the API's document allows, and many that it forbids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS as REGISTRY
from schemathesis.checks import load_all_checks
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.specs.openapi.formats import unregister_string_format
from schemathesis.transport.wsgi import WSGITransport

from tests.support.fakes import World
from tests.support.request_rules import complete_schema
from tests.support.wsgi import Wsgi

CHECKS = {
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "use_after_free",
    "ensure_resource_availability", "ignored_auth", "unsupported_method", "missing_required_header",
    "allow_header_conformance", "object_level_authorization",
}  # fmt: skip
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
SEED = 20_261_124

HOSTS = ["media.example", "a-b.media.example.com", "media.example:8443", "93.184.216.34", "[2606:4700::6810:84e5]"]
PATHS = st.lists(st.sampled_from([*"abcXYZ019-._~/", "%20", "%C3%A9"]), max_size=20).map("".join)
QUERIES = st.sampled_from(["", "?a=b&X=%2F", "?signature=a+b/=="])
LONGEST = st.sampled_from([4095, 4096]).map(lambda length: "https://media.example/".ljust(length, "a"))
FORMATS = {
    # No schema can express which hosts and ports are public, or the content of a cursor.
    "uri": LONGEST | st.builds("https://{}/{}{}".format, st.sampled_from(HOSTS), PATHS, QUERIES),
    # Two days must be in order, and within 400 days.
    "day": st.sampled_from(["2027-01-10", "2027-01-10T23:59:59Z"]),
    "cursor": st.builds("{:015d}#job-{}".format, st.integers(0, 10**15 - 1), st.integers(1, 9)),
}


REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
EXPECTED = ["2xx", "3xx", "401", "403", "404", "409", "413", "429", "5xx"]


@dataclass
class Findings:
    cases: int = 0
    phases: set[str] = field(default_factory=set)
    checks: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    """Responses to requests about a job that the previous request created."""
    failures: list[str] = field(default_factory=list)


@pytest.fixture
def schemathesis_setup(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the formats of our document, and call the application in this process."""
    send = WSGITransport.send

    def without_network(self: WSGITransport, case: Any, **options: Any) -> Any:
        # Some checks send their own requests, and 4.32 passes network options to an application too.
        kept = {name: value for name, value in options.items() if name not in {"max_redirects", "verify", "cert"}}
        return send(self, case, **kept)

    monkeypatch.setattr(WSGITransport, "send", without_network)
    for name, strategy in FORMATS.items():
        schemathesis.openapi.format(name, strategy)
    schemathesis.hook("before_load_schema")(complete_schema)
    yield
    schemathesis.hooks.unregister_all()
    for name in FORMATS:
        unregister_string_format(name)


def test_every_schemathesis_check_is_used() -> None:
    """A new release may add checks; this list shows which ones run."""
    load_all_checks()
    assert set(REGISTRY.get_all_names()) == CHECKS


@pytest.mark.no_cover  # It would double the time.
@pytest.mark.usefixtures("schemathesis_setup")
@pytest.mark.parametrize(
    ("examples", "at_least"), [(8, 600), pytest.param(600, 5000, marks=[pytest.mark.full, pytest.mark.timeout(600)])]
)
def test_responses_match_the_document(examples: int, at_least: int) -> None:
    app = Wsgi(World())
    found = explore(app, examples)
    assert not found.failures, "\n\n".join(found.failures[:5])
    assert found.phases == PHASES
    assert set(found.checks) == CHECKS
    # Schemathesis expects a created resource below the path that created it; our jobs are elsewhere.
    assert {answer.partition(" ")[0] for answer in found.followed} == {"DELETE", "GET", "POST"}
    # No job finishes here, so none has files to link to.
    assert set(found.followed) <= {
        "GET 200",
        "GET 409",
        "GET 422",
        "POST 200",
        "POST 202",
        "POST 401",
        "POST 400",
        "POST 409",
        "POST 422",
        "DELETE 204",
    }
    assert found.followed.total() >= 25
    assert min(found.cases, app.requests) >= at_least


def explore(app: Wsgi, examples: int) -> Findings:
    config = schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "headers": {"X-API-Key": "local-key"},
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {"stateful": {"max-steps": 10}},
            "cache": {"enabled": False},
            # 413: a hundred long URLs are more than 256 KiB.
            "checks": {
                "positive_data_acceptance": {"expected-statuses": EXPECTED},
                "negative_data_rejection": {"expected-statuses": REFUSALS},
            },
            # The bytes of an upload never arrive here.
            "operations": [
                {
                    "include-name": "POST /uploads/{upload_id}/complete",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*EXPECTED, "422"]}},
                }
            ],
            # Otherwise it sends constants from our code, such as addresses that must be refused.
            "analysis": {"constants": {"enabled": False}},
            "continue-on-failure": True,
            # Combinations of optional inputs: most values that are generated break one of the rules.
            "suppress-health-check": ["filter_too_much"],
        }
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    found = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.failures.append(f"{event.label}: {event.value!r} {event.value}")
        if isinstance(event, events.ScenarioFinished):
            record(found, event)
    return found


def record(found: Findings, event: events.ScenarioFinished) -> None:
    interactions = len(event.recorder.interactions)
    found.cases += interactions
    if interactions:
        found.phases.add(event.phase.value)
    found.followed.update(follow(event.recorder))
    for checks in event.recorder.checks.values():
        for check in checks:
            found.checks[check.name] += 1
            if check.failure_info is not None:
                failure, sent = check.failure_info.failure, check.failure_info.code_sample
                found.failures.append(f"{check.name}: {failure.title}: {failure.message}\n{sent}")


def follow(recorder: ScenarioRecorder) -> Iterator[str]:
    for case_id, node in recorder.cases.items():
        created = recorder.interactions.get(node.parent_id or "")
        requested = recorder.interactions.get(case_id)
        if requested is None or created is None or requested.response is None or created.response is None:
            continue
        if created.response.status_code == 202 and created.response.json()["job_id"] == node.value.path_parameters.get(
            "job_id"
        ):
            yield f"{node.value.method} {requested.response.status_code}"
