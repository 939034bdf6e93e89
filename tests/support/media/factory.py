"""Make media for tests, transcode it as the worker does, and measure the output."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw

from contract.limits import Limits
from contract.operations import Operation, Role
from gpu_worker.ffmpeg.locate import Ffmpeg, find_ffmpeg
from gpu_worker.media.info import Facts
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import local_name
from gpu_worker.probe.probe import probe
from gpu_worker.sandbox.command import Sandbox
from tests.support.media.inputs import local_role

URL = "https://example.com/file"


class MediaFactory:
    """Makes each file once per name, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, object] = {}
        self.ffmpeg = find_ffmpeg(os.environ.get("FFMPEG")).path
        self.sandbox = Sandbox()

    @property
    def sandboxed_ffmpeg(self) -> Ffmpeg:
        """Return ffmpeg as the worker runs it."""
        return Ffmpeg(self.ffmpeg, self.sandbox)

    def make_once(self, name: str, draw: Callable[[Path], object], of: object = None) -> Path:
        path = self.folder / name
        assert self._made.setdefault(name, of) == of, f"another {name} was made before"
        if not path.exists():
            draw(path)
        return path

    def run_ffmpeg(self, *args: str | Path) -> bytes:
        argv = [self.ffmpeg, "-nostdin", "-v", "error", "-y", *map(str, args)]
        return subprocess.run(argv, check=True, capture_output=True, cwd=self.folder).stdout

    def make_file(self, name: str, *args: str | Path) -> Path:
        """Return a file that ffmpeg makes with these arguments."""
        return self.make_once(name, lambda path: self.run_ffmpeg(*args, path), args)

    def make_video(
        self,
        name: str = "video.mp4",
        seconds: float = 2,
        size: str = "320x180",
        rate: str = "25",
        *,
        sound: bool = True,
        extra: tuple[str, ...] = (),
        source: str = "testsrc2",
    ) -> Path:
        voice = ("-f", "lavfi", "-i", f"sine=440:d={seconds}:r=48000") if sound else ()
        return self.make_file(
            name, "-f", "lavfi", "-i", f"{source}{':' if '=' in source else '='}s={size}:r={rate}:d={seconds}", *voice,
            "-pix_fmt", "yuv420p", "-preset", "ultrafast", *extra,
        )  # fmt: skip

    def make_audio(
        self, name: str = "sound.mp3", seconds: float = 1.5, hertz: int = 880, extra: tuple[str, ...] = ()
    ) -> Path:
        return self.make_file(name, "-f", "lavfi", "-i", f"sine={hertz}:d={seconds}:r=44100", *extra)

    def make_rotated(self, name: str, video: Path) -> Path:
        """Return the same MP4 with a matrix in its track header that rotates it by 90 degrees clockwise."""

        def draw(path: Path) -> None:
            data = bytearray(video.read_bytes())
            at = data.index(b"tkhd") + 4 + 40
            data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
            path.write_bytes(data)

        return self.make_once(name, draw, ("turned", video))

    def make_circle(self, name: str, size: tuple[int, int], radius: int) -> Path:
        """Return a picture of a white disc in the middle of a dark background."""

        def draw(path: Path) -> None:
            big = Image.new("RGB", (size[0] * 2, size[1] * 2), (20, 20, 60))
            x, y, r = size[0], size[1], radius * 2
            ImageDraw.Draw(big).ellipse((x - r, y - r, x + r - 1, y + r - 1), fill=(255, 255, 255))
            big.resize(size, Image.Resampling.BOX).save(path, quality=95)

        return self.make_once(name, draw, ("circle", size, radius))

    def transcode(
        self,
        operation: Operation,
        limits: Limits | None = None,
        gpu: Gpu | None = None,
        machine: Machine | None = None,
        files: Mapping[str, Path] | None = None,
        **inputs: Path,
    ) -> tuple[Output, Path]:
        """Run an operation on local files, given by role, or in `files` by field.

        Return the output in `folder`, and its main file.
        """
        used = machine or Machine(self.sandboxed_ffmpeg, gpu, 2)

        async def work() -> tuple[Output, Path]:
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                directory = Path(name)
                for role, path in inputs.items():
                    (directory / local_role(role)).symlink_to(path)
                for field, path in (files or {}).items():
                    (directory / local_name(field)).symlink_to(path)
                made = await transcode(operation, directory, used, limits or Limits(), lambda _stage, _done: None)
                kept = {}
                for artifact, path in made.paths.items():
                    kept[artifact] = self.folder / f"{Path(name).name}-{artifact}"
                    path.replace(kept[artifact])
                return replace(made, paths=kept), next(iter(kept.values()))

        return asyncio.run(work())

    def probe(self, path: Path, role: Role = Role.VIDEO) -> Facts:
        return asyncio.run(probe(self.sandboxed_ffmpeg, path, role, "url_video", 10**9))

    def decode_frames(self, path: Path, *select: str) -> list[Image.Image]:
        """Return decoded frames as RGB, converted by the colors that the file states."""
        facts = self.probe(path)
        assert facts.video is not None
        size = facts.video.display_size
        raw = self.run_ffmpeg(
            "-i", path, *select, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
        )
        step = size[0] * size[1] * 3
        return [Image.frombytes("RGB", size, raw[at : at + step]) for at in range(0, len(raw), step)]

    def decode_frame(self, path: Path, seconds: float) -> Image.Image:
        return self.decode_frames(path, "-ss", str(seconds), "-frames:v", "1")[0]

    def list_packets(self, path: Path, stream: str) -> list[str]:
        """Return the size and checksum of each stored packet of a stream."""
        out = self.run_ffmpeg("-i", path, "-map", stream, "-c", "copy", "-f", "framecrc", "-").decode()
        return [",".join(row.split(",")[4:6]) for row in out.splitlines() if not row.startswith("#")]

    def read_header(self, path: Path) -> str:
        argv = [self.ffmpeg, "-nostdin", "-hide_banner", "-i", str(path)]
        return subprocess.run(argv, check=False, capture_output=True).stderr.decode("utf-8", "replace")


def count_bright_pixels(image: Image.Image, level: int = 200) -> int:
    """Return the number of nearly white pixels: caption text on a dark picture."""
    return sum(image.convert("L").point(lambda value: 1 if value >= level else 0).tobytes())
