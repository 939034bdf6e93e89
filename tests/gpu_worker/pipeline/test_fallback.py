"""Replace a GPU that fails during a job, stage by stage. A fake GPU fails like real drivers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.gpu_probe import GpuProbe
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels
from tests.support.media.fake_gpu import Fault, gpu_runs, install
from tests.support.media.gpu_messages import (
    FILTER_FAILS,
    FULL,
    NO_ENCODER,
    NO_SESSION,
    NO_SURFACES,
    NOTHING,
)
from tests.support.programs import write_ffmpeg

DECODE, DRAW, ENCODE = GpuStage.DECODE, GpuStage.DRAW, GpuStage.ENCODE


def make_captioned(media: MediaFactory, program: str, gpu: Gpu | None) -> tuple[Output, Path]:
    """Ten frames of a plain picture with a caption on four of them, made by this ffmpeg."""
    video = media.make_video(
        "black.mp4", 1, "320x180", "10", sound=False, source="color=c=black", extra=("-colorspace", "bt709")
    )
    srt = media.folder / "plain.srt"
    srt.write_text("1\n00:00:00,400 --> 00:00:00,800\nHello\n")
    machine = Machine(Ffmpeg(program, media.sandbox), gpu, 2)
    return media.transcode(Caption(url_video=URL, url_srt=URL), machine=machine, video=video, subtitles=srt)


def cpu_warning(did: str, reason: UnavailableReason) -> str:
    return f"The CPU {did} the video: {reason}."


@pytest.mark.fault("I9")
@pytest.mark.parametrize(
    ("faults", "runs", "encoder", "warnings"),
    [
        ((), ["decode draw encode"], "h264_nvenc", ()),
        # One stage fails during a job: the others stay on the GPU.
        ((Fault("decode", NO_SURFACES),), ["decode draw encode", "encode"], "h264_nvenc",
         (cpu_warning("decoded", UnavailableReason.NO_MEMORY),)),
        ((Fault("draw", FILTER_FAILS),), ["decode draw encode", "decode encode"], "h264_nvenc",
         (cpu_warning("captioned", UnavailableReason.UNKNOWN),)),
        ((Fault("encode", NO_SESSION),), ["decode draw encode", "decode"], "libx264",
         (cpu_warning("encoded", UnavailableReason.NO_SESSION),)),
        ((Fault("any", FULL),), ["decode draw encode"], "libx264",
         (cpu_warning("decoded, captioned and encoded", UnavailableReason.NO_MEMORY),)),
        # All stages fail, one after the other.
        ((Fault("draw", FILTER_FAILS), Fault("decode", NO_SURFACES), Fault("encode", NO_SESSION, 255)),
         ["decode draw encode", "decode encode", "encode"], "libx264",
         (cpu_warning("decoded", UnavailableReason.NO_MEMORY), cpu_warning("captioned", UnavailableReason.UNKNOWN),
          cpu_warning("encoded", UnavailableReason.NO_SESSION))),
        # ffmpeg does not name the stage: first the frames leave the GPU, then the encoder is changed.
        ((Fault("decode", NOTHING, 255),), ["decode draw encode", "encode"], "h264_nvenc",
         (cpu_warning("decoded and captioned", UnavailableReason.UNKNOWN),)),
        ((Fault("any", NOTHING, 255),), ["decode draw encode", "encode"], "libx264",
         (cpu_warning("decoded, captioned and encoded", UnavailableReason.UNKNOWN),)),
    ],
)  # fmt: skip
def test_gpu_that_fails_midway_is_replaced_stage_by_stage(
    media: MediaFactory,
    tmp_path: Path,
    faults: tuple[Fault, ...],
    runs: list[str],
    encoder: str,
    warnings: tuple[str, ...],
) -> None:
    program = install(tmp_path, media.ffmpeg, faults)
    made, path = make_captioned(media, program, Gpu())
    assert (gpu_runs(tmp_path), made.encoder, made.warnings) == (runs, encoder, warnings)
    assert [count_bright_pixels(frame) > 20 for frame in media.decode_frames(path)] == [False] * 4 + [True] * 4 + [
        False
    ] * 2


def test_gpu_without_encoder_decodes(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_ENCODER),))
    made, _path = make_captioned(media, program, asyncio.run(GpuProbe().find_gpu(Ffmpeg(program))))
    assert (gpu_runs(tmp_path)[-1], made.encoder) == ("decode", "libx264")
    assert made.warnings == (cpu_warning("encoded", UnavailableReason.NO_ENCODER),)


def test_no_warning_if_no_gpu_was_requested(media: MediaFactory) -> None:
    made, _path = make_captioned(media, media.ffmpeg, None)
    assert (made.encoder, made.warnings) == ("libx264", ())


@pytest.mark.fault("I9")
def test_encoder_sessions_may_run_out_between_jobs(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_SESSION, first=3, last=3),))
    gpu = asyncio.run(GpuProbe().find_gpu(Ffmpeg(program)))
    made = [make_captioned(media, program, gpu)[0] for _ in range(3)]
    assert [one.encoder for one in made] == ["h264_nvenc", "libx264", "h264_nvenc"]


@pytest.mark.parametrize("spoils", ["echo 'not a film' > out.mp4", ": > out.mp4"])
def test_gpu_output_is_verified(media: MediaFactory, tmp_path: Path, spoils: str) -> None:
    program = write_ffmpeg(tmp_path, f'case "$*" in *h264_nvenc*) {spoils}; exit 0;; esac\nexec "{media.ffmpeg}" "$@"')
    made, _path = make_captioned(media, program, Gpu().disabling({DECODE, DRAW}, UnavailableReason.NO_CAPABILITY))
    assert made.encoder == "libx264"
    assert cpu_warning("encoded", UnavailableReason.UNKNOWN) in made.warnings


def test_full_disk_is_no_gpu_error(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("any", "out.mp4: No space left on device"),))
    with pytest.raises(JobFailed) as failure:
        make_captioned(media, program, Gpu())
    assert failure.value.failure.code == Code.RESOURCES


@pytest.mark.parametrize(
    ("size", "faults", "encoder", "warnings"),
    [
        ("320x180", (), "h264_nvenc", ()),
        ("320x180", (Fault("encode", NO_SESSION),), "libx264", (cpu_warning("encoded", UnavailableReason.NO_SESSION),)),
        # Refused by NVENC, so it is not even tried.
        (
            "160x90",
            (Fault("encode", "nobody should ask"),),
            "libx264",
            (cpu_warning("encoded", UnavailableReason.PICTURE),),
        ),
    ],
)
def test_clip_from_a_picture_is_encoded_by_nvenc(
    media: MediaFactory, tmp_path: Path, size: str, faults: tuple[Fault, ...], encoder: str, warnings: tuple[str, ...]
) -> None:
    picture = media.make_circle("fall.png", (160, 90), 20)
    machine = Machine(Ffmpeg(install(tmp_path, media.ffmpeg, faults), media.sandbox), Gpu(), 2)
    made, _path = media.transcode(Img2Vid(url_image=URL, duration=0.2, size=size), machine=machine, image=picture)
    assert (made.encoder, made.warnings, made.media.frames) == (encoder, warnings, 5)
    assert gpu_runs(tmp_path) == (["encode"] if size == "320x180" else [])
