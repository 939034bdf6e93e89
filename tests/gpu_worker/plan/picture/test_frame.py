"""The graph of a frame of another size: on the GPU's side, at any sizes, and within the limits of a job."""

from __future__ import annotations

from array import array
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Fit
from contract.operations.compose import Compose
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Color, Cue, Facts, VideoFacts
from gpu_worker.pipeline.cost import check_plan_cost
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu, GpuStage
from gpu_worker.plan.model import PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import PictureChanges
from gpu_worker.plan.picture.frame import Frame, frame_chain
from gpu_worker.plan.render import render_video
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.fake_gpu import graph_on_cpu
from tests.support.media.inputs import inputs_of

VIDEO = VideoFacts(
    codec="h264", width=320, height=180, frames=10, start=Fraction(0), end=Fraction(1), frame_rate=Fraction(10),
    packet_times=array("q", range(10)), time_base=Fraction(1, 10), color=Color("bt709", "bt709", "bt709"),
)  # fmt: skip
TALL = PictureChanges(Frame((180, 320), Fit.BLUR))


def test_gpu_decodes_and_encodes_what_the_cpu_reframes() -> None:
    plan = render_video(VIDEO, Overlay(), PlanOptions(gpu=Gpu()), TALL)
    assert plan.gpu == {GpuStage.DECODE, GpuStage.ENCODE}
    assert plan.warnings == ()
    graph = plan.steps[0].args[plan.steps[0].args.index("-filter_complex") + 1]
    assert graph.startswith("[0:V:0]hwdownload,")
    assert "_cuda" not in graph
    captioned = render_video(VIDEO, Overlay(cues=(Cue(0, 500, "."),)), PlanOptions(gpu=Gpu()), TALL)
    assert captioned.gpu == plan.gpu
    assert captioned.warnings[-1] == "The CPU captioned the video: the GPU does not support this kind of picture."


@pytest.mark.parametrize("fit", list(Fit))
def test_frames_from_the_gpu_become_those_of_the_cpu(media: MediaFactory, fit: Fit) -> None:
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    video = media.make_video("reframe-gpu.mp4", 0.4, "320x180", "10", sound=False, extra=tags)
    changes = PictureChanges(Frame((180, 320), fit))
    drawn = []
    for gpu in (None, Gpu()):
        args = render_video(VIDEO, Overlay(), PlanOptions(gpu=gpu), changes).steps[0].args
        graph = graph_on_cpu(args[args.index("-filter_complex") + 1])
        writing = ("-map", "[picture]", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
        drawn.append(media.run_ffmpeg("-i", video, "-filter_complex", graph, *writing))
    assert len(drawn[0]) == 4 * 180 * 320 * 3 // 2
    assert drawn[0] == drawn[1]


def test_new_size_decides_whether_nvenc_encodes() -> None:
    small = PictureChanges(Frame((100, 320)))
    assert GpuStage.ENCODE not in render_video(VIDEO, Overlay(), PlanOptions(gpu=Gpu()), small).gpu
    large = replace(VIDEO, width=8000, height=4500)
    assert render_video(large, Overlay(), PlanOptions(gpu=Gpu()), TALL).gpu == {GpuStage.ENCODE}


def test_cost_is_that_of_the_new_size() -> None:
    video = replace(VIDEO, frames=60 * 3600, end=Fraction(3600), frame_rate=Fraction(60), packet_times=array("q"))
    inputs = inputs_of(video=Facts("mov", video))

    def check(size: str) -> None:
        plan = make_plan(Compose(url_video=URL, size=size), inputs, PlanOptions())
        check_plan_cost(plan, inputs, 1, Limits(execution_seconds=600), 600)

    check("180x320")
    with pytest.raises(JobFailed) as failure:
        check("3840x3840")
    assert failure.value.failure.code is Code.MEDIA_OVER_BUDGET


PAIRS = tuple(
    product(
        ((320, 180), (180, 320), (16, 16), (639, 361), (64, 1000)),
        ((90, 160), (160, 90), (64, 64), (66, 64), (640, 360), (300, 150)),
    )
)


@pytest.mark.parametrize("fit", list(Fit))
def test_frames_have_the_requested_size(media: MediaFactory, fit: Fit) -> None:
    chains: list[str] = []
    for own, size in PAIRS:
        video, number = replace(VIDEO, width=own[0], height=own[1]), len(chains)
        source = f"color=gray:s=64x64:r=10:d=0.1,format=rgb24,scale={own[0]}:{own[1]},format=yuv420p"
        framed = frame_chain(video, Frame(size, fit), f"f{number}_")
        chains.append(f"{source},{framed},null[o{number}]")
    maps = [arg for number in range(len(chains)) for arg in ("-map", f"[o{number}]")]
    log = media.run_ffmpeg(
        "-filter_complex", ";".join(chains), *maps, "-f", "framehash", "-c:v", "rawvideo", "-"
    ).decode()
    assert [line.split()[2] for line in log.splitlines() if line.startswith("#dimensions")] == [
        f"{size[0]}x{size[1]}" for _own, size in PAIRS
    ]
