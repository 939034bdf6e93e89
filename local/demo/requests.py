"""The jobs of the demo: one of each operation, and a vertical short; and the files that they make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.operations import OPERATIONS, Operation, Role
from contract.operations.describe import describe
from contract.operations.inputs import ROLES
from local.settings import has_speech

_SHORT = {
    "style": "karaoke",
    "size": "720x1280",
    "captions": "One picture.\nOne voice.\nAnd every word in its time.",
    "sidecar": ["srt"],
}
"""A vertical video from a picture, a voice and a text without times, and its captions as a file."""
_NO_SPEECH = "Not run, since no speech recognition is installed here (make demo SPEECH=1): "
_PLACEHOLDER = "https://example.com/file"


def outputs_in(out: Path) -> list[Path]:
    """Return the files that a run writes."""
    wanted = requests(dict.fromkeys(Role, _PLACEHOLDER))
    made = {name: OPERATIONS[kind].model_validate(body).artifacts() for name, (kind, body) in wanted.items()}
    return [output_path(out, name, artifact.name) for name, artifacts in made.items() for artifact in artifacts]


def output_path(out: Path, name: str, artifact: str) -> Path:
    """Return where a file of the job of this name is saved."""
    return out / f"{name}{Path(artifact).suffix}"


def requests(urls: Mapping[Role, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the kind and body of each job by its name: one of each operation, and a short."""
    each = {kind: (kind, request_body(model, urls)) for kind, model in OPERATIONS.items()}
    short = {"url_image": urls[Role.IMAGE], "url_audio": urls[Role.AUDIO], **_SHORT}
    return {**each, "short": ("compose", short)}


def select_possible(wanted: Mapping[str, tuple[str, dict[str, Any]]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the jobs that the local workers can do, and name the others."""
    possible = {
        name: (kind, body)
        for name, (kind, body) in wanted.items()
        if has_speech() or not OPERATIONS[kind].model_validate(body).needs_speech()
    }
    if len(possible) < len(wanted):
        print(_NO_SPEECH + ", ".join(name for name in wanted if name not in possible), flush=True)
    return possible


def request_body(operation: type[Operation], urls: Mapping[Role, str]) -> dict[str, Any]:
    """Return the operation's smallest example with the URLs of the demo's files."""
    example = describe(operation).smallest
    return {name: urls[ROLES[name]] if name in ROLES else value for name, value in example.items()}
