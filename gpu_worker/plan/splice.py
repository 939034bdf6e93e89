"""Captions in a video of our own make: the groups of pictures with text are encoded, all others copied.

Copied and encoded packets share one set of parameters, so both must come from the same encoder with the same
options. Whether a video does is guessed from what its encoder wrote into it, and proved, before anything
is joined, by comparing the parameters of what was encoded with its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from contract.operations import Role
from gpu_worker.media.info import Colour, Facts, VideoFacts
from gpu_worker.plan.audio import own_sound
from gpu_worker.plan.captions.layout import BURN_FILTER
from gpu_worker.plan.encode import TAG_FILTER, encoder_args, file_args
from gpu_worker.plan.gops import ReencodeRange, frame_ticks, stretches
from gpu_worker.plan.input_args import PROTOCOLS, open_args
from gpu_worker.plan.model import IN_VIDEO, Encoder, Inputs, IntermediateCheck, Plan, PlanOptions, Step
from gpu_worker.plan.render import few_decoder_threads, seconds

PICTURE, TEXT, SETS = "picture.mp4", "text.mp4", "sets.txt"
_GROUPS, _PARTS = "groups.ffconcat", "parts.ffconcat"

_OURS = Colour("bt709", "bt709", "bt709")
_MOST_SHARE = Fraction(4, 5)
"""Of the frames. Cutting and joining cost as much as a tenth of the frames in a clip of five seconds at 1080p."""
_MOST_STRETCHES = 500
"""Each is opened twice, and named on a command line."""
_DELAY = 2
"""Frames between decoding and presenting in what x264 makes with B-frames that others refer to."""


def spliced(full: Plan, sources: Inputs, means: PlanOptions) -> Plan:
    """The result of `full`, a captioned video with its own sound, with fewer frames encoded.

    Returns `full` itself where that is not safe or saves nothing.
    """
    video = sources.picture()
    allowed = means.may_splice and sources.own_video and not own_sound(sources.own_sound()).graph
    promising = allowed and full.encoder is Encoder.X264 and _is_plain(sources.video)
    promising = promising and not full.expected.frames_added
    ticks = frame_ticks(video) if promising else None
    found = stretches(video, sources.cues or (), ticks) if ticks else None
    if ticks is None or found is None or len(found) > _MOST_STRETCHES:
        return full
    if not found:
        return _untouched(full, sources, means)
    if sum(stretch.frames for stretch in found) > _MOST_SHARE * video.frames:
        return full
    cutter = SpliceBuilder(video, ticks, found)
    steps = (cutter.take_picture(means), cutter.encode_text(means), cutter.join(sources, means))
    expected = replace(full.expected, frames_off=0, even=True)
    files = {**full.files, **cutter.lists()}
    return replace(full, steps=steps, expected=expected, files=files, gpu=frozenset(), spliced=True)


def _is_plain(facts: Facts | None) -> bool:
    """Whether a full render would change nothing but what is under the text."""
    video = facts.video if facts else None
    return (
        facts is not None
        and video is not None
        and "mp4" in facts.container.split(",")
        and video.number == 0
        and (video.codec, video.pix_fmt, video.colour) == ("h264", "yuv420p", _OURS)
        and video.sample_aspect == 1
        and not (video.rotation or video.interlaced)
        and video.display_size == (video.width, video.height)
    )


def _untouched(full: Plan, sources: Inputs, means: PlanOptions) -> Plan:
    """No text falls on any frame."""
    if not means.may_copy:
        return full
    sound = own_sound(sources.own_sound())
    opening = open_args(Role.VIDEO, IN_VIDEO, means.max_pixels)
    args = (*opening, "-map", "0:V:0", "-c:v", "copy", *sound.args, *file_args(means))
    expected = replace(full.expected, frames_off=0)
    steps = (Step(args, 0.0),)
    copied = replace(full, steps=steps, expected=expected, video_mode="copy", encoder=None, files={}, gpu=frozenset())
    return replace(copied, warnings=())  # they tell of an encode


class SpliceBuilder:
    """Writes the steps. Frames are named by their number; `_dts` and `_pts` give their times for ffmpeg."""

    def __init__(self, video: VideoFacts, ticks: int, found: Sequence[ReencodeRange]) -> None:
        self._video = video
        self._ticks = ticks
        self._found = found
        self._frame = ticks * video.time_base
        self._scale = ("-video_track_timescale", str(video.time_base.denominator))

    def take_picture(self, means: PlanOptions) -> Step:
        """The picture without the sound, which would be cut along, and a list of parameter sets within it.

        There must be none: they would hold for what is put in after them.
        """
        args = (
            *open_args(Role.VIDEO, IN_VIDEO, means.max_pixels),
            *("-map", "0:V:0", "-c", "copy", *self._scale, "-f", "mp4", "-y", PICTURE),
            *("-map", "0:V:0", "-c", "copy", "-bsf:v", "filter_units=pass_types=7-8", "-f", "framecrc", "-y", SETS),
        )
        return Step(args, 0.0)

    def encode_text(self, means: PlanOptions) -> Step:
        """All stretches, one behind the other, each from a key frame on."""
        borders = self._borders()
        keys = ",".join(seconds((border - Fraction(1, 2)) * self._frame) for border in borders[1:-1])
        # Frames get their own times for the captions, then those of a film without gaps for the encoder, which
        # writes their rate into its parameters. `setpts` forgets it (ffmpeg 7), `fps` states it and changes nothing.
        begin, skipped, rate = self._found[0].key * self._ticks, self._skipped(), 1 / self._frame
        even = f"setpts=N*{self._ticks},fps={rate}"
        graph = f"[0:V:0]{skipped}setpts=PTS+{begin},{BURN_FILTER},{TAG_FILTER},{even}[picture]"
        args = (
            *(*few_decoder_threads(means), "-max_pixels", str(means.max_pixels), *_open_list(_GROUPS)),
            *("-filter_complex", graph, "-map", "[picture]", "-fps_mode", "passthrough"),
            *encoder_args(Encoder.X264, means.threads),
            *(("-force_key_frames", keys) if keys else ()),
            *(*self._scale, "-f", "mp4", "-y", TEXT),
        )
        proof = IntermediateCheck(TEXT, self._video.parameters, borders, SETS)
        return Step(args, float(borders[-1] * self._frame), proof=proof)

    def join(self, sources: Inputs, means: PlanOptions) -> Step:
        """Everything in its place, with the sound of the video."""
        sound = own_sound(sources.own_sound(), 1)
        args = (
            *_open_list(_PARTS),
            *(open_args(Role.VIDEO, IN_VIDEO, means.max_pixels) if sound.present else ()),
            *("-map", "0:V:0", "-c:v", "copy", *self._scale, *sound.args),
            *file_args(means),
        )
        return Step(args, 0.0)

    def lists(self) -> dict[str, str]:
        """The two lists of parts, by file name."""
        return {_GROUPS: _script(self._groups()), _PARTS: _script(self._parts())}

    def _groups(self) -> Iterable[str]:
        """Each stretch from its key frame on. The stated length moves the next one to its own time."""
        for stretch, after in zip(self._found, (*self._found[1:], None), strict=True):
            length = stretch.end - stretch.key if after is None else after.key - stretch.key
            yield self._part(PICTURE, stretch.key, stretch.end, self._video.frames, length)

    def _parts(self) -> Iterable[str]:
        at, count, borders = 0, self._video.frames, self._borders()
        for stretch, (begin, end) in zip(self._found, pairwise(borders), strict=True):
            if stretch.first > at:
                yield self._part(PICTURE, at, stretch.first, count)
            yield self._part(TEXT, begin, end, borders[-1])
            at = stretch.end
        if at < count:
            yield self._part(PICTURE, at, count, count)

    def _part(self, name: str, first: int, end: int, count: int, length: int | None = None) -> str:
        """Frames of a file that has `count`: from the key frame `first` up to, not with, `end`."""
        # The demuxer compares with decoding times. Half a frame keeps rounding out of it.
        out = (end - _DELAY - Fraction(1, 2)) * self._frame
        lines = [f"file {name}", f"inpoint {seconds(first * self._frame)}"]
        if end < count:
            lines.append(f"outpoint {seconds(out)}")
        lines.append(f"duration {seconds((end - first if length is None else length) * self._frame)}")
        return "".join(f"{line}\n" for line in lines)

    def _borders(self) -> tuple[int, ...]:
        """Where each stretch starts among all that are encoded, and where the last one ends."""
        borders = [0]
        for stretch in self._found:
            borders.append(borders[-1] + stretch.frames)
        return tuple(borders)

    def _skipped(self) -> str:
        """A filter that drops what is only decoded to get at the rest."""
        ranges, at = [], 0
        for stretch in self._found:
            if stretch.first > stretch.key:
                ranges.append(f"between(n,{at},{at + stretch.first - stretch.key - 1})")
            at += stretch.end - stretch.key
        return f"select='not({'+'.join(ranges)})'," if ranges else ""


def _open_list(name: str) -> tuple[str, ...]:
    # Packets pass as they are: the demuxer would write parameter sets into them.
    return (*PROTOCOLS, "-format_whitelist", "concat,mov", "-f", "concat", "-auto_convert", "0", "-i", name)


def _script(parts: Iterable[str]) -> str:
    return "ffconcat version 1.0\n" + "".join(parts)
