"""Replace ffmpeg by programs that crash or print without end, and check the job and the worker."""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Blame, Code, Failure
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import Machine
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import submission
from tests.support.fake_network import FakeNetwork
from tests.support.fakes import World
from tests.support.media.factory import URL, MediaFactory
from tests.support.worker import handle

ROOT = Path(__file__).resolve().parents[3]
SRT = "1\n00:00:00,200 --> 00:00:01,000\nhi\n"
Install = Callable[[str], None]


@pytest.fixture
def install(media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Replace ffmpeg by a shell script. `$real` is the path of ffmpeg; each run in a job adds a line to `runs`."""
    monkeypatch.setenv("WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    monkeypatch.setenv("FFMPEG", str(tmp_path / "ffmpeg"))
    runs = tmp_path / "runs"
    runs.touch()
    # If the worker is root, programs run as another user.
    runs.chmod(0o666)

    def write_script(script: str) -> None:
        program = tmp_path / "ffmpeg"
        count = f'case "$(pwd)" in */work/*) echo run >> {shlex.quote(str(runs))};; esac'
        program.write_text("\n".join(("#!/bin/sh", f"real={shlex.quote(media.ffmpeg)}", count, script)))
        program.chmod(0o755)

    return write_script


def run_failing_job(network: FakeNetwork, operation: dict[str, Any]) -> str:
    """Run a job that fails and return the failure as RunPod gets it."""

    async def work() -> dict[str, Any]:
        async with network.open():
            return await handle(network.job(operation))

    return str(asyncio.run(work())["error"])


ALWAYS = "kill -SEGV $$"
READING = 'case "$*" in *framecrc*) "$real" "$@"; kill -SEGV $$;; esac; exec "$real" "$@"'
"""Crashes after it has read everything: the output is complete."""
READING_HALF = 'case "$*" in *framecrc*) "$real" "$@" | head -c 500; kill -SEGV $$;; esac; exec "$real" "$@"'
DECODING = 'case "$*" in *framecrc*) exec "$real" "$@";; esac; kill -SEGV $$'
CHECKING_GLYPHS = 'case "$*" in *specimens.ass*) kill -SEGV $$;; esac; exec "$real" "$@"'
ENCODING = 'case "$*" in *libx264*) kill -SEGV $$;; esac; exec "$real" "$@"'
VERIFYING = 'case "$*" in *out.mp4*framecrc*) kill -SEGV $$;; esac; exec "$real" "$@"'
PHOTO = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.5, "size": "160x90"}
VIDEO = {"kind": "caption", "url_video": "video.mp4", "url_srt": "words.srt"}


@pytest.mark.fault("G13")
@pytest.mark.parametrize(
    ("operation", "script", "code"),
    [
        (PHOTO, ALWAYS, Code.MEDIA_UNREADABLE), (VIDEO, ALWAYS, Code.MEDIA_UNREADABLE),
        (VIDEO, READING, Code.MEDIA_UNREADABLE), (VIDEO, READING_HALF, Code.MEDIA_UNREADABLE),
        (PHOTO, DECODING, Code.MEDIA_UNREADABLE), (VIDEO, CHECKING_GLYPHS, Code.INTERNAL),
        (VIDEO, ENCODING, Code.ENCODE_FAILED), (VIDEO, VERIFYING, Code.OUTPUT_INVALID),
    ],
    ids=["photo", "video", "read", "half read", "photo decoded", "glyphs checked", "encoded", "verified"],
)  # fmt: skip
def test_ffmpeg_that_crashes_fails_the_job_permanently(
    media: MediaFactory, install: Install, tmp_path: Path, operation: dict[str, Any], script: str, code: Code
) -> None:
    """A crash while reading is the caller's fault, one while writing is ours. Neither worker nor gateway retries."""
    srt = tmp_path / "words.srt"
    srt.write_text(SRT)
    files = {
        "photo.jpg": media.make_circle("photo.jpg", (400, 300), 60),
        "video.mp4": media.make_video(),
        "words.srt": srt,
    }
    install(script)
    error = run_failing_job(FakeNetwork(files=files), operation)
    failure = Failure.parse(error)
    assert failure is not None
    assert (failure.code, failure.blame) == (code, Blame.CALLER if code is Code.MEDIA_UNREADABLE else Blame.US)
    # At most: two inputs are probed, one is encoded, its sound is decoded to find the cause, it is encoded again with
    # other options, and the output is verified.
    assert 1 <= len((tmp_path / "runs").read_text().splitlines()) <= 6
    assert list((tmp_path / "work").iterdir()) == []
    world = World()
    submit_job(world.services, submission())
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", error)
    for _ in range(2 * HOUR // MINUTE):
        world.clock.advance(MINUTE)
        sweep(world.services, 100, lambda: True)
    assert (world.store.jobs["job-1"].state, world.store.jobs["job-1"].error) == (State.FAILED, failure)
    assert len(world.provider.runs) == 1


LOG_BYTES = 50_000_000
LINES = f"yes '  Metadata: a line like all the others' | head -c {LOG_BYTES} >&2"
ONE_LINE = f"head -c {LOG_BYTES} /dev/zero | tr '\\0' x >&2"
PROBED = """\
import asyncio, json, sys
from pathlib import Path
from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import JobFailed
from gpu_worker.probe.probe import probe
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg

def peak():
    # getrusage's would begin with what the parent had.
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

async def read(program):
    try:
        await probe(Ffmpeg(program), Path("in_video"), Role.VIDEO, "url_video", 10**6)
    except JobFailed as failed:
        return failed.failure.code

async def run(program):
    try:
        await run_ffmpeg(Ffmpeg(program), (), Path("."))
    except FfmpegError as failed:
        return len(failed.log)

short, long, way = sys.argv[1:]
asyncio.run({"read": read, "run": run}[way](short))
before = peak()
result = asyncio.run({"read": read, "run": run}[way](long))
print(json.dumps({"result": result, "grown": peak() - before}))
"""


@pytest.mark.fault("G14")
@pytest.mark.parametrize("way", ["read", "run"])
@pytest.mark.parametrize("script", [LINES, ONE_LINE], ids=["lines", "one line"])
def test_endless_stderr_uses_bounded_memory(
    tmp_path: Path, way: str, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measure the peak memory of a separate process that probes a file, or runs ffmpeg."""
    (tmp_path / "in_video").write_bytes(b"no video")
    programs = {"short": "echo the reason >&2; exit 3", "long": f"{script}; echo the reason >&2; exit 3"}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    argv = [sys.executable, "-c", PROBED, str(tmp_path / "short"), str(tmp_path / "long"), way]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=120)
    report = json.loads(ended.stdout)
    with capsys.disabled():
        print(f"\n  {LOG_BYTES / 1e6:.0f} MB of stderr: {report['grown'] / 1e6:.1f} MB of memory")
    assert report["result"] == ("media_unreadable" if way == "read" else 64 * 1024)
    assert report["grown"] < 10_000_000


@pytest.mark.fault("G13")
def test_encoder_that_crashes_is_run_once(media: MediaFactory, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    program = tmp_path / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *libx264*) echo x >> {runs}; kill -ILL $$;; esac\nexec {media.ffmpeg} "$@"\n'
    )
    program.chmod(0o755)
    picture = media.make_circle("crash.png", (160, 90), 20)
    machine = Machine(Ffmpeg(str(program)), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.2, size="160x90"), machine=machine, image=picture)
    assert failure.value.failure.code == Code.ENCODE_FAILED
    assert runs.read_text().split() == ["x"]
