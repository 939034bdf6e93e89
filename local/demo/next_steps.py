"""The commands that make the demo's short again with `api-gpu`: printed at the end of the demo."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.demo.requests import SHORT
from local.samples.server import PATH, SAMPLES
from local.settings import API_KEY

_URL = "http://127.0.0.1:8000"
"""The default address of `make up`."""


def next_steps(given: Mapping[str, Path]) -> list[str]:
    """Return three commands. `given`: the user's own files, by the URLs of the samples that they replace."""
    files = {url: f"{_URL}{PATH}/{sample.name}" for url, sample in SAMPLES.items()}
    files |= {url: str(path) for url, path in given.items()}
    return [
        "make up          # in another terminal, until Ctrl-C",
        f"export API_GPU_URL={_URL} API_GPU_KEY={API_KEY}",
        shlex.join([".venv/bin/api-gpu", "slideshow", *_arguments(SHORT, files), "-o", "short.mp4"]),
    ]


def _arguments(body: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    """Return a request as a command line: its pictures, then each other field as an option."""
    found = [files[picture] for picture in body["images"]]
    for name, value in body.items():
        if name != "images":
            for entry in value if isinstance(value, list) else [value]:
                # A text of several lines would end in the middle of what people copy.
                found += [f"--{name.removeprefix('url_').replace('_', '-')}", files.get(entry, " ".join(entry.split()))]
    return found
