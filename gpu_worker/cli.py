"""The operations on local files: the same plans and the same ffmpeg runs, without queue or bucket."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.limits import DEFAULT_FRAME_RATE, Limits
from contract.messages import Stage
from contract.operations import OPERATIONS, AudioMode, Fit, Operation, Role
from gpu_worker.cpus import usable_cpus
from gpu_worker.encoders import find_gpu
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg import find_ffmpeg
from gpu_worker.make import Made, local_name, make
from gpu_worker.perform import Tools
from gpu_worker.scratch import folder_in
from gpu_worker.settings import Settings

_MODELS = {str(model.model_fields["kind"].default): model for model in OPERATIONS}
_FILES = {"video": Role.VIDEO, "audio": Role.AUDIO, "image": Role.IMAGE, "srt": Role.SUBTITLES}
_PLACEHOLDER = "https://local.invalid/file"
"""The models name inputs by URL; local ones are put in place before anything would be fetched."""

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str]) -> int:
    """Parse, make one video, print what it is. Returns the exit code: 0, 1 failed, 2 usage, 130 interrupted."""
    parser = _parser()
    args = parser.parse_args(argv)
    given = {name: Path(value) for name in _FILES if (value := getattr(args, name, None)) is not None}
    for name, path in given.items():
        if not path.is_file():
            parser.error(f"--{name}: no such file: {path}")
    try:
        operation = _operation(args, given)
    except ValidationError as error:
        parser.error("; ".join(str(problem["msg"]).removeprefix("Value error, ") for problem in error.errors()))
    try:
        made = asyncio.run(_run(operation, given, args.output))
    except JobFailed as failure:
        # The API names inputs by its fields; here they were named by options.
        sentence = failure.failure.message.replace("url_", "--")
        print(f"failed ({failure.failure.code}): {sentence}", file=sys.stderr)  # noqa: T201
        return FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except OSError as error:
        print(f"failed: {error.strerror or 'the output could not be written'}", file=sys.stderr)  # noqa: T201
        return FAILED
    _print_facts(made, args.output)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gpu_worker",
        description="Make one video from local files. Without an operation, run as a RunPod worker.",
    )
    operations = parser.add_subparsers(dest="kind", required=True, metavar="OPERATION")

    caption = operations.add_parser("caption", help="draw subtitles into a video")
    _inputs(caption, required=("video", "srt"))

    img2vid = operations.add_parser("img2vid", help="turn a picture into a clip with a slow zoom")
    _inputs(img2vid, required=("image",))
    _still_options(img2vid, duration_help="seconds, 0.1 to 300 (default 5)")

    addaudio = operations.add_parser("addaudio", help="put a sound under a video; the shorter of the two ends it")
    _inputs(addaudio, required=("video", "audio"))
    addaudio.add_argument("--mode", choices=[mode.value for mode in AudioMode], help="replace (default) or mix")
    addaudio.add_argument("--volume", type=float, help="loudness of the new sound, 0 to 4 (default 1)")

    compose = operations.add_parser("compose", help="picture or video, sound and subtitles in one encode")
    _inputs(compose, optional=("image", "video", "audio", "srt"))
    _still_options(compose, duration_help="seconds of a clip from a picture (default: as its sound, else 5)")
    return parser


def _inputs(parser: argparse.ArgumentParser, required: Sequence[str] = (), optional: Sequence[str] = ()) -> None:
    helps = {"video": "a video file", "audio": "a sound file", "image": "a picture", "srt": "subtitles (SRT or WebVTT)"}
    for name in (*required, *optional):
        parser.add_argument(f"--{name}", required=name in required, metavar="FILE", help=helps[name])
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the MP4 to write")


def _still_options(parser: argparse.ArgumentParser, duration_help: str) -> None:
    parser.add_argument("--duration", type=float, help=duration_help)
    parser.add_argument("--frame-rate", type=float, help=f"frames per second, 1 to 60 (default {DEFAULT_FRAME_RATE:g})")
    parser.add_argument("--size", metavar="WxH", help="both even, 64 to 3840 (default 1920x1080)")
    parser.add_argument("--fit", choices=[fit.value for fit in Fit], help="cover (default) or contain")


def _operation(args: argparse.Namespace, given: dict[str, Path]) -> Operation:
    options = ("mode", "volume", "duration", "frame_rate", "size", "fit")
    values: dict[str, Any] = {name: value for name in options if (value := getattr(args, name, None)) is not None}
    values |= {f"url_{name}": _PLACEHOLDER for name in given}
    return _MODELS[args.kind].model_validate(values)


async def _run(operation: Operation, given: dict[str, Path], output: Path) -> Made:
    task = asyncio.current_task()
    if task is not None:
        # asyncio.run already turns Ctrl-C into a cancellation; a polite kill should end the same way.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    settings = Settings.of(os.environ)
    ffmpeg = find_ffmpeg(settings.ffmpeg)
    meter = _Meter()
    with folder_in(settings.work_dir) as directory:
        for kind, path in given.items():
            (directory / local_name(_FILES[kind])).symlink_to(path.resolve())
        tools = Tools(ffmpeg, await find_gpu(ffmpeg), usable_cpus())
        made = await make(operation, directory, tools, Limits(execution_seconds=24 * 3600.0), meter.show)
        meter.close()
        _deliver(made.path, output)
    return made


def _deliver(made: Path, output: Path) -> None:
    """Copy beside the target, then rename: nobody ever sees half a video there."""
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(made, partial)
        partial.replace(output)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _print_facts(made: Made, output: Path) -> None:
    media = made.media
    sound = media.audio_codec or "no sound"
    how = "picture copied" if made.encoder is None else f"encoded with {made.encoder}"
    print(  # noqa: T201
        f"{output}: {media.width}x{media.height}, {media.frames} frames at {media.frame_rate:g} fps, "
        f"{media.duration_seconds:.3f} s, {media.video_codec}, {sound}, {output.stat().st_size} bytes, {how}"
    )
    for warning in made.warnings:
        print(f"note: {warning}", file=sys.stderr)  # noqa: T201


@dataclass(slots=True)
class _Meter:
    """Progress on stderr: one moving line on a terminal, a line per tenth elsewhere."""

    _shown: int = -1

    def show(self, stage: Stage, done: float) -> None:
        if stage != "encode":
            return
        percent = int(done * 100)
        if sys.stderr.isatty():
            if percent != self._shown:
                bar = "#" * (percent // 4)
                print(f"\r[{bar:<25}] {percent:3} %", end="", file=sys.stderr, flush=True)  # noqa: T201
        elif percent // 10 > self._shown // 10:
            print(f"{percent} %", file=sys.stderr, flush=True)  # noqa: T201
        self._shown = max(self._shown, percent)

    def close(self) -> None:
        if self._shown >= 0 and sys.stderr.isatty():
            print(file=sys.stderr)  # noqa: T201
