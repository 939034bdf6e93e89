"""Write the packets of several files one after the other into the output, under a sound that is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from contract.artifacts import VideoFormat
from gpu_worker.plan.encode import TAG_FILTER, encoder_args, finish_graph, output_args
from gpu_worker.plan.expected import has_edit_lists
from gpu_worker.plan.input_args import LIST_OPTION, open_list_args
from gpu_worker.plan.join.sound import JoinedSound
from gpu_worker.plan.model import Encoder, PlanOptions, Step

LIST = "parts.ffconcat"
_MICROSECONDS = 1_000_000


class ListedFile(NamedTuple):
    """A file in the job's directory, and the times in seconds of its first frame: in the result, and in the file."""

    name: str
    start: Fraction
    own_start: Fraction = Fraction(0)


class PictureFormat(NamedTuple):
    """Properties that all files share: the stream's specifier, codec, units per second, and square pixels or not."""

    stream: str
    codec: str
    time_scale: int
    is_square: bool


def write_list(files: Sequence[ListedFile], end: Fraction) -> str:
    """Return the list of the files, for ffmpeg's demuxer `concat`. `end` is that of the result, in seconds.

    Each duration is the difference of rounded times, not a rounded difference, so that no errors add up.
    """
    times = [round((file.start - file.own_start) * _MICROSECONDS) for file in files]
    times.append(round(end * _MICROSECONDS))
    entries = (
        f"file {file.name}\n{LIST_OPTION}\nduration {after - before}us\n"
        for file, before, after in zip(files, times, times[1:], strict=False)
    )
    return f"ffconcat version 1.0\n{''.join(entries)}"


def join_step(picture: PictureFormat, sound: JoinedSound, end: Fraction, options: PlanOptions) -> Step:
    """Return the step that writes the output from the files of `LIST`."""
    is_described = picture.codec in {"h264", "hevc"} and picture.is_square
    is_copied = options.format is not VideoFormat.GIF
    graph = sound.sound.graph
    args = (
        # Spares ffmpeg decoding frames to find out what it does not need to know.
        *(("-skip_frame", "all") if is_described and is_copied else ()),
        # The files were made here: none has an error that may be ignored.
        *(() if is_copied else ("-xerror",)),
        *open_list_args(LIST, options.max_pixels),
        *sound.input_args,
        *sound.sound.decoding,
        *(("-filter_complex", graph) if graph else ()),
        *(_copy_args(picture, options) if is_copied else _gif_args(picture, options)),
        *sound.sound.args,
        *output_args(options),
        *sound.last_args,
    )
    return Step(args, float(end), fields=("", *sound.fields))


def _copy_args(picture: PictureFormat, options: PlanOptions) -> tuple[str, ...]:
    scale = str(picture.time_scale)
    tag = ("-tag:v", "hvc1") if picture.codec == "hevc" else ()
    units = ("-video_track_timescale", scale, "-movie_timescale", scale) if has_edit_lists(options.format) else ()
    shift = "setts=pts=PTS-STARTPTS:dts=DTS-STARTPTS"
    return ("-map", f"0:{picture.stream}", "-c:v", "copy", *tag, "-bsf:v", shift, *units)


def _gif_args(picture: PictureFormat, options: PlanOptions) -> tuple[str, ...]:
    """Return the options that give all files the same colors, and encode them."""
    graph = finish_graph(f"[0:{picture.stream}]{TAG_FILTER}[picture]", options.format)
    encode = encoder_args(Encoder.GIF, options.threads)
    return ("-filter_complex", graph, "-map", "[picture]", "-fps_mode", "passthrough", *encode)
