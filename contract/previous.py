"""Messages in contract version 1, which had one output and no list of artifacts.

The other side may still have the release before. A gateway sends version 1 wherever it can state a job; a worker
answers in the version of the job's message. When version 3 comes, this module is written anew for version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contract.artifacts import OUTPUT_VIDEO
from contract.base import CONTRACT_VERSION, PREVIOUS_VERSION
from contract.options.stored import stored_field

if TYPE_CHECKING:
    from contract.operations import Operation

Json = dict[str, Any]

_OPERATIONS: Mapping[str, frozenset[str]] = {
    "addaudio": frozenset({"url_video", "url_audio", "mode", "volume"}),
    "caption": frozenset({"url_video", "url_srt"}),
    "compose": frozenset(
        {"url_image", "url_video", "url_audio", "url_srt", "duration", "frame_rate", "size", "fit"},
    ),
    "img2vid": frozenset({"url_image", "duration", "frame_rate", "size", "fit"}),
}
"""The operations of version 1 and their fields. A worker of that release ignores all others."""

_CHOICES: Mapping[str, frozenset[object]] = {
    "mode": frozenset({"replace", "mix"}),
    "fit": frozenset({"cover", "contain"}),
}
"""The choices of version 1 in fields that have more since then."""


def earliest_version(operation: Operation) -> int:
    """Return the earliest version whose workers do all that the operation requests.

    Argument: the operation as it is stored. An older worker cannot read the captions that a reference stands for.
    """
    requested = operation.requested()
    has_stored = any(stored_field(given.url) is not None for given in operation.inputs())
    is_known = requested.keys() <= _OPERATIONS.get(operation.kind, frozenset()) and all(
        requested.get(name) in {None, *choices} for name, choices in _CHOICES.items()
    )
    return PREVIOUS_VERSION if is_known and not has_stored else CONTRACT_VERSION


def is_previous(raw: Any) -> bool:
    """Return True for a message as version 1 has it."""
    return isinstance(raw, dict) and raw.get("contract_version") == PREVIOUS_VERSION and "artifacts" not in raw


def upgrade_job(message: Json) -> Json:
    """Return a `WorkerJob` with a list of artifacts. Its version stays: the worker answers in it."""
    slot = {**_output(message), "name": OUTPUT_VIDEO.name, "content_type": OUTPUT_VIDEO.content_type}
    return {**message, "artifacts": [slot]}


def downgrade_job(message: Json) -> Json:
    """Return a `WorkerJob` with its only artifact as the output. Fields without a value have that worker's defaults."""
    operation = {name: value for name, value in message["operation"].items() if value is not None}
    return _without_artifacts(message) | {"operation": operation, "output": output_of(message)}


def upgrade_manifest(manifest: Json) -> Json:
    """Return a `ResultManifest` with a list of artifacts, invalid if the key is not that of the job's video."""
    output = _output(manifest)
    if output.get("key") != _key(manifest, OUTPUT_VIDEO.name):
        return {**manifest, "artifacts": []}
    return {**manifest, "artifacts": [{**output, **OUTPUT_VIDEO._asdict()}]}


def downgrade_manifest(manifest: Json) -> Json:
    """Return a `ResultManifest` with its only artifact as the output."""
    return _without_artifacts(manifest) | {"output": output_of(manifest)}


def output_of(message: Json) -> Json:
    """Return the main artifact of a message as version 1 has it."""
    main = message["artifacts"][0]
    facts = {name: value for name, value in main.items() if name not in {"name", "kind", "content_type"}}
    return {"key": _key(message, main["name"]), **facts}


def _output(message: Json) -> Json:
    output = message.get("output")
    return output if isinstance(output, dict) else {}


def _without_artifacts(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "artifacts"}


def _key(message: Json, name: str) -> str:
    """Return the key of a file in the bucket."""
    return f"jobs/{message.get('job_id')}/{name}"
