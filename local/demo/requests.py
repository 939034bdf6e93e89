"""The jobs of the demo: one of each operation, and a vertical short; and the files that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract.documentation.command_line import output_names
from contract.documentation.describe import describe
from contract.operations import OPERATIONS
from contract.options.inputs import MUSIC, NARRATION, PHOTO, SECOND_PHOTO
from local.samples.server import EXAMPLES, THIRD_PHOTO
from local.settings import has_speech

SHORT = {
    "images": [PHOTO, SECOND_PHOTO, THIRD_PHOTO],
    "url_audio": NARRATION,
    "music": MUSIC,
    "captions": "Three pictures.\nOne voice, and music.\nAnd every word in its time.",
    "style": "karaoke",
    "aspect_ratio": "9:16",
    "resolution": "720p",
    "sidecar": ["srt"],
}
"""A vertical video from three pictures, a voice, music and a text without times, and its captions as a file."""
_NO_SPEECH = "Not run, since no speech recognition is installed here (make demo SPEECH=1): "


def outputs_in(out: Path) -> list[Path]:
    """Return the files that a run writes."""
    wanted = requests({})
    made = {name: OPERATIONS[kind].model_validate(body).artifacts() for name, (kind, body) in wanted.items()}
    names = {name: [artifact.name for artifact in artifacts] for name, artifacts in made.items()}
    return [path for name, artifacts in names.items() for path in output_paths(out, name, artifacts).values()]


def output_paths(out: Path, name: str, artifacts: Sequence[str]) -> dict[str, Path]:
    """Return where the files of the job of this name are saved, by the names of the artifacts."""
    main = out / f"{name}{Path(artifacts[0]).suffix}"
    return {artifact: Path(path) for artifact, path in output_names(str(main), artifacts).items()}


def requests(urls: Mapping[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the kind and body of each job by its name: one of each operation, and a short.

    `urls` are those of the demo's files, by the URLs of the samples' examples.
    """
    each = {kind: (kind, describe(model).smallest) for kind, model in OPERATIONS.items()}
    wanted = {**each, "short": ("slideshow", SHORT)}
    return {name: (kind, _with_urls(body, urls)) for name, (kind, body) in wanted.items()}


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


def _with_urls(value: Any, urls: Mapping[str, str]) -> Any:
    """Return a body with the URLs of the demo's files in place of those of the examples."""
    if isinstance(value, Mapping):
        return {name: _with_urls(entry, urls) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_urls(entry, urls) for entry in value]
    return urls.get(EXAMPLES.get(value, ""), value) if isinstance(value, str) else value
