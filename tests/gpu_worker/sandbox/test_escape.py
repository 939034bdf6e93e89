"""Run jobs whose programs, taken over by a hostile file, attack the worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from contract.artifacts import OUTPUT_VIDEO
from contract.limits import Limits
from contract.operations.caption import Caption
from contract.retry import Backoff
from gpu_worker import handler
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import FONTS_DIRECTORY, Machine, MachineProbe
from gpu_worker.pipeline.transcode import transcode
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.command import SANDBOX_USER
from gpu_worker.sandbox.workdir import temporary_workdir
from gpu_worker.settings import Settings
from gpu_worker.transfer.upload import Uploader, read_artifact_facts
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import URL, MediaFactory
from tests.support.sandbox import SANDBOX, needs_root, needs_setpriv, run_forked, run_script


@needs_root
@needs_setpriv
@pytest.mark.fault("I14")
def test_worker_follows_no_link_that_a_program_made(workdir: Path, media: MediaFactory, tmp_path: Path) -> None:
    victim, log = tmp_path / "victim", workdir / "log"
    victim.write_text("as it was")
    (workdir / "in").mkdir()
    directory = workdir / "in"
    evil = workdir / "ffmpeg"
    links = "; ".join(f"ln -sf {victim} {name}" for name in ("captions.ass", "specimens.ass", "specimens.gray"))
    evil.write_text(f'#!/bin/sh\nid -u >> {log}\n{links}\nexec {media.ffmpeg} "$@"\n')
    evil.chmod(0o755)
    workdir.chmod(0o755)
    log.touch()
    log.chmod(0o666)
    video = media.make_video("planted.mp4", 0.4, "64x48", sound=False)
    (directory / "in_video").write_bytes(video.read_bytes())
    (directory / "in_subtitles").write_text("1\n00:00:00,000 --> 00:00:00,300\nplanted text \u0939\n")
    SANDBOX.chown_to_sandbox_user(directory, evil)
    machine = Machine(Ffmpeg(str(evil)), None, 1)
    with contextlib.suppress(JobFailed, OSError):
        asyncio.run(transcode(Caption(url_video=URL, url_srt=URL), directory, machine, Limits(), lambda *_: None))
    assert set(log.read_text().split()) == {str(SANDBOX_USER)}
    assert victim.read_text() == "as it was"


@needs_root
@needs_setpriv
@pytest.mark.fault("I14")
@pytest.mark.parametrize("planted", ["ln -s {victim} in_image", "mkfifo in_image", "mkdir in_image"])
def test_worker_reads_only_regular_files_of_the_workdir(workdir: Path, tmp_path: Path, planted: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("s3cret")
    SANDBOX.chown_to_sandbox_user(workdir, Path("/bin/sh"))
    run_script(planted.format(victim=victim), workdir)
    assert (workdir / "in_image").lstat().st_uid == SANDBOX_USER
    with pytest.raises(OSError, match=r"symbolic links|regular file|directory"):
        safe_open.read(workdir / "in_image")


@needs_root
@needs_setpriv
@pytest.mark.fault("I14")
def test_workdir_is_removed_despite_hostile_programs(tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="place-"))
    place.chmod(0o1777)
    kept = place / "kept"
    try:
        with temporary_workdir(place) as directory:
            (directory / "in_video").write_bytes(b"a video")
            SANDBOX.chown_to_sandbox_user(directory, Path("/bin/sh"))
            printed = run_script(
                f"mv {directory} {kept} && ln -s /etc {directory} && echo moved; echo x > more", directory
            )
            assert (directory / "more").exists()
        assert "moved" not in printed
        assert not list(place.iterdir())
    finally:
        shutil.rmtree(place)


@needs_setpriv
@pytest.mark.fault("I14")
def test_worker_is_undumpable_before_the_sdk_forks(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's ping process has the same key in its environment."""
    workdir.chmod(0o777)

    def start(_config: object) -> None:
        os._exit(len(run_script(f"cat /proc/{os.getpid()}/environ", workdir)) > 0)

    monkeypatch.setitem(sys.modules, "runpod", types.SimpleNamespace(serverless=types.SimpleNamespace(start=start)))
    monkeypatch.delenv("ALLOW_LOOPBACK_URLS", raising=False)
    run_forked(handler.start, SANDBOX_USER + 1)


@needs_root
@needs_setpriv
@pytest.mark.fault("G16", "I11", "I14")
def test_job_runs_as_that_user_with_our_filenames_only(media: MediaFactory, workdir: Path) -> None:
    """The names of its inputs have a meaning for shells, filters and ffmpeg."""
    workdir.chmod(0o755)
    program, seen, work = workdir / "ffmpeg", workdir / "seen", workdir / "work"
    # The sandbox user may have no access to the checkout.
    real, fonts = shutil.copy(media.ffmpeg, workdir / "real"), shutil.copytree(FONTS_DIRECTORY, workdir / "fonts")
    # Reading its version opens no untrusted file.
    program.write_text(f'#!/bin/sh\n[ "$*" = -version ] || (id -u; echo "$@"; env) >> {seen}\nexec {real} "$@"\n')
    program.chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    work.mkdir()
    worker = handler.Worker(Settings(work_dir=work, allow_loopback=True), MachineProbe(str(program), fonts=fonts))
    srt = workdir / "s.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    odd = {"video": "-i%03d':;[a]$(id).mp4", "srt": "..%2f..%2fetc%2fpasswd\\"}
    network = FakeNetwork(files={odd["video"]: media.make_video("odd.mp4", 0.4, "64x48"), odd["srt"]: srt})

    async def work_on() -> dict[str, object]:
        async with network.open():
            operation = {"kind": "caption", "url_video": quote(odd["video"]), "url_srt": quote(odd["srt"])}
            return await worker.handle(network.job(operation))

    environment = dict(os.environ)
    assert asyncio.run(work_on()) == {"job_id": "job1", "attempt": 1}
    printed = seen.read_text()
    lines = printed.splitlines()
    assert {line for line in lines if line.isdigit()} == {str(SANDBOX_USER)}
    assert "in_video" in printed
    for name in ("%03d", "passwd", "s3cret", "127.0.0.1", "PATH="):
        assert name not in printed
    assert list(work.iterdir()) == []
    assert dict(os.environ) == environment


@pytest.mark.fault("I14")
def test_link_in_place_of_the_output_is_not_published(tmp_path: Path) -> None:
    secret, output = tmp_path / "secret", tmp_path / "out.mp4"
    secret.write_bytes(b"s3cret" * 10)
    output.symlink_to(secret)
    network = FakeNetwork()

    async def work() -> None:
        async with network.open(), aiohttp.ClientSession() as session:
            await Uploader(session, backoff=Backoff(attempts=4, base=0.01)).upload_file(
                f"{network.base}/s3/output.mp4", output, "video/mp4", lambda _: None
            )

    with pytest.raises((OSError, JobFailed)):
        asyncio.run(work())
    assert network.stored == {}
    with pytest.raises(OSError, match="symbolic links"):
        asyncio.run(read_artifact_facts(OUTPUT_VIDEO, output))
