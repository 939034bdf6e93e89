"""Draw captions into short videos by any filter graph, and compare the planes of each frame."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

import gpu_worker
from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import FONTS, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.render import render_video
from tests.support.media.factory import MediaFactory

FONTS_DIRECTORY = Path(gpu_worker.__file__).parent / "fonts"
WIDTH, HEIGHT = 320, 180
CUES = (
    Cue(0, 220, "from the first frame"),
    Cue(400, 1000, "one\ntwo\nthree"),
    Cue(720, 1240, "<i>at the same time</i>"),
    Cue(1240, 1480, "without a gap"),
    Cue(1501, 1503, "shorter than the script can say"),
    Cue(1850, 9000, "to the end"),
)
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "25": ("25", ()),
    # 1.85 s is frame 111, and in doubles 1849 ms: the filter draws the last cue from frame 112 on.
    "60": ("60", ()),
    "23.976": ("24000/1001", ()),
    "uneven": ("30", ("-vf", "select='mod(n,7)-mod(n,3)',setpts=PTS+0.4/TB", "-fps_mode", "vfr")),
}


def make_source(media: MediaFactory, name: str) -> tuple[Path, VideoFacts]:
    rate, extra = SOURCES[name]
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-bf", "2")
    path = media.make_video(
        f"cuda{list(SOURCES).index(name)}.mp4", 2, f"{WIDTH}x{HEIGHT}", rate, sound=False, extra=(*extra, *tags)
    )
    facts = media.probe(path).video
    assert facts is not None
    return path, facts


def plan_captions(video: VideoFacts, gpu: Gpu | None, cues: tuple[Cue, ...] | None = CUES) -> Plan:
    return render_video(video, Overlay(cues=cues), PlanOptions(gpu=gpu))


def filter_graph(plan: Plan) -> str:
    args = plan.steps[0].args
    return args[args.index("-filter_complex") + 1]


def write_plan_files(folder: Path, plan: Plan) -> Path:
    """Write the files that a plan's filters read, and return the folder."""
    for name, text in plan.files.items():
        (folder / name).write_text(text)
    if not (folder / FONTS).exists():
        (folder / FONTS).symlink_to(FONTS_DIRECTORY)
    return folder


def draw_frames(
    media: MediaFactory, path: Path, plan: Plan, graph: str, folder: Path, opening: Sequence[str] = ()
) -> tuple[list[bytes], str]:
    """Return the planes of each frame that a graph draws with a plan's files, and ffmpeg's log."""
    argv = [
        media.ffmpeg, "-hide_banner", "-nostdin", *opening, "-i", str(path), "-filter_complex", graph,
        "-map", "[picture]", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-",
    ]  # fmt: skip
    done = subprocess.run(argv, check=True, capture_output=True, cwd=write_plan_files(folder, plan))
    size = WIDTH * HEIGHT * 3 // 2
    return [done.stdout[at : at + size] for at in range(0, len(done.stdout), size)], done.stderr.decode()


def mean_square_error(one: bytes, other: bytes) -> float:
    """Return the mean square error of two frames over all planes: 0.65 is 50 dB."""
    images = [Image.frombytes("L", (WIDTH, HEIGHT * 3 // 2), data) for data in (one, other)]
    return ImageStat.Stat(ImageChops.difference(*images)).sum2[0] / (WIDTH * HEIGHT * 3 // 2)
