"""`python -m benchmarks.media`: measure the media engine against its targets and against its peers."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    addaudio,
    caption,
    compose,
    concatenate,
    img2vid,
    loudness,
    machine,
    quality,
    reframe,
    slideshow,
    transcribe,
    trim,
)
from benchmarks.bench import Bench, BenchError
from benchmarks.command import exit_code, print_report, say, subset_of
from benchmarks.report import complete, read_rows
from benchmarks.results import Row
from benchmarks.targets import MEDIA
from gpu_worker.ffmpeg.locate import FfmpegUnusableError, find_ffmpeg
from gpu_worker.sandbox.cpus import usable_cpus

_ROOT = Path(__file__).resolve().parents[1]
_MEDIA = _ROOT.parent / "shared" / "media"
_RESULT = Path(__file__).with_name("media.json")
_PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "img2vid": img2vid.measure,
    "addaudio": addaudio.measure,
    "caption": caption.measure,
    "compose": compose.measure,
    "reframe": reframe.measure,
    "loudness": loudness.measure,
    "concatenate": concatenate.measure,
    "slideshow": slideshow.measure,
    "quality": quality.measure,
    "transcribe": transcribe.measure,
    "trim": trim.measure,
}
_LEGEND = """Peers are measured in this run; those with a * are quoted from an earlier one. Ratios are those of the
medians, then least-most within a round. What each is divided by: docs/benchmarks.md."""


def main(argv: Sequence[str]) -> int:
    """Measure, and return the exit code (see `command.exit_code`)."""
    args = _parse(argv)
    return exit_code(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    started = time.monotonic()
    try:
        found, threads = find_ffmpeg(os.environ.get("FFMPEG")), usable_cpus()
    except FfmpegUnusableError as error:
        raise BenchError(error.reason) from None
    settings = {
        **machine.facts(),
        "threads": threads,
        "ffmpeg": found.build.name,
        "runs": args.runs,
        "quick": args.quick,
        "real_media": args.media.is_dir(),
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        media = args.media if args.media.is_dir() else None
        bench = Bench(found.path, threads, Path(name), media, args.runs, args.quick, not args.no_peers, say)
        rows = [row for part in args.only for row in _PARTS[part](bench)]
        if args.also and "img2vid" in args.only:
            rows += _measure_with_other_python(args, rows, Path(name) / "also.json")
    keys = [key for key, target in MEDIA.items() if target.operation in args.only]
    rows = complete(rows, keys, "there is no Python here that draws with that library")
    settings["minutes"] = (time.monotonic() - started) / 60
    print_report(rows, settings, _LEGEND, args.json)


def _measure_with_other_python(args: argparse.Namespace, rows: Sequence[Row], path: Path) -> list[Row]:
    """Measure img2vid with another Python, which may draw frames with another library. The peers stay the same."""
    options = ["--only", "img2vid", "--no-peers", "--runs", str(args.runs), "--media", str(args.media)]
    argv = [args.also, "-m", "benchmarks.media", *options, "--json", str(path), *(["--quick"] if args.quick else [])]
    # Its progress on stderr is visible; its table on stdout is not.
    with subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode != 0:
        raise BenchError("the other Python could not measure")
    peers = {row.key: row.peers for row in rows}
    return [replace(row, peers=peers.get(row.key, {})) for row in read_rows(path) if row.value is not None]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media", description=__doc__.split(": ", 1)[-1])
    parser.add_argument("--quick", action="store_true", help="two runs and short films: to try the bench itself")
    parser.add_argument("--runs", type=_count, help="how often each contender runs (default 5, quick 2)")
    parser.add_argument(
        "--only", type=subset_of(_PARTS), default=list(_PARTS), metavar="A,B", help=f"of {','.join(_PARTS)}"
    )
    parser.add_argument(
        "--media", type=_absolute, default=_MEDIA, metavar="DIR", help="real photo and clips, if it exists"
    )
    parser.add_argument("--also", metavar="PYTHON", help="another Python to measure img2vid with")
    parser.add_argument("--no-peers", action="store_true", help="leave out what others do")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"default {_RESULT.name} in this folder, if all run")
    return parser


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    args = _parser().parse_args(argv)
    whole = not args.quick and not args.no_peers and args.only == list(_PARTS)
    args.json = args.json or (_RESULT if whole else None)
    args.runs = args.runs or (2 if args.quick else 5)
    return args


def _absolute(text: str) -> Path:
    return Path(text).resolve()


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
