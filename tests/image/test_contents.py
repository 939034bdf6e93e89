"""Check the image's content, and how it starts and ends."""

from __future__ import annotations

import subprocess
import time

import pytest

from contract.fonts import IMAGE_FONTS
from tests.image.conftest import Image

_LISTED = """
import pathlib, vapoursynth, gpu_worker.handler
app = pathlib.Path("/app")
print(*sorted(path.name for path in app.iterdir()))
sources = [path for path in app.rglob("*.py")]
print(*(path for path in sources if not list((path.parent / "__pycache__").glob(path.stem + ".*.pyc"))))
"""
_WRITABLE = "find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/dev/*' ! -path '/sys/*' 2>/dev/null"

_SRT = r"1\n00:00:00,000 --> 00:00:01,000\na\n"
_LOG_INDEXES = 16 + 128


@pytest.mark.fault("K10")
def test_image_starts_the_worker_without_shell_and_privileges(image: Image) -> None:
    config = image.config()
    assert config["Cmd"] == ["python3", "-u", "-m", "gpu_worker"]
    assert not config.get("Entrypoint")
    assert int(image.run("id", "-u")) > 0


def test_image_requests_video_and_keeps_urls_out_of_logs(image: Image) -> None:
    env = dict(pair.split("=", 1) for pair in image.config()["Env"])
    assert set(env["NVIDIA_DRIVER_CAPABILITIES"].split(",")) == {"compute", "utility", "video", "graphics"}
    assert env["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert env["RUNPOD_LOG_LEVEL"] == "INFO"


def test_image_has_our_two_packages_compiled_and_no_build_tools(image: Image) -> None:
    assert image.run("python3", "-c", _LISTED).splitlines() == ["contract gpu_worker", ""]
    assert image.run("sh", "-c", "command -v pip pip3 gcc; ls /var/lib/apt/lists", check=False) == ""


@pytest.mark.fault("K10")
def test_worker_cannot_write_what_it_runs(image: Image) -> None:
    writable = set(image.run("sh", "-c", _WRITABLE, check=False).split())
    assert {"/tmp", "/var/tmp"} <= writable
    assert not [path for path in writable if path.startswith(("/app", "/opt", "/usr", "/bin", "/lib", "/var/cache"))]


def test_ffmpeg_has_what_plans_use(image: Image) -> None:
    output = image.run("sh", "-c", "for kind in filters encoders bsfs; do ffmpeg -v error -$kind; done")
    needed = {"ass", "zscale", "tonemap", "scale_cuda", "overlay_cuda", "libx264", "h264_nvenc", "aac", "setts"}
    assert needed - set(output.split()) == set()


def test_fonts_are_indexed(image: Image) -> None:
    """Otherwise each run that draws captions reads all fonts again."""
    draw = "ffmpeg -v error -f lavfi -i color=s=64x64:d=0.1 -vf subtitles=a.srt -f null -"
    output = image.run("sh", "-c", f"cd /tmp && printf '{_SRT}' > a.srt && FC_DEBUG={_LOG_INDEXES} {draw} 2>&1")
    assert "(dir: /usr/share/fonts/truetype/noto)" in output
    assert "Scanning file" not in output


def test_listed_fonts_are_installed(image: Image) -> None:
    found = set(image.run("sh", "-c", "ls /usr/share/fonts/truetype/noto /usr/share/fonts/opentype/noto").split())
    for name in IMAGE_FONTS:
        file = "NotoSansCJK-Bold.ttc" if "CJK" in name else f"{name.replace(' ', '')}-Bold.ttf"
        assert file in found


def test_sigterm_during_start_ends_the_container(image: Image) -> None:
    """Process 1 gets only signals for which it has a handler."""
    url = "http://127.0.0.1:9/v2/x/job-take/$ID?gpu=none"
    starting = image.call(*image.argv("--detach", f"--env=RUNPOD_WEBHOOK_GET_JOB={url}")).strip()
    time.sleep(0.7)
    image.call("kill", "--signal=TERM", starting)
    try:
        code = subprocess.run([image.engine, "wait", starting], capture_output=True, text=True, timeout=20, check=True)
    finally:
        image.call("rm", "--force", starting)
    assert code.stdout.strip() == "143"


_SANDBOX = """
import asyncio, os, pathlib
from gpu_worker.sandbox.command import Sandbox, make_undumpable
from gpu_worker.sandbox.process import sandboxed_process

async def show(*argv):
    async with sandboxed_process(Sandbox(), argv, pathlib.Path("/tmp")) as process:
        print((await process.stdout.read()).decode(), (await process.stderr.read()).decode())
        await process.wait()

make_undumpable()
asyncio.run(show("cat", "/proc/self/status", f"/proc/{os.getpid()}/environ"))
asyncio.run(show("ffmpeg", "-v", "error", "-i", "tcp://127.0.0.1:9"))
"""


@pytest.mark.fault("G2", "I14")
def test_sandbox_has_no_network_and_no_keys(image: Image) -> None:
    output = image.run("python3", "-c", _SANDBOX, options=("--env=RUNPOD_AI_API_KEY=s3cret",))
    assert "NoNewPrivs:\t1\n" in output
    assert "Seccomp:\t2\n" in output
    assert "s3cret" not in output
    assert "tcp://127.0.0.1:9 failed: Permission denied" in output
