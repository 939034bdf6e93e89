"""Everything the document of the API allows, and much that it does not, drawn by Schemathesis and sent to the API."""

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
    # No schema can say which hosts and ports are public, nor what a page's cursor holds.
    "uri": LONGEST | st.builds("https://{}/{}{}".format, st.sampled_from(HOSTS), PATHS, QUERIES),
    "cursor": st.builds("{:015d}#job-{}".format, st.integers(0, 10**15 - 1), st.integers(1, 9)),
}


BLANK = [{"type": "null"}, {"type": "string", "pattern": r"^\s*$"}]


def as_it_is_meant(_: Any, document: dict[str, Any]) -> None:
    """Add what the document states in words only, so that code generators can read it.

    Those are blank fields, scalars in metadata, and which fields go together.
    """
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Request"):
            optional = schema["properties"].keys() - set(schema.get("required", ()))
            schema["properties"] |= {field: {"anyOf": [schema["properties"][field], *BLANK]} for field in optional}
            schema["additionalProperties"] = {"anyOf": BLANK}
            entries = schema["properties"]["metadata"]["anyOf"]
            entries[0]["additionalProperties"] = {"type": ["string", "number", "boolean", "null"]}
            entries.append({"type": "array", "maxItems": 0})
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if not parameter["required"]:
                    parameter["schema"] = {"anyOf": [parameter["schema"], BLANK[1]]}
    compose = schemas["ComposeRequest"]
    image, video, audio, srt = (given(name) for name in ("url_image", "url_video", "url_audio", "url_srt"))
    compose["oneOf"] = [image | {"not": video}, video | {"not": image, "anyOf": [audio, srt]}]


def given(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: {"type": "string", "pattern": r"\S"}}}


@dataclass
class Found:
    cases: int = 0
    phases: set[str] = field(default_factory=set)
    checks: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    """Answers to requests about a job that the request before had made."""
    failures: list[str] = field(default_factory=list)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The formats of our document, and a way to call an application in this process."""
    send = WSGITransport.send

    def without_network(self: WSGITransport, case: Any, **options: Any) -> Any:
        # Some checks send requests of their own, and 4.32 hands options of a network to an application too.
        kept = {name: value for name, value in options.items() if name not in {"max_redirects", "verify", "cert"}}
        return send(self, case, **kept)

    monkeypatch.setattr(WSGITransport, "send", without_network)
    for name, strategy in FORMATS.items():
        schemathesis.openapi.format(name, strategy)
    schemathesis.hook("before_load_schema")(as_it_is_meant)
    yield
    schemathesis.hooks.unregister_all()
    for name in FORMATS:
        unregister_string_format(name)


def test_no_check_that_schemathesis_has_is_left_out() -> None:
    """A new release may bring one; all those that are registered are made, and here they are counted."""
    load_all_checks()
    assert set(REGISTRY.get_all_names()) == CHECKS


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("examples", "at_least"), [(45, 1100), pytest.param(600, 5000, marks=[pytest.mark.full, pytest.mark.timeout(600)])]
)
def test_the_document_tells_the_truth(examples: int, at_least: int) -> None:
    app = Wsgi(World())
    try:
        found = explore(app, examples)
    finally:
        app.close()
    assert not found.failures, "\n\n".join(found.failures[:5])
    assert found.phases == PHASES
    assert set(found.checks) == CHECKS
    # Schemathesis looks for what was made below the path that made it; ours is elsewhere.
    assert {answer.partition(" ")[0] for answer in found.followed} == {"GET", "POST"}
    assert set(found.followed) <= {"GET 200", "POST 200", "POST 409"}
    assert found.followed.total() >= 25
    assert min(found.cases, app.requests) >= at_least


def explore(app: Wsgi, examples: int) -> Found:
    config = schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "headers": {"X-API-Key": "local-key"},
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {"stateful": {"max-steps": 10}},
            "cache": {"enabled": False},
            # Else it tries what it reads in our code, where it finds addresses that are meant to be refused.
            "analysis": {"constants": {"enabled": False}},
            "continue-on-failure": True,
        }
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.failures.append(repr(event))
        if isinstance(event, events.ScenarioFinished):
            note(found, event)
    return found


def note(found: Found, event: events.ScenarioFinished) -> None:
    answered = len(event.recorder.interactions)
    found.cases += answered
    if answered:
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
        made = recorder.interactions.get(node.parent_id or "")
        asked = recorder.interactions.get(case_id)
        if asked is None or made is None or asked.response is None or made.response is None:
            continue
        if made.response.status_code == 202 and made.response.json()["job_id"] == node.value.path_parameters.get(
            "job_id"
        ):
            yield f"{node.value.method} {asked.response.status_code}"
