"""A fake GPU: an ffmpeg that does on the CPU what a plan gives to the GPU, or fails like a driver.

Run as a program, it replaces ffmpeg. In its folder are `faults.json`, a list of `Fault`, and `gpu_runs`, to which it
adds one line for each of its runs that uses a GPU.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_OPENING = {
    "-init_hw_device", "-filter_hw_device", "-hwaccel", "-hwaccel_device", "-hwaccel_output_format",
}  # fmt: skip
_NVENC_ONLY = {"-tune", "-rc", "-cq", "-b:v", "-spatial-aq", "-rc-lookahead"}
_FILTERS = (
    (r"scale_cuda=[^,\[;]*", "null"),
    (r"\bhwdownload\b", "null"),
    (r"\bhwupload\b", "null"),
    (r"\boverlay_cuda\b", "overlay"),
)


@dataclass(frozen=True)
class Fault:
    """A driver's output at one stage ("decode", "draw", "encode" or "any" use of the GPU), and ffmpeg's exit code.

    `first` and `last` number the runs that use the stage, from 1: a fault may start late, or be temporary.
    """

    stage: str
    message: str
    code: int = 1
    first: int = 1
    last: int = 10**9


def on_cpu(args: Sequence[str]) -> list[str]:
    """Replace each CUDA part of a command line by its equivalent on the CPU."""
    done: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg in _OPENING or arg in _NVENC_ONLY:
            next(rest)
        elif arg == "h264_nvenc":
            done.append("libx264")
        elif arg == "p5":
            done.append("ultrafast")
        else:
            done.append(graph_on_cpu(arg) if arg.startswith("[0:V:0]") else arg)
    return done


def graph_on_cpu(graph: str) -> str:
    for cuda, cpu in _FILTERS:
        graph = re.sub(cuda, cpu, graph)
    return graph


def stages_of(args: Sequence[str]) -> set[str]:
    """Return the stages of a command line that use the GPU."""
    text = " ".join(args)
    marks = {"decode": "-hwaccel cuda", "draw": "overlay_cuda", "encode": "h264_nvenc"}
    return {stage for stage, mark in marks.items() if mark in text}


def install(folder: Path, ffmpeg: str, faults: Sequence[Fault] = ()) -> str:
    """Write a program that replaces this ffmpeg into the folder and return its path."""
    program = folder / "ffmpeg"
    root = Path(__file__).resolve().parents[3]
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        f"from tests.support.media.fake_gpu import main\nmain({str(folder)!r}, {ffmpeg!r})\n"
    )
    program.chmod(0o755)
    (folder / "faults.json").write_text(json.dumps([asdict(fault) for fault in faults]))
    return str(program)


def gpu_runs(folder: Path) -> list[str]:
    """Return the stages of each run so far that used a GPU, as in `decode draw encode`."""
    path = folder / "gpu_runs"
    return path.read_text().splitlines() if path.exists() else []


def main(folder: str, ffmpeg: str) -> None:
    """Run as ffmpeg once."""
    args = sys.argv[1:]
    stages = stages_of(args)
    if stages:
        _fail_if_due(Path(folder), stages)
    os.execv(ffmpeg, [ffmpeg, *on_cpu(args)])  # noqa: S606


def _fail_if_due(folder: Path, stages: set[str]) -> None:
    with (folder / "gpu_runs").open("a") as log:
        log.write(" ".join(sorted(stages)) + "\n")
    runs = gpu_runs(folder)
    for fault in (Fault(**fields) for fields in json.loads((folder / "faults.json").read_text())):
        if fault.stage != "any" and fault.stage not in stages:
            continue
        count = sum(1 for run in runs if fault.stage == "any" or fault.stage in run.split())
        if fault.first <= count <= fault.last:
            sys.stderr.write(fault.message + "\n")
            sys.exit(fault.code)
