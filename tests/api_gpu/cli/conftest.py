from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api_gpu.cli.app import PROGRAM, create_app
from api_gpu.cli.session import World
from tests.api_gpu.cli.fake_api import KEY, FakeApi, fake_api


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


@dataclass
class Cli:
    """Runs commands in a folder, signed in by the environment."""

    folder: Path
    environ: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    opened: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    is_terminal: bool = False

    @property
    def user_file(self) -> Path:
        return self.folder / "home" / "api-gpu" / "config.toml"

    def __call__(self, *arguments: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Ran:
        world = World(
            environ=dict(self.environ if environ is None else environ), folder=self.folder, user_file=self.user_file,
            open_page=lambda url: not self.opened.append(url), **self.changes,
        )  # fmt: skip
        out, err = (Terminal() if self.is_terminal else io.StringIO()), io.StringIO()
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as exited:
            create_app().run(list(arguments), prog_name=PROGRAM, obj=world)
        return Ran(int(exited.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="package")
def shared_api() -> Iterator[FakeApi]:
    with fake_api() as serving:
        yield serving


@pytest.fixture
def api(shared_api: FakeApi) -> FakeApi:
    """An API that knows no job yet."""
    shared_api.answers.clear()
    shared_api.seen.clear()
    shared_api.bucket.clear()
    shared_api.gate.set()
    return shared_api


@pytest.fixture
def cli(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("clip.mp4", "one.jpg", "two.jpg", "voice.mp3", "words.srt"):
        (tmp_path / name).write_bytes(name.encode())
    return Cli(tmp_path, {"API_GPU_URL": api.url, "API_GPU_KEY": KEY}, monkeypatch)
