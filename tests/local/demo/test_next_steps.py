"""The commands that the demo prints are those that make its short."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contract.operations.slideshow import Slideshow
from contract.options.inputs import PHOTO
from local.demo.next_steps import next_steps
from local.demo.requests import SHORT
from local.samples.server import SAMPLES
from local.settings import API_KEY
from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import KEY, fake_api


def test_printed_command_sends_the_request_of_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    up, export, command = next_steps({PHOTO: Path("my photo.jpg")})
    assert up.split()[:2] == ["make", "up"]
    assert export.split() == ["export", "API_GPU_URL=http://127.0.0.1:8000", f"API_GPU_KEY={API_KEY}"]
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/api-gpu"
    (tmp_path / "my photo.jpg").write_bytes(b"photo")
    monkeypatch.chdir(tmp_path)
    with fake_api() as api:
        api.gate.set()
        api.finds(api.job())
        ran = Cli(tmp_path, {"API_GPU_URL": api.url, "API_GPU_KEY": KEY}, monkeypatch)(*arguments)
        assert (ran.code, ran.out) == (0, "short.mp4\n"), ran.err
        [submitted] = api.sent("POST", "/video/slideshow")
    names = {sample.name: url for url, sample in SAMPLES.items()} | {"my photo.jpg": PHOTO}
    sent = _with_examples(submitted.body, names)
    expected = SHORT | {"captions": " ".join(SHORT["captions"].split())}
    assert Slideshow.model_validate(sent) == Slideshow.model_validate(expected)


def _with_examples(value: Any, names: Mapping[str, str]) -> Any:
    """Return a request with the URLs of examples in place of those of samples and uploads."""
    if isinstance(value, dict):
        return {name: _with_examples(entry, names) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_examples(entry, names) for entry in value]
    return names.get(value.rpartition("/")[2].removeprefix("upload:"), value) if isinstance(value, str) else value
