"""A corpus of media files: random combinations of ffmpeg's encoders, containers and variants."""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.media.factory import MediaFactory

SEED = int(os.environ.get("API_GPU_SEED", "20261130"))
"""Another seed makes other files."""

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:pools=1:keyint=25")
_VPX = ("-deadline", "realtime", "-cpu-used", "8", "-b:v", "800k")
ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": (*_X264, "-bf", "2"),
    "h264 open": (*_X264, "-bf", "3", "-x264-params", "open-gop=1"),
    "h264 interlaced": (*_X264, "-flags", "+ilme+ildct"),
    "h264 refresh": (*_X264, "-x264-params", "intra-refresh=1"),
    "h264 4:4:4": (*_X264, "-pix_fmt", "yuv444p"),
    "h264 deep": (*_X264, "-pix_fmt", "yuv420p10le"),
    "hevc": _X265,
    "mpeg4": ("-c:v", "mpeg4", "-bf", "2", "-q:v", "3"),
    "msmpeg4": ("-c:v", "msmpeg4", "-q:v", "3"),
    "mpeg2": ("-c:v", "mpeg2video", "-bf", "2", "-q:v", "3"),
    "mpeg2 interlaced": ("-c:v", "mpeg2video", "-bf", "2", "-flags", "+ilme+ildct", "-q:v", "3"),
    "mpeg1": ("-c:v", "mpeg1video", "-q:v", "3"),
    "vp8": ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "10", *_VPX),
    "vp9": ("-c:v", "libvpx-vp9", *_VPX),
    "av1": ("-c:v", "libsvtav1", "-preset", "12"),
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"),
    "prores": ("-c:v", "prores_ks"),
    "ffv1": ("-c:v", "ffv1"),
    "huffyuv": ("-c:v", "ffvhuff"),
    "utvideo": ("-c:v", "utvideo"),
    "wmv": ("-c:v", "wmv2", "-q:v", "3"),
    "h263": ("-c:v", "h263", "-s", "352x288", "-q:v", "3"),
    "flv": ("-c:v", "flv", "-q:v", "3"),
    "theora": ("-c:v", "libtheora", "-q:v", "7"),
    "qtrle": ("-c:v", "qtrle", "-pix_fmt", "rgb24"),
    "raw": ("-c:v", "rawvideo"),
    "gif": ("-c:v", "gif", "-pix_fmt", "rgb8"),
    "dv": ("-c:v", "dvvideo", "-s", "720x576", "-r", "25", "-pix_fmt", "yuv420p"),
}
_H26X = ("h264", "h264 open", "h264 interlaced", "h264 refresh", "h264 deep", "hevc")
_MPEG = ("mpeg1", "mpeg2", "mpeg2 interlaced")
_ANY = tuple(name for name in ENCODERS if name != "gif")
CONTAINERS: dict[str, tuple[str, ...]] = {
    "mkv": _ANY, "mov": _ANY, "avi": _ANY,
    "mp4": (*_H26X, "h264 4:4:4", "mpeg4", "mpeg2", "vp9", "av1", "mjpeg"),
    "fragmented.mp4": (*_H26X, "mpeg4", "vp9", "av1"),
    "webm": ("vp8", "vp9", "av1"),
    "ts": (*_H26X, *_MPEG, "mpeg4"), "m2ts": (*_H26X, *_MPEG),
    "mpg": _MPEG, "vob": _MPEG,
    "flv": (*_H26X[:1], "flv"), "wmv": ("wmv", "msmpeg4"), "ogv": ("theora",), "3gp": ("h263", "mpeg4", "h264"),
    "gif": ("gif",),
}  # fmt: skip
AUDIO_ARGS: dict[str, tuple[str, ...]] = {
    "none": ("-an",), "aac": ("-c:a", "aac"), "mp3": ("-c:a", "libmp3lame"), "opus": ("-c:a", "libopus"),
    "vorbis": ("-c:a", "libvorbis"), "pcm": ("-c:a", "pcm_s16le"), "mp2": ("-c:a", "mp2"), "ac3": ("-c:a", "ac3"),
    "flac": ("-c:a", "flac"), "wma": ("-c:a", "wmav2"),
}  # fmt: skip
RATES = ("25", "25", "30000/1001", "24000/1001", "50", "12", "5", "1", "1/2")
SIZES = ("160x90", "162x92", "120x180", "161x91")
_SELECT = ("-fps_mode", "vfr", "-vf")
VARIANTS: dict[str, tuple[str, ...]] = {
    "plain": (), "cut": (), "late picture": (), "late sound": (),
    "uneven": (*_SELECT, "select='lt(mod(n,7),4)'"),
    "paused": (*_SELECT, "select='lt(t,1)+gt(t,2.5)'"),
    "no repeats": (*_SELECT, "mpdecimate"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of the corpus, and its random choices."""

    path: Path
    choices: tuple[str, ...]


def draw_video(media: MediaFactory, number: int) -> CorpusFile | None:
    """Make one video; None if ffmpeg cannot write that combination."""
    random_source = random.Random(SEED + number)  # noqa: S311 - reproducible on purpose
    container = random_source.choice(list(CONTAINERS))
    encoder, sound, variant = (
        random_source.choice(CONTAINERS[container]),
        random_source.choice(list(AUDIO_ARGS)),
        random_source.choice(list(VARIANTS)),
    )
    rate, size = random_source.choice(RATES), random_source.choice(SIZES)
    seconds = "4" if rate not in {"1", "1/2"} else "8"
    picture = ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")
    tone = ("-f", "lavfi", "-i", f"sine=440:d={seconds}:r=48000", "-map", "0:v", "-map", "1:a")
    late = {"late picture": (("-itsoffset", "0.7"), ()), "late sound": ((), ("-itsoffset", "0.8"))}
    first, second = late.get(variant, ((), ()))
    pixels = () if "-pix_fmt" in ENCODERS[encoder] else ("-pix_fmt", "yuv420p")
    inputs = (*first, *picture, *((*second, *tone) if sound != "none" else ()))
    fragments = ("-movflags", "+frag_keyframe+empty_moov") if container.startswith("fragmented") else ()
    path = media.folder / f"corpus-{number}.{container}"
    whole = path.with_name(f"whole-{number}.mkv") if variant == "cut" else path
    options = (*VARIANTS[variant], *pixels, *ENCODERS[encoder], *AUDIO_ARGS[sound], "-strict", "-2")
    try:
        media.run_ffmpeg(*inputs, *options, *(fragments if whole is path else ()), whole)
        if whole is not path:
            media.run_ffmpeg("-ss", "1.3", "-i", whole, "-c", "copy", *fragments, path)
    except subprocess.CalledProcessError:
        return None
    return CorpusFile(path, (container, encoder, sound, variant, rate, size))


def list_decoded_times(media: MediaFactory, path: Path) -> list[float]:
    """Return the reference: the times, in seconds, of the frames that ffmpeg decodes of the first video stream."""
    try:
        listing = media.run_ffmpeg(
            "-i", path, "-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f", "framecrc", "-"
        )
    except subprocess.CalledProcessError:
        return []
    return [int(line.split(b",")[2]) / 90_000 for line in listing.splitlines() if line and not line.startswith(b"#")]


def decode_thumbnails(media: MediaFactory, path: Path, *numbers: int) -> list[bytes]:
    """Return the upper half of some frames, which has no captions, as 32x18 gray pixels."""
    chosen = "+".join(f"eq(n,{number})" for number in numbers)
    shape = f"select='{chosen}',scale=32:36:flags=area,format=gray,crop=32:18:0:0"
    raw = media.run_ffmpeg("-i", path, "-map", "0:V:0", "-vf", shape, "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    return [raw[at : at + 32 * 18] for at in range(0, len(raw), 32 * 18)]


AUDIO_FORMATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aac": (("-c:a", "aac"), ("m4a", "mov", "mkv", "ts", "aac", "flv", "3gp")),
    "mp3": (("-c:a", "libmp3lame"), ("mp3", "mov", "mkv", "ts", "avi", "flv")),
    "mp3 without a header": (("-c:a", "libmp3lame", "-write_xing", "0"), ("mp3",)),
    "mp2": (("-c:a", "mp2"), ("mp2", "mpg", "ts", "avi")),
    "opus": (("-c:a", "libopus"), ("opus", "webm", "mkv", "ogg", "mp4")),
    "vorbis": (("-c:a", "libvorbis"), ("ogg", "webm", "mkv")),
    "flac": (("-c:a", "flac"), ("flac", "ogg", "mkv", "mp4")),
    "alac": (("-c:a", "alac"), ("m4a", "caf")),
    "ac3": (("-c:a", "ac3"), ("ac3", "mp4", "ts", "mkv")),
    "eac3": (("-c:a", "eac3"), ("eac3", "mp4", "mkv")),
    "pcm": (("-c:a", "pcm_s16le"), ("wav", "mkv", "mov", "w64", "avi")),
    "pcm 24": (("-c:a", "pcm_s24le"), ("wav", "mov")),
    "pcm float": (("-c:a", "pcm_f32le"), ("wav", "caf")),
    "pcm 8": (("-c:a", "pcm_u8"), ("wav",)),
    "pcm big-endian": (("-c:a", "pcm_s16be"), ("aiff", "caf", "mov")),
    "a-law": (("-c:a", "pcm_alaw"), ("wav",)),
    "adpcm": (("-c:a", "adpcm_ima_wav"), ("wav",)),
    "wma": (("-c:a", "wmav2"), ("wma", "asf")),
}  # fmt: skip
TONE = "aevalsrc='if(between(t,0.5,1.0),sin(2*PI*600*t),0)':d=2:s={rate}"
"""Audible from 0.5 to 1 s of 2 s."""


def draw_audio(media: MediaFactory, number: int) -> CorpusFile | None:
    """Make one audio file; None if ffmpeg cannot write that combination."""
    random_source = random.Random(SEED + 10_000 + number)  # noqa: S311 - reproducible on purpose
    codec = random_source.choice(list(AUDIO_FORMATS))
    options, containers = AUDIO_FORMATS[codec]
    container, rate = (
        random_source.choice(containers),
        random_source.choice(("48000", "44100", "22050", "16000", "8000", "96000")),
    )
    channels = random_source.choice(("1", "2", "2", "6"))
    path = media.folder / f"corpus-sound-{number}.{container}"
    try:
        media.run_ffmpeg("-f", "lavfi", "-i", TONE.format(rate=rate), *options, "-ac", channels, "-strict", "-2", path)
    except subprocess.CalledProcessError:
        return None
    return CorpusFile(path, (codec, container, rate, channels))
