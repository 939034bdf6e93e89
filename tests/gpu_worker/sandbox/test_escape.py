"""What a program can do that a file has taken over: the box is tried from inside, with a shell in ffmpeg's place."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import psutil
import pytest

from contract.errors import Code
from contract.limits import Limits
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from contract.retry import Backoff
from gpu_worker import handler
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.pipeline.machine import FONTS_DIRECTORY, Machine, MachineProbe
from gpu_worker.pipeline.transcode import make
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.command import SANDBOX_USER, Sandbox, SandboxLimits, make_undumpable
from gpu_worker.sandbox.process import MemoryLimitExceeded, sandboxed_process
from gpu_worker.sandbox.workdir import temporary_workdir
from gpu_worker.settings import Settings
from gpu_worker.transfer.upload import Uploader, read_output_facts
from tests.support import bpf
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import URL, MediaFactory

PR_SET_DUMPABLE = 4
SANDBOX = Sandbox()
ROOT = Path(__file__).resolve().parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as another user")
with_tools = pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="no util-linux to make a box of")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A job's folder where jobs have theirs; what the tests get from pytest lies where only we may go."""
    with tempfile.TemporaryDirectory(prefix="job-") as name:
        yield Path(name)


def run_script(script: str, directory: Path, sandbox: Sandbox | None = None, seconds: float | None = None) -> str:
    """Run a shell script in the sandbox and return what it prints."""

    async def work() -> str:
        argv = ("/bin/sh", "-c", script)
        async with sandboxed_process(sandbox or Sandbox(), argv, directory, seconds=seconds) as process:
            assert process.stdout is not None
            printed = await process.stdout.read()
            await process.wait()
            return printed.decode()

    return asyncio.run(work())


def run_forked(work: Callable[[], object], user: int | None = None) -> None:
    """Do it in a forked process, as another user if we are root."""

    def run() -> None:
        if user is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            # Changing users makes a process undumpable; a worker that never was root is dumpable.
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)
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
    SANDBOX.chown_to_sandbox_user(folder, Path("/bin/sh"))
    printed = run_script(
        f"id -u; id -G; cat /proc/$PPID/environ {key} /etc/shadow; ls {tmp_path}; touch /etc/left {key}; "
        "cat in_video; echo out > out.mp4; kill -0 $PPID || echo safe",
        folder,
    )
    assert printed.split() == [str(SANDBOX_USER), str(SANDBOX_USER), "the", "input", "safe"]
    assert (folder / "out.mp4").stat().st_uid == SANDBOX_USER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not Path("/etc/left").exists()


@as_root
def test_what_that_user_could_not_run_or_read_is_left_to_root(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    SANDBOX.chown_to_sandbox_user(folder, program)
    assert folder.stat().st_uid == 0


ESCAPE = """
import asyncio, sys
from pathlib import Path
from gpu_worker.sandbox.process import sandboxed_process
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.sandbox.command import Sandbox

async def main():
    directory, sandbox = Path(sys.argv[1]), Sandbox()
    sandbox.chown_to_sandbox_user(directory, Path("/bin/sh"))
    PROCESSES.become_subreaper()
    left = "setsid sh -c 'setsid sleep 61 & exec sleep 61' >/dev/null 2>&1 & while ! pgrep -x sleep; do :; done; exit 0"
    async with sandboxed_process(sandbox, ("/bin/sh", "-c", left), directory) as process:
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
        async with sandboxed_process(
            SANDBOX, ("/bin/sh", "-c", f"{child}; exit 0"), folder, memory=100 << 20
        ) as process:
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
    film = media.make_video("planted.mp4", 0.4, "64x48", sound=False)
    (directory / "in_video").write_bytes(film.read_bytes())
    (directory / "in_subtitles").write_text("1\n00:00:00,000 --> 00:00:00,300\nplanted text \u0939\n")
    SANDBOX.chown_to_sandbox_user(directory, evil)
    machine = Machine(Ffmpeg(str(evil)), None, 1)
    with contextlib.suppress(JobFailed, OSError):
        asyncio.run(make(Caption(url_video=URL, url_srt=URL), directory, machine, Limits(), lambda *_: None))
    assert set(log.read_text().split()) == {str(SANDBOX_USER)}
    assert victim.read_text() == "as it was"


@as_root
@with_tools
@pytest.mark.fault("I14")
@pytest.mark.parametrize("planted", ["ln -s {victim} in_image", "mkfifo in_image", "mkdir in_image"])
def test_it_reads_nothing_but_plain_files_of_the_folder(folder: Path, tmp_path: Path, planted: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("s3cret")
    SANDBOX.chown_to_sandbox_user(folder, Path("/bin/sh"))
    run_script(planted.format(victim=victim), folder)
    assert (folder / "in_image").lstat().st_uid == SANDBOX_USER
    with pytest.raises(OSError, match=r"symbolic links|regular file|directory"):
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
            SANDBOX.chown_to_sandbox_user(directory, Path("/bin/sh"))
            printed = run_script(
                f"mv {directory} {kept} && ln -s /etc {directory} && echo moved; echo x > more", directory
            )
            assert (directory / "more").exists()
        assert "moved" not in printed
        assert not list(place.iterdir())
    finally:
        shutil.rmtree(place)


@pytest.mark.fault("I14")
def test_probe_that_times_out_on_a_busy_host_is_repeated(folder: Path) -> None:
    is_busy = True

    def run(*args: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        if is_busy:
            raise subprocess.TimeoutExpired("true", 5)
        return subprocess.run(*args, **options)  # noqa: PLW1510 - the options have it

    sandbox = Sandbox(run=run)
    with pytest.raises(OSError, match="cannot be probed"):
        sandbox.sandboxed_argv(["ffmpeg"], folder)
    is_busy = False
    assert (sandbox.sandboxed_argv(["ffmpeg"], folder) == ["ffmpeg"]) is (not Path("/usr/bin/prlimit").exists())
    assert set(sandbox.features()) == {"separate_user", "no_sockets", "no_new_privileges", "resource_limits"}


@with_tools
@pytest.mark.fault("I14")
def test_where_it_is_not_root_its_programs_cannot_read_its_environment(folder: Path) -> None:
    folder.chmod(0o777)

    def seen(hidden: bool) -> str:
        if hidden:
            make_undumpable()
        return run_script(f"cat /proc/{os.getpid()}/environ /proc/{os.getpid()}/maps", folder)

    def compared() -> None:
        assert seen(False)
        assert not seen(True)

    run_forked(compared, SANDBOX_USER + 1)


@with_tools
@pytest.mark.fault("I14")
def test_the_worker_hides_before_the_sdk_forks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pinging process holds the same key."""
    folder.chmod(0o777)

    def start(_config: object) -> None:
        os._exit(len(run_script(f"cat /proc/{os.getpid()}/environ", folder)) > 0)

    monkeypatch.setitem(sys.modules, "runpod", types.SimpleNamespace(serverless=types.SimpleNamespace(start=start)))
    monkeypatch.delenv("ALLOW_LOOPBACK_URLS", raising=False)
    run_forked(handler.start, SANDBOX_USER + 1)


@as_root
@with_tools
@pytest.mark.fault("G16", "I11", "I14")
def test_job_is_done_by_that_user_with_names_of_ours_and_nothing_else(media: MediaFactory, folder: Path) -> None:
    """Its inputs are called by names that mean something to shells, filters and ffmpeg."""
    folder.chmod(0o755)
    program, seen, work = folder / "ffmpeg", folder / "seen", folder / "work"
    # The checkout may lie where only we may go, and then nothing of it is for that user.
    real, fonts = shutil.copy(media.ffmpeg, folder / "real"), shutil.copytree(FONTS_DIRECTORY, folder / "fonts")
    # Reading its version opens no untrusted file.
    program.write_text(f'#!/bin/sh\n[ "$*" = -version ] || (id -u; echo "$@"; env) >> {seen}\nexec {real} "$@"\n')
    program.chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    work.mkdir()
    worker = handler.Worker(Settings(work_dir=work, allow_loopback=True), MachineProbe(str(program), fonts=fonts))
    srt = folder / "s.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    odd = {"video": "-i%03d':;[a]$(id).mp4", "srt": "..%2f..%2fetc%2fpasswd\\"}
    cloud = FakeNetwork(files={odd["video"]: media.make_video("odd.mp4", 0.4, "64x48"), odd["srt"]: srt})

    async def work_on() -> dict[str, object]:
        async with cloud.open():
            wanted = {"kind": "caption", "url_video": quote(odd["video"]), "url_srt": quote(odd["srt"])}
            return await worker.handle(cloud.job(wanted))

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
def test_a_link_in_place_of_the_output_is_not_published(tmp_path: Path) -> None:
    secret, output = tmp_path / "secret", tmp_path / "out.mp4"
    secret.write_bytes(b"s3cret" * 10)
    output.symlink_to(secret)
    cloud = FakeNetwork()

    async def work() -> None:
        async with cloud.open(), aiohttp.ClientSession() as session:
            await Uploader(session, backoff=Backoff(attempts=4, base=0.01)).upload_video(
                f"{cloud.base}/s3/output.mp4", output, lambda _: None
            )

    with pytest.raises((OSError, JobFailed)):
        asyncio.run(work())
    assert cloud.stored == {}
    with pytest.raises(OSError, match="symbolic links"):
        asyncio.run(read_output_facts("jobs/job1/output.mp4", output))


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
    printed = run_script("cat /proc/self/status /proc/self/limits", folder, seconds=30)
    assert "NoNewPrivs:\t1\n" in printed
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in printed.splitlines() if line.startswith("Max ")}
    assert bounds["Max core file size"] == ["0", "0"]
    assert bounds["Max cpu time"] == [str(30 * (os.cpu_count() or 1))] * 2
    for name in ("file size", "processes", "open files"):
        assert all(bound.isdigit() for bound in bounds[f"Max {name}"])


@with_tools
@pytest.mark.fault("G12")
def test_output_file_cannot_exceed_its_limit(media: MediaFactory, tmp_path: Path) -> None:
    ffmpeg = Ffmpeg(media.ffmpeg, Sandbox(limits=SandboxLimits(file_bytes=100_000)))
    endless = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-f", "rawvideo", "-y", "out.mp4")
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(ffmpeg, endless, tmp_path))
    assert failure.value.out_of_resources
    assert (tmp_path / "out.mp4").stat().st_size == 100_000


@with_tools
@pytest.mark.fault("G10")
def test_one_that_is_busy_without_end_is_ended_by_the_kernel_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    async def work() -> int:
        async with sandboxed_process(
            SANDBOX, ("/bin/sh", "-c", "while :; do :; done"), tmp_path, seconds=0.5
        ) as process:
            return await process.wait()

    code = asyncio.run(work())
    assert code == -signal.SIGKILL
    assert FfmpegError(code, "").out_of_resources


@as_root
@with_tools
@pytest.mark.fault("G11")
def test_fork_bomb_is_stopped(folder: Path) -> None:
    # A user of its own, because the limit counts all processes of a user.
    sandbox = Sandbox(user=SANDBOX_USER + 2, limits=SandboxLimits(processes=8))
    sandbox.chown_to_sandbox_user(folder, Path("/bin/sh"))
    run_script("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (echo x >> born; sleep 1) & done; wait", folder, sandbox)
    assert 1 <= len((folder / "born").read_text().split()) <= 8


@pytest.mark.fault("G2")
def test_sandbox_has_no_network(media: MediaFactory, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        call = ("-v", "quiet", "-i", f"tcp://127.0.0.1:{server.getsockname()[1]}?timeout=200000")
        if not {"--net", "--seccomp-filter"} & set(SANDBOX.sandboxed_argv((), tmp_path)):
            pytest.skip("nothing here keeps programs from the network")
        with pytest.raises(FfmpegError):
            asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, call, tmp_path))
        with pytest.raises(BlockingIOError):
            server.accept()
        # Without a sandbox it connects, so the call is a real attempt.
        with pytest.raises(FfmpegError):
            asyncio.run(run_ffmpeg(Ffmpeg(media.ffmpeg, Sandbox(run=refuse)), call, tmp_path))
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

    run_forked(tried)
    assert (tmp_path / "out.mp4").stat().st_size > 1000


def refuse(argv: Sequence[str], **_options: object) -> subprocess.CompletedProcess[bytes]:
    """Run nothing, like a machine without any of the sandbox's tools."""
    return subprocess.CompletedProcess(argv, 1)


def test_the_filter_is_used_where_setpriv_knows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    sandbox = Sandbox(run=lambda argv, **_: subprocess.CompletedProcess(argv, 0))
    argv = sandbox.sandboxed_argv(("ffmpeg",), tmp_path)
    assert argv[argv.index("--seccomp-filter") + 1] == str(bpf.FILE)
    assert "--net" not in argv


def test_work_goes_on_where_no_sandbox_is_available(tmp_path: Path) -> None:
    assert Sandbox(run=refuse).sandboxed_argv(("ffmpeg", "-h"), tmp_path) == ["ffmpeg", "-h"]


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
