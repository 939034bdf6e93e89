"""The product under test: whole jobs through the worker's own entry point, and the frames that its encoder gets.

The only module here that calls the worker. As a program (`python -m benchmarks.product FFMPEG THREADS FOLDER PHOTO`) it
makes one clip in a process of its own, so that its memory can be measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench, BenchError, pick_large_folder
from contract.artifacts import OUTPUT_VIDEO
from contract.limits import Limits
from contract.operations import Operation, frame_count
from contract.operations.img2vid import Img2Vid
from contract.options.captions import CaptionOptions
from contract.options.picture.options import DEFAULT_FRAME
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.frames.resampler import Plane
from gpu_worker.frames.scenes import list_drawings
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.probe_inputs import probe_inputs
from gpu_worker.pipeline.read_pictures import read_pictures
from gpu_worker.pipeline.run_step import OnStage, ignore_stage, run_step
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.plan import make_plan
from gpu_worker.plan.captions.ass_script import BURN_FILTER
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.encode import TAG_FILTER, encoder_args
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.model import FONTS, IMAGE, SUBTITLES, Encoder, Inputs, PlanOptions, local_name
from gpu_worker.plan.still.motion import make_camera
from gpu_worker.sandbox import safe_open
from gpu_worker.speech.find_speech import Speech
from gpu_worker.subtitles import read_subtitles

U = "https://example.com/file"
"""A placeholder for the client's URLs. Nothing is downloaded: the files are already there."""

BURN = BURN_FILTER
FAMILY_DIRECTORY = Path(sys.modules["gpu_worker"].__path__[0]) / "fonts"


def run_job(
    bench: Bench,
    operation: Operation,
    inputs: Mapping[str, Path],
    keep: Path | None = None,
    *,
    speech: Speech | None = None,
    on_stage: OnStage = lambda _stage, _done: None,
) -> Output:
    """Run one job from probing to the verified file, which is moved to `keep` or deleted. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="job-", dir=bench.folder) as name:
        directory = Path(name)
        for field, path in inputs.items():
            (directory / local_name(field)).symlink_to(path)
        machine = replace(_machine(bench.ffmpeg, bench.threads), speech=speech)
        try:
            output = asyncio.run(transcode(operation, directory, machine, Limits(), on_stage))
        except JobFailed as failure:
            raise BenchError(f"{operation.kind} failed: {failure.failure.code}") from None
        if keep is not None:
            output.paths[OUTPUT_VIDEO.name].replace(keep)
        return output


@functools.cache
def _machine(ffmpeg: str, threads: int) -> Machine:
    """Return one machine for all jobs, as in a warm worker: it probes the sandbox and the fonts once."""
    return Machine(Ffmpeg(ffmpeg), None, threads)


def draw_frames(bench: Bench, operation: Img2Vid, photo: Path) -> Iterator[list[Plane]]:
    """Yield the planes of each frame that the encoder would get for this picture."""
    with tempfile.TemporaryDirectory(prefix="canvas-", dir=bench.folder) as name:
        for draw in list_drawings(_scenes(bench, operation, photo, Path(name)), Path(name)):
            yield list(draw())


@contextlib.contextmanager
def drawn(bench: Bench, operation: Img2Vid, photo: Path) -> Iterator[Path]:
    """Write the same frames to one raw file, in memory if there is room, and yield its path."""
    width, height = operation.frame_size(DEFAULT_FRAME)
    size = frame_count(operation.duration, operation.frame_rate) * width * height * 3 // 2
    with tempfile.TemporaryDirectory(prefix="frames-", dir=pick_large_folder(size, bench.folder)) as name:
        path = Path(name) / "frames.yuv"
        with path.open("wb") as file:
            for planes in draw_frames(bench, operation, photo):
                file.writelines(planes)
        yield path


def write_frames(bench: Bench, operation: Operation, inputs: Mapping[str, Path], target: Path) -> None:
    """Write the pictures that the encoder of a job without sound gets, with their captions, as raw yuv420p."""
    with tempfile.TemporaryDirectory(prefix="job-", dir=bench.folder) as name:
        directory = Path(name)
        for field, path in inputs.items():
            (directory / local_name(field)).symlink_to(path)
        machine = _machine(bench.ffmpeg, bench.threads)
        (directory / FONTS).symlink_to(machine.fonts)
        looks = operation.scene_looks()
        probed = asyncio.run(probe_inputs(operation.inputs(), looks, directory, machine, Limits()))
        plan = make_plan(operation, probed, PlanOptions(threads=bench.threads, typefaces=machine.typefaces))
        for file, content in plan.files.items():
            safe_open.write(directory / file, content)
        step = plan.steps[-1]
        drawing = step.args[: step.args.index("-map")]
        step = replace(step, args=(*drawing, "-map", "[picture]", "-f", "rawvideo", "-y", str(target)))
        asyncio.run(run_step(step, directory, machine, Limits(), ignore_stage, uses_gpu=False))


def raw_input(size: tuple[int, int], rate: int, frames: Path) -> tuple[str, ...]:
    """Return the arguments with which ffmpeg opens such a file."""
    shape = ("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}")
    return (*shape, "-framerate", str(rate), "-i", str(frames))


def _scenes(bench: Bench, operation: Img2Vid, photo: Path, directory: Path) -> FrameSource:
    """Write the canvas of a clip to the directory, and return what is drawn from it."""
    (directory / local_name(IMAGE)).symlink_to(photo)
    machine = _machine(bench.ffmpeg, bench.threads)
    asyncio.run(read_pictures([IMAGE], operation.scene_looks(), directory, machine, Limits()))
    for step in make_plan(operation, Inputs(), PlanOptions(threads=bench.threads)).steps:
        if step.feed is not None:
            return step.feed
    raise BenchError("the plan of a clip from a picture draws no frames")


def zooms(frames: int) -> list[float]:
    """Return the magnification of each frame of a clip."""
    camera = make_camera(Img2Vid(url_image=U).scene_looks()[IMAGE], 0)
    width = camera.start.right - camera.start.left
    views = (camera.view(index, frames) for index in range(frames))
    return [width / (view.right - view.left) for view in views]


def resampler() -> str:
    """Return the library that draws the frames. Known only after the first frame."""
    return "VapourSynth" if "vapoursynth" in sys.modules else "cykooz.resizer"


def x264_args(bench: Bench) -> tuple[str, ...]:
    """Return the product's encoder options, including the filter that tags the frames.

    Without it ffmpeg would convert untagged frames to the color space of the options, which costs a fifth of an encode.
    """
    return "-vf", TAG_FILTER, *encoder_args(Encoder.X264, bench.threads)


def burn_folder(folder: Path, srt: Path, size: tuple[int, int]) -> Path:
    """Make a directory in which the filter `BURN` draws the same as the product does for these subtitles."""
    folder.mkdir()
    cues = read_subtitles(srt.read_bytes(), "url_srt", Limits().max_cues).cues or ()
    (folder / SUBTITLES).write_text(draw_captions(cues, CaptionOptions(), size).script, encoding="utf-8")
    (folder / FONTS).symlink_to(FAMILY_DIRECTORY)
    return folder


def _make_one(ffmpeg: str, threads: str, folder: str, photo: str) -> None:
    bench = Bench(ffmpeg, int(threads), Path(folder), media=None, runs=1, quick=False, peers=False, say=print)
    run_job(bench, Img2Vid(url_image=U), {"url_image": Path(photo)})


if __name__ == "__main__":
    _make_one(*sys.argv[1:])
