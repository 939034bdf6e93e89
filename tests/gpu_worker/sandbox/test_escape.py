"""What a program can do that a file has taken over: the box is tried from inside, with a shell in ffmpeg's place."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import math
import multiprocessing
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import psutil
import pytest

from contract.errors import Code
from contract.limits import Limits
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker import handler
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.run import MemoryLimitExceeded, RunFailed, run_ffmpeg, sandboxed_process
from gpu_worker.pipeline import gpu_probe
from gpu_worker.pipeline.execute_plan import Machine
from gpu_worker.pipeline.transcode import FONTS_DIRECTORY, make
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, UnavailableReason
from gpu_worker.sandbox import command, safe_open
from gpu_worker.sandbox.command import SANDBOX_USER, chown_to_sandbox_user, make_undumpable, sandboxed_argv
from gpu_worker.sandbox.workdir import temporary_workdir
from gpu_worker.transfer.upload import Publisher, output_facts
from tests.support import bpf
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import URL, MediaFactory

ROOT = Path(__file__).resolve().parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as another user")
with_tools = pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="no util-linux to make a box of")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A job's folder where jobs have theirs; what the tests get from pytest lies where only we may go."""
    with tempfile.TemporaryDirectory(prefix="job-") as name:
        yield Path(name)


def tell(script: str, directory: Path, seconds: float | None = None) -> str:
    """What a shell says in the box."""

    async def work() -> str:
        async with sandboxed_process(("/bin/sh", "-c", script), directory, seconds=seconds) as process:
            assert process.stdout is not None
            said = await process.stdout.read()
            await process.wait()
            return said.decode()

    return asyncio.run(work())


def elsewhere(work: Callable[[], object], user: int | None = None) -> None:
    """Do it in a process of its own, as a user of its own where we may choose."""

    def run() -> None:
        if user is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            # Changing users hides a process; a worker that is nobody from its start is not hidden.
            ctypes.CDLL(None).prctl(command._PR_SET_DUMPABLE, 1)
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode == 0


@as_root
@with_tools
@pytest.mark.fault("I14")
def test_where_the_worker_is_root_its_programs_are_somebody_else(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret")
    (folder / "in_video").write_bytes(b"the input\n")
    chown_to_sandbox_user(folder, Path("/bin/sh"))
    said = tell(
        f"id -u; id -G; cat /proc/$PPID/environ {key} /etc/shadow; ls {tmp_path}; touch /etc/left {key}; "
        "cat in_video; echo out > out.mp4; kill -0 $PPID || echo safe",
        folder,
    )
    assert said.split() == [str(SANDBOX_USER), str(SANDBOX_USER), "the", "input", "safe"]
    assert (folder / "out.mp4").stat().st_uid == SANDBOX_USER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not Path("/etc/left").exists()


@as_root
def test_what_that_user_could_not_run_or_read_is_left_to_root(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    chown_to_sandbox_user(folder, program)
    assert folder.stat().st_uid == 0


ESCAPE = """
import asyncio, sys
from pathlib import Path
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.ffmpeg.run import sandboxed_process
from gpu_worker.sandbox.command import chown_to_sandbox_user

async def main():
    directory = Path(sys.argv[1])
    chown_to_sandbox_user(directory, Path("/bin/sh"))
    PROCESSES.become_subreaper()
    left = "setsid sh -c 'setsid sleep 61 & exec sleep 61' >/dev/null 2>&1 & while ! pgrep -x sleep; do :; done; exit 0"
    async with sandboxed_process(("/bin/sh", "-c", left), directory) as process:
        await process.wait()

asyncio.run(main())
"""


@with_tools
@pytest.mark.fault("G11", "I14")
def test_what_leaves_the_run_to_go_on_without_it_is_ended_too(folder: Path) -> None:
    """Two of them in sessions of their own, one of them without a parent."""
    argv = [sys.executable, "-c", ESCAPE, str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for process in psutil.process_iter(["cmdline"]):
        assert process.info["cmdline"] != ["sleep", "61"]


@pytest.mark.fault("G12")
def test_the_memory_of_children_counts(folder: Path) -> None:
    child = f"{sys.executable} -c 'import time; taken = bytearray(300 << 20); time.sleep(30)'"

    async def work() -> None:
        async with sandboxed_process(("/bin/sh", "-c", f"{child}; exit 0"), folder, memory=100 << 20) as process:
            await process.wait()

    with pytest.raises(MemoryLimitExceeded):
        asyncio.run(asyncio.wait_for(work(), 20))


@as_root
@with_tools
@pytest.mark.fault("I14")
def test_the_worker_follows_no_link_that_a_program_has_planted(
    folder: Path, media: MediaFactory, tmp_path: Path
) -> None:
    victim, log = tmp_path / "victim", folder / "log"
    victim.write_text("as it was")
    (folder / "in").mkdir()
    directory = folder / "in"
    evil = folder / "ffmpeg"
    links = "; ".join(f"ln -sf {victim} {name}" for name in ("captions.ass", "specimens.ass", "specimens.gray"))
    evil.write_text(f'#!/bin/sh\nid -u >> {log}\n{links}\nexec {media.ffmpeg} "$@"\n')
    evil.chmod(0o755)
    folder.chmod(0o755)
    log.touch()
    log.chmod(0o666)
    film = media.make_video("plain.mp4", 0.4, "64x48", sound=False)
    (directory / "in_video").write_bytes(film.read_bytes())
    (directory / "in_subtitles").write_text("1\n00:00:00,000 --> 00:00:00,300\nplanted text \u0939\n")
    chown_to_sandbox_user(directory, evil)
    tools = Machine(str(evil), None, 1)
    with contextlib.suppress(JobFailed, OSError):
        asyncio.run(make(Caption(url_video=URL, url_srt=URL), directory, tools, Limits(), lambda *_: None))
    assert set(log.read_text().split()) == {str(SANDBOX_USER)}
    assert victim.read_text() == "as it was"


@as_root
@with_tools
@pytest.mark.fault("I14")
@pytest.mark.parametrize("planted", ["ln -s {victim} in_image", "mkfifo in_image", "mkdir in_image"])
def test_it_reads_nothing_but_plain_files_of_the_folder(folder: Path, tmp_path: Path, planted: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("s3cret")
    chown_to_sandbox_user(folder, Path("/bin/sh"))
    tell(planted.format(victim=victim), folder)
    assert (folder / "in_image").lstat().st_uid == SANDBOX_USER
    with pytest.raises(OSError, match=r"symbolic links|plain file|directory"):
        safe_open.read(folder / "in_image")


@as_root
@with_tools
@pytest.mark.fault("I14")
def test_a_folder_is_gone_afterwards_whatever_a_program_makes_of_it(tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="place-"))
    place.chmod(0o1777)
    kept = place / "kept"
    try:
        with temporary_workdir(place) as directory:
            (directory / "in_video").write_bytes(b"a film")
            chown_to_sandbox_user(directory, Path("/bin/sh"))
            said = tell(f"mv {directory} {kept} && ln -s /etc {directory} && echo moved; echo x > more", directory)
            assert (directory / "more").exists()
        assert "moved" not in said
        assert not list(place.iterdir())
    finally:
        shutil.rmtree(place)


@pytest.mark.fault("I14")
def test_a_busy_machine_does_not_lose_the_box(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_trials", {})
    real = subprocess.run

    def slow(*args: object, **_: object) -> None:
        raise subprocess.TimeoutExpired("true", 5)

    monkeypatch.setattr(command.subprocess, "run", slow)
    with pytest.raises(OSError, match="cannot be tried"):
        sandboxed_argv(["ffmpeg"], folder)
    monkeypatch.setattr(command.subprocess, "run", real)
    assert (sandboxed_argv(["ffmpeg"], folder) == ["ffmpeg"]) is (not Path("/usr/bin/prlimit").exists())
    assert set(command.sandbox_features()) == {"own_user", "no_sockets", "no_new_rights", "bounded"}


@with_tools
@pytest.mark.fault("I14")
def test_where_it_is_not_root_its_programs_cannot_read_its_environment(folder: Path) -> None:
    folder.chmod(0o777)

    def seen(hidden: bool) -> str:
        if hidden:
            make_undumpable()
        return tell(f"cat /proc/{os.getpid()}/environ /proc/{os.getpid()}/maps", folder)

    def compared() -> None:
        assert seen(False)
        assert not seen(True)

    elsewhere(compared, SANDBOX_USER + 1)


@with_tools
@pytest.mark.fault("I14")
def test_the_worker_hides_before_the_sdk_forks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pinging process holds the same key."""
    folder.chmod(0o777)

    def start(_config: object) -> None:
        os._exit(len(tell(f"cat /proc/{os.getpid()}/environ", folder)) > 0)

    monkeypatch.setitem(sys.modules, "runpod", types.SimpleNamespace(serverless=types.SimpleNamespace(start=start)))
    monkeypatch.delenv("ALLOW_LOOPBACK_URLS", raising=False)
    elsewhere(handler.start, SANDBOX_USER + 1)


@as_root
@with_tools
@pytest.mark.fault("G16", "I11", "I14")
def test_a_job_is_done_by_that_user_with_names_of_ours_and_nothing_else(
    media: MediaFactory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inputs are called by names that mean something to shells, filters and ffmpeg."""
    folder.chmod(0o755)
    program, seen, work = folder / "ffmpeg", folder / "seen", folder / "work"
    # The checkout may lie where only we may go, and then nothing of it is for that user.
    real, fonts = shutil.copy(media.ffmpeg, folder / "real"), shutil.copytree(FONTS_DIRECTORY, folder / "fonts")
    for module in ("make", "job"):
        monkeypatch.setattr(f"gpu_worker.{module}.FONTS_DIRECTORY", fonts)
    # Reading its version opens no untrusted file.
    program.write_text(f'#!/bin/sh\n[ "$*" = -version ] || (id -u; echo "$@"; env) >> {seen}\nexec {real} "$@"\n')
    program.chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    work.mkdir()
    for name, value in {"FFMPEG": str(program), "WORK_DIR": str(work), "ALLOW_LOOPBACK_URLS": "true"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        gpu_probe, "_known", {str(program): (Gpu().disabling(ALL_STAGES, UnavailableReason.NO_DRIVER), math.inf)}
    )
    srt = folder / "s.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    odd = {"video": "-i%03d':;[a]$(id).mp4", "srt": "..%2f..%2fetc%2fpasswd\\"}
    cloud = FakeNetwork(files={odd["video"]: media.make_video("odd.mp4", 0.4, "64x48"), odd["srt"]: srt})

    async def work_on() -> dict[str, object]:
        async with cloud.open():
            wanted = {"kind": "caption", "url_video": quote(odd["video"]), "url_srt": quote(odd["srt"])}
            return await handler.handler(cloud.job(wanted))

    environment = dict(os.environ)
    assert asyncio.run(work_on()) == {"job_id": "job1", "attempt": 1}
    said = seen.read_text()
    lines = said.splitlines()
    assert {line for line in lines if line.isdigit()} == {str(SANDBOX_USER)}
    assert "in_video" in said
    for name in ("%03d", "passwd", "s3cret", "127.0.0.1", "PATH="):
        assert name not in said
    assert list(work.iterdir()) == []
    assert dict(os.environ) == environment


@pytest.mark.fault("I14")
def test_a_link_in_place_of_the_output_is_not_published(tmp_path: Path) -> None:
    secret, output = tmp_path / "secret", tmp_path / "out.mp4"
    secret.write_bytes(b"s3cret" * 10)
    output.symlink_to(secret)
    cloud = FakeNetwork()

    async def work() -> None:
        async with cloud.open(), aiohttp.ClientSession() as session:
            await Publisher(session, backoff=0.01).put_file(f"{cloud.base}/s3/output.mp4", output, lambda _: None)

    with pytest.raises((OSError, JobFailed)):
        asyncio.run(work())
    assert cloud.stored == {}
    with pytest.raises(OSError, match="symbolic links"):
        asyncio.run(output_facts("jobs/job1/output.mp4", output))


@pytest.mark.fault("K10")
def test_the_image_runs_as_nobody_and_starts_no_shell() -> None:
    lines = (ROOT / "gpu_worker" / "Dockerfile").read_text().splitlines()
    last = lines[[at for at, line in enumerate(lines) if line.startswith("FROM")][-1] :]
    assert [line for line in last if line.startswith("USER")] == ["USER worker"]
    assert any("useradd --system --no-create-home --uid 10001 worker" in line for line in last)
    assert [json.loads(line[4:]) for line in last if line.startswith("CMD")] == [["python3", "-u", "-m", "gpu_worker"]]
    assert not [line for line in last if line.startswith(("ENTRYPOINT", "SHELL"))]


@with_tools
def test_no_program_gains_rights_and_each_has_its_bounds(folder: Path) -> None:
    said = tell("cat /proc/self/status /proc/self/limits", folder, seconds=30)
    assert "NoNewPrivs:\t1\n" in said
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in said.splitlines() if line.startswith("Max ")}
    assert bounds["Max core file size"] == ["0", "0"]
    assert bounds["Max cpu time"] == [str(30 * (os.cpu_count() or 1))] * 2
    for name in ("file size", "processes", "open files"):
        assert all(bound.isdigit() for bound in bounds[f"Max {name}"])


@with_tools
@pytest.mark.fault("G12")
def test_a_file_without_end_is_ended(media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command._BOUNDS, "fsize", 100_000)
    endless = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-f", "rawvideo", "-y", "out.mp4")
    with pytest.raises(RunFailed) as failure:
        asyncio.run(run_ffmpeg(media.ffmpeg, endless, tmp_path))
    assert failure.value.out_of_resources
    assert (tmp_path / "out.mp4").stat().st_size == 100_000


@with_tools
@pytest.mark.fault("G10")
def test_one_that_is_busy_without_end_is_ended_by_the_kernel_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    async def work() -> int:
        async with sandboxed_process(("/bin/sh", "-c", "while :; do :; done"), tmp_path, seconds=0.5) as process:
            return await process.wait()

    code = asyncio.run(work())
    assert code == -signal.SIGKILL
    assert RunFailed(code, "").out_of_resources


@as_root
@with_tools
@pytest.mark.fault("G11")
def test_a_program_that_multiplies_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command._BOUNDS, "nproc", 8)
    monkeypatch.setattr(command, "USER", SANDBOX_USER + 2)  # whose processes nobody else counts
    chown_to_sandbox_user(folder, Path("/bin/sh"))
    tell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (echo x >> born; sleep 1) & done; wait", folder)
    assert 1 <= len((folder / "born").read_text().split()) <= 8


@pytest.mark.fault("G2")
def test_there_is_no_network_in_it(media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        call = ("-v", "quiet", "-i", f"tcp://127.0.0.1:{server.getsockname()[1]}?timeout=200000")
        if not {"--net", "--seccomp-filter"} & set(sandboxed_argv((), tmp_path)):
            pytest.skip("nothing here keeps programs from the network")
        with pytest.raises(RunFailed):
            asyncio.run(run_ffmpeg(media.ffmpeg, call, tmp_path))
        with pytest.raises(BlockingIOError):
            server.accept()
        monkeypatch.setattr("gpu_worker.ffmpeg.run.boxed", lambda argv, *_: argv)
        with pytest.raises(RunFailed):
            asyncio.run(run_ffmpeg(media.ffmpeg, call, tmp_path))
        server.accept()[0].close()


def test_the_filter_leaves_ffmpeg_no_way_out(media: MediaFactory, tmp_path: Path) -> None:
    """What setpriv puts on programs from 2.41 on, put on by hand."""
    assert bpf.FILE.read_bytes() == bpf.assembled()

    def tried() -> None:
        bpf.put_on(bpf.FILE.read_bytes())
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_VSOCK):
            with pytest.raises(PermissionError):
                socket.socket(family, socket.SOCK_DGRAM)
        for there in socket.socketpair():
            there.close()
        call = [media.ffmpeg, "-i", "tcp://127.0.0.1:9", "-f", "null", "-"]
        refused = subprocess.run(call, capture_output=True, text=True, check=False)
        assert "Permission denied" in refused.stderr
        media.run_ffmpeg("-f", "lavfi", "-i", "testsrc2=d=0.2", "-c:v", "libx264", tmp_path / "out.mp4")

    elsewhere(tried)
    assert (tmp_path / "out.mp4").stat().st_size > 1000


def test_the_filter_is_used_where_setpriv_knows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "_works", lambda *_: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    argv = sandboxed_argv(("ffmpeg",), tmp_path)
    assert argv[argv.index("--seccomp-filter") + 1] == str(bpf.FILE)
    assert "--net" not in argv


def test_where_nothing_can_make_a_box_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_works", lambda *_: False)
    assert sandboxed_argv(("ffmpeg", "-h"), tmp_path) == ["ffmpeg", "-h"]


@pytest.mark.fault("G13")
def test_a_program_that_crashes_is_not_tried_for_ever(
    media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    program = tmp_path / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *libx264*) echo x >> {runs}; kill -ILL $$;; esac\nexec {media.ffmpeg} "$@"\n'
    )
    program.chmod(0o755)
    picture = media.make_circle("crash.png", (160, 90), 20)
    monkeypatch.setattr(media, "ffmpeg", str(program))
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.2, size="160x90"), image=picture)
    assert failure.value.failure.code == Code.ENCODE_FAILED
    assert runs.read_text().split() == ["x"]
