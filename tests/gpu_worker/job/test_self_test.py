"""The self-test: a job that an operator runs without a gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code, Failure
from tests.support.media.factory import MediaFactory
from tests.support.media.fake_gpu import install
from tests.support.worker import handle


def run_self_test(ffmpeg: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("FFMPEG", ffmpeg)
    return asyncio.run(handle({"id": "sync-1", "input": {"check": True}}))


def test_complete_gpu_passes_without_warnings(
    tmp_path: Path, media: MediaFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_self_test(str(install(tmp_path, media.ffmpeg)), monkeypatch) == {"encoder": "h264_nvenc", "warnings": []}


@pytest.mark.fault("I9")
def test_missing_gpu_is_reported_as_a_warning(
    tmp_path: Path, media: MediaFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    message = "Cannot load libcuda.so.1"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *cuda*|*nvenc*) echo "{message}" >&2; exit 1;; esac\nexec "{media.ffmpeg}" "$@"\n'
    )
    program.chmod(0o755)
    report = run_self_test(str(program), monkeypatch)
    assert (report["encoder"], report["warnings"]) == (
        "libx264", ["The CPU decoded, captioned and encoded the video: there is no NVIDIA driver."],
    )  # fmt: skip


def test_broken_ffmpeg_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    failure = Failure.parse(run_self_test(str(program), monkeypatch)["error"])
    assert failure is not None
    assert failure.code == Code.ENCODE_FAILED
