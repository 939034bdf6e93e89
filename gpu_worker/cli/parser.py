"""The options of the command line, their help, and the operation that they describe."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from contract.limits import (
    DEFAULT_DURATION,
    DEFAULT_FRAME_RATE,
    MAX_DURATION,
    MAX_FRAME_RATE,
    MAX_SIDE,
    MIN_DURATION,
    MIN_FRAME_RATE,
    MIN_SIDE,
)
from contract.operations import OPERATIONS, Operation, Role

PROGRAM = "python -m gpu_worker"
FILES = {"image": Role.IMAGE, "video": Role.VIDEO, "audio": Role.AUDIO, "srt": Role.SUBTITLES}
_PLACEHOLDER = "https://local.invalid/file"
"""The models name inputs by URL; local ones are put in place before anything would be fetched."""

_FILE_HELP = {
    "image": "a picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP",
    "video": "a video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others",
    "audio": "a sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video",
    "srt": "subtitles: SRT, WebVTT or ASS, in any encoding",
}


class _Option(NamedTuple):
    metavar: str
    wanted: str
    """Return the description of a valid value, to complete "give …"."""
    default: str


_OPTIONS = {
    "duration": _Option(
        "SECONDS", f"a number of seconds from {MIN_DURATION:g} to {MAX_DURATION:g}", f"{DEFAULT_DURATION:g}"
    ),
    "frame_rate": _Option(
        "RATE",
        f"a number of frames a second from {MIN_FRAME_RATE:g} to {MAX_FRAME_RATE:g}",
        f"{DEFAULT_FRAME_RATE:g}",
    ),
    "size": _Option("WxH", f"two even numbers from {MIN_SIDE} to {MAX_SIDE}, as in 1080x1920", "1920x1080"),
    "fit": _Option("FIT", "cover (fill the frame, crop the rest) or contain (all of it, on black)", "cover"),
    "mode": _Option("MODE", "replace (only the new sound) or mix (over the video's own)", "replace"),
    "volume": _Option("FACTOR", "a number from 0 to 4, 1 leaving the new sound as it is", "1"),
}
_STILL = ("duration", "frame_rate", "size", "fit")


class _Command(NamedTuple):
    """`required` and `optional` name inputs, `options` the others."""

    summary: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    options: tuple[str, ...]
    notes: str
    example: str


_COMMANDS = {
    "caption": _Command(
        "draw subtitles into a video", ("video", "srt"), (), (), "The sound is copied.",
        "--video clip.mp4 --srt clip.srt -o captioned.mp4",
    ),
    "img2vid": _Command(
        "turn a picture into a clip with a slow zoom", ("image",), (), _STILL, "The clip has no sound.",
        "--image photo.jpg --duration 8 --size 1080x1920 -o clip.mp4",
    ),
    "addaudio": _Command(
        "put a sound under a video", ("video", "audio"), (), ("mode", "volume"),
        "The picture is copied, and the result ends with the shorter of the two.",
        "--video clip.mp4 --audio music.mp3 --mode mix --volume 0.4 -o scored.mp4",
    ),
    "compose": _Command(
        "picture or video, sound and subtitles in one encode", (), ("image", "video", "audio", "srt"), _STILL,
        "Give --image, or --video with --audio or --srt or both.\n"
        "A clip from a picture lasts as long as --duration, else as its sound, else 5 s.\n"
        "--duration, --frame-rate, --size and --fit apply to a picture only.",
        "--image photo.jpg --audio voice.mp3 --srt voice.srt -o short.mp4",
    ),
}  # fmt: skip

_EXIT_CODES = """\
exit codes:
  0    the video is written
  1    it could not be made; the reason is the last line on stderr
  2    the command line is wrong; nothing was started
  130  Ctrl-C (143 SIGTERM, 129 SIGHUP): nothing is left, an older output is kept"""

_DESCRIPTION = """\
Make one video from local files; nothing is sent anywhere. The output is an MP4 (H.264, AAC).
Without an operation, run as a RunPod worker."""

_EPILOG = f"""\
example:
  {PROGRAM} compose {_COMMANDS["compose"].example}

{_EXIT_CODES}

environment:
  FFMPEG     the ffmpeg to use, 7.1 or newer (default: the one installed with this project, else that on PATH)
  WORK_DIR   folder for temporary files (default: TMPDIR or /tmp)

`{PROGRAM} OPERATION --help` lists the options of an operation."""


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed command line: the operation, its input files by option, and where the output goes."""

    operation: Operation
    files: dict[str, Path]
    output: str


def parse(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, Request]:
    """Read a command line. Returns the parser of its operation, too, whose `error` ends the program with code 2."""
    parser, commands = _parsers()
    args = parser.parse_args(argv)
    parser = commands[args.kind]
    files = {name: Path(value) for name in FILES if (value := getattr(args, name, None)) is not None}
    values: dict[str, Any] = {name: value for name in _OPTIONS if (value := getattr(args, name, None)) is not None}
    values |= {f"url_{name}": _PLACEHOLDER for name in files}
    try:
        operation = OPERATIONS[args.kind].model_validate(values)
    except ValidationError as error:
        parser.error("; ".join(_sentence(problem["loc"], problem["msg"]) for problem in error.errors()))
    return parser, Request(operation, files, args.output)


def as_options(sentence: str) -> str:
    """Name inputs by options in a sentence that names them by the API's fields."""
    return re.sub(r"\burl_(?=[a-z])", "--", sentence)


def _sentence(where: tuple[int | str, ...], message: str) -> str:
    """One error of a model, as a person at a command line needs it."""
    name = str(where[0]) if where else ""
    if name in _OPTIONS:
        return f"--{name.replace('_', '-')}: give {_OPTIONS[name].wanted}"
    return as_options(message.removeprefix("Value error, "))


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    operations = parser.add_subparsers(dest="kind", required=True, metavar="OPERATION", title="operations")
    return parser, {name: _add(operations, name, command) for name, command in _COMMANDS.items()}


def _add(operations: Any, name: str, command: _Command) -> argparse.ArgumentParser:
    summary = command.summary[0].upper() + command.summary[1:]
    parser: argparse.ArgumentParser = operations.add_parser(
        name, help=command.summary, description=f"{summary}.\n{command.notes}", allow_abbrev=False,
        epilog=f"example:\n  {PROGRAM} {name} {command.example}\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    for file in (*command.required, *command.optional):
        parser.add_argument(f"--{file}", required=file in command.required, metavar="FILE", help=_FILE_HELP[file])
    for key in command.options:
        option = _OPTIONS[key]
        default = "as its sound, else 5" if (name, key) == ("compose", "duration") else option.default
        parser.add_argument(
            f"--{key.replace('_', '-')}", metavar=option.metavar, help=f"{option.wanted} (default {default})"
        )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="the MP4 to write; replaced if it exists, once it is done"
    )
    return parser
