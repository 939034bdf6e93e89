"""Run a shell in the sandbox: its user, limits, network, and view of the worker."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.sandbox.command import SANDBOX_USER, Sandbox, SandboxLimits, make_undumpable
from gpu_worker.sandbox.process import sandboxed_process
from tests.support import bpf
from tests.support.media.factory import MediaFactory
from tests.support.sandbox import SANDBOX, needs_root, needs_setpriv, refuse, run_forked, run_script


@needs_root
@needs_setpriv
@pytest.mark.fault("I14")
def test_root_worker_runs_programs_as_another_user(workdir: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret")
    (workdir / "in_video").write_bytes(b"the input\n")
    SANDBOX.chown_to_sandbox_user(workdir, Path("/bin/sh"))
    printed = run_script(
        f"id -u; id -G; cat /proc/$PPID/environ {key} /etc/shadow; ls {tmp_path}; touch /etc/left {key}; "
        "cat in_video; echo out > out.mp4; kill -0 $PPID || echo safe",
        workdir,
    )
    assert printed.split() == [str(SANDBOX_USER), str(SANDBOX_USER), "the", "input", "safe"]
    assert (workdir / "out.mp4").stat().st_uid == SANDBOX_USER
    assert stat.S_IMODE(workdir.stat().st_mode) == 0o700
    assert not Path("/etc/left").exists()


@needs_root
def test_program_unreadable_for_that_user_runs_as_root(workdir: Path, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    SANDBOX.chown_to_sandbox_user(workdir, program)
    assert workdir.stat().st_uid == 0


@needs_setpriv
@pytest.mark.fault("I14")
def test_programs_cannot_read_the_environment_of_the_worker(workdir: Path) -> None:
    workdir.chmod(0o777)

    def seen(hidden: bool) -> str:
        if hidden:
            make_undumpable()
        return run_script(f"cat /proc/{os.getpid()}/environ /proc/{os.getpid()}/maps", workdir)

    def compared() -> None:
        assert seen(False)
        assert not seen(True)

    run_forked(compared, SANDBOX_USER + 1)


@needs_setpriv
def test_programs_have_limits_and_gain_no_privileges(workdir: Path) -> None:
    printed = run_script("cat /proc/self/status /proc/self/limits", workdir, seconds=30)
    assert "NoNewPrivs:\t1\n" in printed
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in printed.splitlines() if line.startswith("Max ")}
    assert bounds["Max core file size"] == ["0", "0"]
    assert bounds["Max cpu time"] == [str(30 * (os.cpu_count() or 1))] * 2
    for name in ("file size", "processes", "open files"):
        assert all(bound.isdigit() for bound in bounds[f"Max {name}"])


@needs_setpriv
@pytest.mark.fault("G12")
def test_output_file_cannot_exceed_its_limit(media: MediaFactory, tmp_path: Path) -> None:
    ffmpeg = Ffmpeg(media.ffmpeg, Sandbox(limits=SandboxLimits(file_bytes=100_000)))
    endless = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-f", "rawvideo", "-y", "out.mp4")
    with pytest.raises(FfmpegError) as failure:
        asyncio.run(run_ffmpeg(ffmpeg, endless, tmp_path))
    assert failure.value.is_out_of_resources
    assert (tmp_path / "out.mp4").stat().st_size == 100_000


@needs_setpriv
@pytest.mark.fault("G10")
def test_kernel_kills_a_program_that_exceeds_its_cpu_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    async def work() -> int:
        async with sandboxed_process(
            SANDBOX, ("/bin/sh", "-c", "while :; do :; done"), tmp_path, seconds=0.5
        ) as process:
            return await process.wait()

    code = asyncio.run(work())
    assert code == -signal.SIGKILL
    assert FfmpegError(code, "").is_out_of_resources


@needs_root
@needs_setpriv
@pytest.mark.fault("G11")
def test_fork_bomb_is_stopped(workdir: Path) -> None:
    # A user of its own, because the limit counts all processes of a user.
    sandbox = Sandbox(user=SANDBOX_USER + 2, limits=SandboxLimits(processes=8))
    sandbox.chown_to_sandbox_user(workdir, Path("/bin/sh"))
    run_script("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (echo x >> born; sleep 1) & done; wait", workdir, sandbox)
    assert 1 <= len((workdir / "born").read_text().split()) <= 8


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


def test_seccomp_filter_allows_encoding_and_no_connections(media: MediaFactory, tmp_path: Path) -> None:
    """The seccomp filter that setpriv installs from 2.41 on, installed by hand."""
    assert bpf.FILE.read_bytes() == bpf.assemble()

    def tried() -> None:
        bpf.install(bpf.FILE.read_bytes())
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


def test_seccomp_filter_is_used_if_setpriv_supports_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    sandbox = Sandbox(run=lambda argv, **_: subprocess.CompletedProcess(argv, 0))
    argv = sandbox.sandboxed_argv(("ffmpeg",), tmp_path)
    assert argv[argv.index("--seccomp-filter") + 1] == str(bpf.FILE)
    assert "--net" not in argv


def test_programs_run_without_any_sandbox_tool(tmp_path: Path) -> None:
    assert Sandbox(run=refuse).sandboxed_argv(("ffmpeg", "-h"), tmp_path) == ["ffmpeg", "-h"]


@pytest.mark.fault("I14")
def test_probe_that_times_out_on_a_busy_host_is_repeated(workdir: Path) -> None:
    is_busy = True

    def run(*args: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        if is_busy:
            raise subprocess.TimeoutExpired("true", 5)
        return subprocess.run(*args, **options)  # noqa: PLW1510 - the options have it

    sandbox = Sandbox(run=run)
    with pytest.raises(OSError, match="cannot be probed"):
        sandbox.sandboxed_argv(["ffmpeg"], workdir)
    is_busy = False
    assert (sandbox.sandboxed_argv(["ffmpeg"], workdir) == ["ffmpeg"]) is (not Path("/usr/bin/prlimit").exists())
    assert set(sandbox.features()) == {"separate_user", "no_sockets", "no_new_privileges", "resource_limits"}
