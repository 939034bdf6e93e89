"""The graph that captions on the GPU, run on the CPU with each CUDA filter replaced by its equivalent."""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from gpu_worker.media.info import Color, Cue, VideoFacts
from gpu_worker.plan.cuda.graph import MAX_CAPTION_CHANGES, caption_changes, gpu_for_video
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from tests.support.media.captioned_frames import (
    CUES,
    SOURCES,
    draw_frames,
    filter_graph,
    make_source,
    mean_square_error,
    plan_captions,
)
from tests.support.media.factory import MediaFactory
from tests.support.media.fake_gpu import graph_on_cpu

VIDEO = VideoFacts(
    codec="h264", width=640, height=360, frames=50, start=Fraction(0), end=Fraction(2), frame_rate=Fraction(25),
    packet_times=array("q", range(50)), time_base=Fraction(1, 25), color=Color("bt709", "bt709", "bt709"),
)  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_gpu_captions_equal_those_drawn_by_the_cpu(media: MediaFactory, tmp_path: Path, name: str) -> None:
    path, video = make_source(media, name)
    on_gpu, on_cpu = plan_captions(video, Gpu()), plan_captions(video, None)
    assert on_gpu.gpu == ALL_STAGES
    counted = filter_graph(on_gpu).replace("hwupload", "showinfo")
    there, log = draw_frames(media, path, on_gpu, graph_on_cpu(counted), tmp_path)
    here, _ = draw_frames(media, path, on_cpu, filter_graph(on_cpu), tmp_path)
    bare, _ = draw_frames(media, path, on_cpu, "[0:V:0]format=yuv420p[picture]", tmp_path)

    assert len(there) == len(here) == video.frames
    # At least 50 dB in every frame; a caption on one frame too many or too few makes it 20.
    assert max(map(mean_square_error, there, here)) < 255**2 / 10**5
    captioned = [mean_square_error(frame, plain) > 20 for frame, plain in zip(here, bare, strict=True)]
    assert captioned == [mean_square_error(frame, plain) > 20 for frame, plain in zip(there, bare, strict=True)]
    assert 0.3 < sum(captioned) / len(captioned) < 0.95

    # Cues on screen: some from the first frame, none, one, two, one, another, none, and one to the end. The shortest
    # cue falls between two frames.
    assert len(re.findall(r"showinfo.* n: *\d+ pts:", log)) == len(caption_changes(video, CUES)) == 8


def test_caption_changes_round_like_the_ass_filter(media: MediaFactory) -> None:
    _path, video = make_source(media, "60")
    frame = [time * video.time_base * 60 for time in caption_changes(video, (Cue(1850, 1900, "late"),))]
    assert frame == [0, 112, 114]


def test_only_frames_with_changed_captions_are_uploaded() -> None:
    def changes(*cues: Cue) -> list[int]:
        return caption_changes(VIDEO, cues)

    assert changes() == [0]
    assert changes(Cue(0, 2000, "all the time")) == [0]
    assert changes(Cue(400, 800, "a"), Cue(1200, 1600, "b")) == [0, 10, 20, 30, 40]
    assert changes(Cue(400, 800, "a"), Cue(800, 1200, "b")) == [0, 10, 20, 30]
    assert changes(Cue(400, 800, "a"), Cue(400, 800, "b")) == [0, 10, 20]
    assert changes(Cue(410, 430, "between two frames")) == [0]
    assert changes(Cue(1900, 9000, "a"), Cue(5000, 6000, "after the end")) == [0, 48]
    hidden = replace(VIDEO, packet_times=array("q", range(-3, 50)), hidden=3)
    assert caption_changes(hidden, (Cue(0, 400, "a"),)) == [0, 10]


@pytest.mark.parametrize(
    "change",
    [
        {"codec": "mpeg4"}, {"codec": "prores"}, {"pix_fmt": "yuv420p10le"}, {"pix_fmt": "yuv444p"},
        {"pix_fmt": "yuvj420p"}, {"color": Color("bt709", full_range=True)}, {"color": Color("smpte170m")},
        {"color": Color()}, {"color": Color("bt2020nc", "bt2020", "smpte2084")},
        {"color": Color("bt709", "bt2020")}, {"color": Color("bt709", "smpte432")}, {"is_interlaced": True},
        {"rotation": 90}, {"rotation": 180}, {"sample_aspect": Fraction(4, 3)}, {"width": 641},
        {"height": 120}, {"is_timed": False}, {"starts_clean": False}, {"start": Fraction(1, 2)}, {"width": 5000},
    ],
)  # fmt: skip
def test_picture_that_needs_conversion_is_filtered_by_the_cpu(change: dict[str, object]) -> None:
    plan = plan_captions(replace(VIDEO, **change), Gpu())  # type: ignore[arg-type]
    assert plan.gpu <= {GpuStage.ENCODE}
    args = plan.steps[0].args
    assert "-hwaccel" not in args
    assert "cuda" not in filter_graph(plan)
    assert plan.warnings[-1].endswith("the video: the GPU does not support this kind of picture.")


def test_plain_picture_stays_on_the_gpu_at_any_frame_times() -> None:
    uneven = replace(VIDEO, has_constant_rate=False, packet_times=array("q", [0, 1, 3, *range(5, 50)]))
    for video in (VIDEO, uneven, replace(VIDEO, codec="hevc"), replace(VIDEO, width=1280, height=720, color=Color())):
        plan = plan_captions(video, Gpu())
        assert plan.gpu == ALL_STAGES
        assert not any("GPU" in warning for warning in plan.warnings)


def test_too_many_captions_for_one_argument_are_drawn_by_the_cpu() -> None:
    times = array("q", range(3 * 3600 * 60))
    film = replace(VIDEO, packet_times=times, time_base=Fraction(1, 60), end=Fraction(3 * 3600))
    cues = tuple(Cue(at * 1000 + 10, at * 1000 + 500, "x") for at in range(MAX_CAPTION_CHANGES // 2))
    fits = plan_captions(film, Gpu(), cues[:-1])
    assert max(map(len, fits.steps[0].args)) < 100_000 < 128 * 1024
    assert fits.gpu == ALL_STAGES
    too_many = plan_captions(film, Gpu(), cues)
    assert too_many.gpu == {GpuStage.DECODE, GpuStage.ENCODE}
    assert too_many.warnings == ("The CPU captioned the video: there are too many captions for the GPU.",)


def test_gpu_draws_only_if_it_also_decodes_and_encodes() -> None:
    for missing in GpuStage:
        plan = plan_captions(VIDEO, Gpu().disabling({missing}, UnavailableReason.NO_MEMORY))
        assert plan.gpu == ALL_STAGES - {missing, GpuStage.DRAW}
        assert "overlay_cuda" not in filter_graph(plan)
        assert ("hwdownload" in filter_graph(plan)) is (GpuStage.DECODE in plan.gpu)
    assert not any("GPU" in warning for warning in plan_captions(VIDEO, None).warnings)
    assert gpu_for_video(None, VIDEO, CUES) is None


def test_without_captions_frames_stay_on_the_gpu() -> None:
    plan = plan_captions(VIDEO, Gpu(), None)
    assert plan.gpu == ALL_STAGES
    assert "ass=" not in filter_graph(plan)
    assert "overlay" not in filter_graph(plan)
