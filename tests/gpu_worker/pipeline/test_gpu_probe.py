"""The GPU: found out by using it, left step by step when it fails, with stand-ins that fail as real drivers do."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.gpu_probe import GpuProbe, find_gpu_name
from gpu_worker.pipeline.machine import Machine, MachineProbe
from gpu_worker.pipeline.transcode import Output
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.gpu_errors import classify_gpu_error
from gpu_worker.sandbox.command import Sandbox
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels
from tests.support.media.fake_gpu import Fault, gpu_runs, install

DECODE, DRAW, ENCODE = GpuStage.DECODE, GpuStage.DRAW, GpuStage.ENCODE

# What ffmpeg 5 and 9 say, from runs here where there is no driver, and from issue trackers for the rest.
NO_DRIVER_5 = """[AVHWDeviceContext @ 0x5] Cannot load libcuda.so.1
[AVHWDeviceContext @ 0x5] Could not dynamically load CUDA
Device creation failed: -1.
Failed to set value 'cuda=gpu:0' for option 'init_hw_device': Operation not permitted"""
NO_DRIVER_9 = """[h264_nvenc @ 0x5] Cannot load libcuda.so.1
[vost#0:0/h264_nvenc @ 0x5] [enc:h264_nvenc @ 0x5] Error while opening encoder - maybe incorrect parameters
[vf#0:0 @ 0x5] Task finished with error code: -1 (Operation not permitted)
[vost#0:0/h264_nvenc @ 0x5] Task finished with error code: -22 (Invalid argument)
Conversion failed!"""
NO_DEVICE = """[CUDA @ 0x5] cu->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected
Device creation failed: -542398533."""
DRIVER = """[AVHWDeviceContext @ 0x5] cu->cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error
Device creation failed: -1313558101."""
OLD_DRIVER = """[h264_nvenc @ 0x5] Driver does not support the required nvenc API version. Required: 13.0 Found: 12.2
[h264_nvenc @ 0x5] The minimum required Nvidia driver for nvenc is 570.0 or newer"""
OLD_FOR_FILTERS = """[Parsed_scale_cuda_0 @ 0x5] cu->cuModuleLoadData(cu_module, data) failed -> \
CUDA_ERROR_UNSUPPORTED_PTX_VERSION: the provided PTX was compiled with an unsupported toolchain."""
NO_ENCODE_LIBRARY = """[h264_nvenc @ 0x5] Cannot load libnvidia-encode.so.1
[h264_nvenc @ 0x5] The minimum required Nvidia driver for nvenc is (unknown) or newer"""
NO_DECODE_LIBRARY = """[h264 @ 0x5] Cannot load libnvcuvid.so.1
[h264 @ 0x5] Failed loading nvcuvid.
[h264 @ 0x5] Failed setup for format cuda: hwaccel initialisation returned error.
Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' and the filter \
'auto_scale_0'
Stream #0:0 -> #0:0 (h264 (native) -> h264 (h264_nvenc))"""
NO_ENCODER = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: unsupported device (2): (no details)
[h264_nvenc @ 0x5] No capable devices found"""
NO_SESSION = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: out of memory (10): (no details)
[h264_nvenc @ 0x5] No capable devices found
[vf#0:0 @ 0x5] Error sending frames to consumers: Cannot allocate memory
[vf#0:0 @ 0x5] Task finished with error code: -12 (Cannot allocate memory)"""
NO_SESSION_NEWER = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: incompatible client key (21): (no details)
[vf#6:0 @ 0x5] Task finished with error code: -22 (Invalid argument)"""
TOO_SMALL = """[h264_nvenc @ 0x5] InitializeEncoder failed: invalid param (8): Frame Dimension less than the minimum \
supported value."""
TOO_MANY_SURFACES = """[h264 @ 0x5] decoder->cvdl->cuvidCreateDecoder(&decoder->decoder, params) failed -> \
CUDA_ERROR_INVALID_VALUE: invalid argument
[h264 @ 0x5] Using more than 32 (46) decode surfaces might cause nvdec to fail.
[h264 @ 0x5] Failed setup for format cuda: hwaccel initialisation returned error."""
NO_SURFACES = """[h264 @ 0x5] No decoder surfaces left
[h264 @ 0x5] hardware accelerator failed to decode picture
Error while decoding stream #0:0: Cannot allocate memory"""
FULL = """[CUDA @ 0x5] cu->cuCtxCreate(&hwctx->cuda_ctx, desired_flags, hwctx->internal->cuda_device) failed -> \
CUDA_ERROR_OUT_OF_MEMORY: out of memory
Device creation failed: -12.
Failed to set value 'cuda=gpu:0' for option 'init_hw_device': Cannot allocate memory"""
NO_FILTER = "[AVFilterGraph @ 0x5] No such filter: 'overlay_cuda'"
NO_NVENC = "[vost#0:0 @ 0x5] Unknown encoder 'h264_nvenc'"
FILTER_FAILS = """[Parsed_overlay_cuda_9 @ 0x5] Can't overlay yuva420p on nv12
Stream #0:0 -> #0:0 (h264 (native) -> h264 (h264_nvenc))"""
NOTHING = "[vost#0:0/h264_nvenc @ 0x5] Task finished with error code: -22 (Invalid argument)\nConversion failed!"


@pytest.mark.parametrize(
    ("log", "parts", "reason"),
    [
        (NO_DRIVER_5, ALL_STAGES, UnavailableReason.NO_DRIVER), (NO_DRIVER_9, ALL_STAGES, UnavailableReason.NO_DRIVER),
        (NO_DEVICE, ALL_STAGES, UnavailableReason.NO_DEVICE), (DRIVER, ALL_STAGES, UnavailableReason.DRIVER),
        (FULL, ALL_STAGES, UnavailableReason.NO_MEMORY), (OLD_DRIVER, {ENCODE}, UnavailableReason.OLD_DRIVER),
        (OLD_FOR_FILTERS, {DRAW}, UnavailableReason.OLD_DRIVER),
        (NO_ENCODE_LIBRARY, {ENCODE}, UnavailableReason.NO_CAPABILITY),
        (NO_DECODE_LIBRARY, {DECODE}, UnavailableReason.NO_CAPABILITY),
        (NO_ENCODER, {ENCODE}, UnavailableReason.NO_ENCODER), (NO_SESSION, {ENCODE}, UnavailableReason.NO_SESSION),
        (NO_SESSION_NEWER, {ENCODE}, UnavailableReason.NO_SESSION), (TOO_SMALL, {ENCODE}, UnavailableReason.PICTURE),
        (TOO_MANY_SURFACES, {DECODE}, UnavailableReason.PICTURE), (NO_SURFACES, {DECODE}, UnavailableReason.NO_MEMORY),
        (NO_FILTER, {DRAW}, UnavailableReason.BUILD), (NO_NVENC, {ENCODE}, UnavailableReason.BUILD),
        (FILTER_FAILS, {DRAW}, UnavailableReason.UNKNOWN),
    ],
)  # fmt: skip
def test_driver_messages_are_classified(log: str, parts: set[GpuStage], reason: UnavailableReason) -> None:
    fault = classify_gpu_error("Input #0, mov, from 'in_video':\n" + log.replace("\\\n", ""))
    assert fault is not None
    assert (set(fault.stages), fault.reason) == (parts, reason)
    told = Gpu().disabling(*fault).warnings(GpuStage)
    assert len(told) == 1
    assert len(told[0]) <= 128


def test_messages_without_a_cause_are_no_gpu_error() -> None:
    for log in ("", NOTHING, "in_video: Invalid data found when processing input"):
        assert classify_gpu_error(log) is None


def stub(tmp_path: Path, script: str) -> str:
    path = tmp_path / "ffmpeg"
    path.write_text("#!/bin/sh\n" + script + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def find_gpu(program: str, probe: GpuProbe | None = None) -> Gpu:
    return asyncio.run((probe or GpuProbe()).find_gpu(Ffmpeg(program)))


def test_complete_gpu_is_probed_once(media: MediaFactory, tmp_path: Path) -> None:
    probe, ffmpeg = GpuProbe(), Ffmpeg(install(tmp_path, media.ffmpeg))

    async def run_jobs() -> list[Gpu]:
        return await asyncio.gather(*(probe.find_gpu(ffmpeg) for _ in range(3)))

    assert asyncio.run(run_jobs()) == [Gpu()] * 3
    assert asyncio.run(probe.find_gpu(ffmpeg)) == Gpu()
    assert gpu_runs(tmp_path) == ["decode draw encode"]


@pytest.mark.fault("I9")
@pytest.mark.parametrize(
    ("faults", "lacks"),
    [
        ((Fault("any", NO_DRIVER_5),), dict.fromkeys(GpuStage, UnavailableReason.NO_DRIVER)),
        ((Fault("any", NO_DEVICE, 255),), dict.fromkeys(GpuStage, UnavailableReason.NO_DEVICE)),
        ((Fault("encode", NO_ENCODER),), {ENCODE: UnavailableReason.NO_ENCODER}),
        ((Fault("encode", OLD_DRIVER, 255),), {ENCODE: UnavailableReason.OLD_DRIVER}),
        ((Fault("decode", NO_DECODE_LIBRARY),), {DECODE: UnavailableReason.NO_CAPABILITY}),
        ((Fault("encode", NO_ENCODE_LIBRARY), Fault("decode", NO_DECODE_LIBRARY)),
         dict.fromkeys((DECODE, ENCODE), UnavailableReason.NO_CAPABILITY)),
        ((Fault("draw", NO_FILTER),), {DRAW: UnavailableReason.BUILD}),
        ((Fault("draw", NOTHING, 255),), {DRAW: UnavailableReason.UNKNOWN}),
    ],
)  # fmt: skip
def test_missing_stages_are_found_with_their_reason(
    media: MediaFactory, tmp_path: Path, faults: tuple[Fault, ...], lacks: dict[GpuStage, UnavailableReason]
) -> None:
    program = install(tmp_path, media.ffmpeg, faults)
    probe = GpuProbe()
    assert find_gpu(program, probe).missing == lacks
    tries = len(gpu_runs(tmp_path))
    assert tries <= 3
    assert find_gpu(program, probe).missing == lacks
    # A temporary failure is probed again, but not for each job.
    assert len(gpu_runs(tmp_path)) == tries


@dataclass
class FakeClock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_temporary_failure_is_probed_again_after_a_minute(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_SESSION, last=2),))
    clock = FakeClock()
    probe = GpuProbe(clock=clock)
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_SESSION}
    clock.now = 59.9
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_SESSION}
    clock.now = 1000.0
    assert find_gpu(program, probe) == Gpu()


def test_lasting_failure_is_probed_once(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_ENCODER, last=2),))
    clock = FakeClock()
    probe = GpuProbe(clock=clock)
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_ENCODER}
    clock.now = 1e9
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_ENCODER}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", UnavailableReason.UNKNOWN),
        ("sleep 60", UnavailableReason.SILENT),
        ("exit 1", UnavailableReason.UNKNOWN),
    ],
)
def test_driver_that_crashes_or_hangs_is_not_used(
    media: MediaFactory, tmp_path: Path, script: str, reason: UnavailableReason
) -> None:
    program = stub(tmp_path, f'case "$*" in *cuda*|*nvenc*) {script};; esac\nexec "{media.ffmpeg}" "$@"')
    gpu = find_gpu(program, GpuProbe(timeout=1.0))
    assert not any(gpu.supports(part) for part in (DECODE, ENCODE))
    assert set(gpu.missing.values()) == {reason}


def test_missing_ffmpeg_has_no_gpu(tmp_path: Path) -> None:
    assert set(find_gpu(str(tmp_path / "none")).missing) == ALL_STAGES


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
        # One part fails, in the middle of a job: the others stay where they are.
        ((Fault("decode", NO_SURFACES),), ["decode draw encode", "encode"], "h264_nvenc",
         (cpu_warning("decoded", UnavailableReason.NO_MEMORY),)),
        ((Fault("draw", FILTER_FAILS),), ["decode draw encode", "decode encode"], "h264_nvenc",
         (cpu_warning("captioned", UnavailableReason.UNKNOWN),)),
        ((Fault("encode", NO_SESSION),), ["decode draw encode", "decode"], "libx264",
         (cpu_warning("encoded", UnavailableReason.NO_SESSION),)),
        ((Fault("any", FULL),), ["decode draw encode"], "libx264",
         (cpu_warning("decoded, captioned and encoded", UnavailableReason.NO_MEMORY),)),
        # One after the other.
        ((Fault("draw", FILTER_FAILS), Fault("decode", NO_SURFACES), Fault("encode", NO_SESSION, 255)),
         ["decode draw encode", "decode encode", "encode"], "libx264",
         (cpu_warning("decoded", UnavailableReason.NO_MEMORY), cpu_warning("captioned", UnavailableReason.UNKNOWN),
          cpu_warning("encoded", UnavailableReason.NO_SESSION))),
        # ffmpeg does not say which: the frames leave the GPU first, then the encoder is changed.
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
    made, _path = make_captioned(media, program, find_gpu(program))
    assert (gpu_runs(tmp_path)[-1], made.encoder) == ("decode", "libx264")
    assert made.warnings == (cpu_warning("encoded", UnavailableReason.NO_ENCODER),)


def test_no_warning_if_no_gpu_was_requested(media: MediaFactory) -> None:
    made, _path = make_captioned(media, media.ffmpeg, None)
    assert (made.encoder, made.warnings) == ("libx264", ())


@pytest.mark.fault("I9")
def test_encoder_sessions_may_run_out_between_jobs(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_SESSION, first=3, last=3),))
    gpu = find_gpu(program)
    made = [make_captioned(media, program, gpu)[0] for _ in range(3)]
    assert [one.encoder for one in made] == ["h264_nvenc", "libx264", "h264_nvenc"]


@pytest.mark.parametrize("spoils", ["echo 'not a film' > out.mp4", ": > out.mp4"])
def test_gpu_output_is_verified(media: MediaFactory, tmp_path: Path, spoils: str) -> None:
    program = stub(tmp_path, f'case "$*" in *h264_nvenc*) {spoils}; exit 0;; esac\nexec "{media.ffmpeg}" "$@"')
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


@pytest.mark.fault("G12", "G13", "G15")
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo broken >&2; exit 1", Code.ENCODE_FAILED),
        ("echo 'No space left on device' >&2; exit 1", Code.RESOURCES),
        ("kill -KILL $$", Code.RESOURCES),
        ("kill -SEGV $$", Code.ENCODE_FAILED),
        (": > out.mp4", Code.OUTPUT_INVALID),
        ("echo 'not a film' > out.mp4", Code.OUTPUT_INVALID),
        ("exit 0", Code.OUTPUT_INVALID),
    ],
)
def test_failed_encode_has_its_code(media: MediaFactory, tmp_path: Path, script: str, code: Code) -> None:
    program = stub(
        tmp_path, f'case "$*" in *libx264*) cat >/dev/null; {script}; exit;; esac\nexec "{media.ffmpeg}" "$@"'
    )
    picture = media.make_circle("wrong.png", (160, 90), 20)
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.2, size="160x90"), machine=machine, image=picture)
    assert failure.value.failure.code == code


@pytest.mark.fault("G15")
def test_truncated_encode_is_rejected(media: MediaFactory, tmp_path: Path) -> None:
    short = 'case "$*" in *libx264*) set -- $(echo "$@" | sed "s/-c:v libx264/-frames:v 11 -c:v libx264/");; esac'
    program = stub(tmp_path, f'{short}\nexec "{media.ffmpeg}" "$@"')
    picture = media.make_circle("short.png", (160, 90), 20)
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.5, size="160x90"), machine=machine, image=picture)
    assert failure.value.failure.code == Code.OUTPUT_INVALID


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver tool that reports one GPU, found on PATH."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'NVIDIA Toy 4090'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_gpu_name_is_that_of_the_driver(nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(find_gpu_name(Sandbox())) == "NVIDIA Toy 4090"
    nvidia_smi.write_text("#!/bin/sh\necho 'has failed because it could not communicate'\nexit 9\n")
    assert asyncio.run(find_gpu_name(Sandbox())) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert asyncio.run(find_gpu_name(Sandbox())) is None


def test_machine_is_probed_once(media: MediaFactory, tmp_path: Path, nvidia_smi: Path) -> None:
    probe = MachineProbe(install(tmp_path, media.ffmpeg))
    machine = asyncio.run(probe.find_machine())
    assert (machine.gpu, machine.gpu_name, machine.warnings) == (Gpu(), "NVIDIA Toy 4090", ())
    nvidia_smi.unlink()
    assert asyncio.run(probe.find_machine()) == machine
    assert gpu_runs(tmp_path) == ["decode draw encode"]


def test_ffmpeg_that_did_not_answer_is_asked_again(media: MediaFactory, tmp_path: Path) -> None:
    program = stub(
        tmp_path, f'[ -e answers ] && exec "{media.ffmpeg}" "$@"; exit 1'.replace("answers", str(tmp_path / "answers"))
    )
    probe = MachineProbe(program)
    assert asyncio.run(probe.find_machine()).ffmpeg.build.libavcodec is None
    (tmp_path / "answers").touch()
    assert asyncio.run(probe.find_machine()).warnings == ()
