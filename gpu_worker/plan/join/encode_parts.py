"""Encode the picture of each part in a run of its own, with the same size, rate and settings.

One run for all parts would open and decode them at once, and 100 videos would not fit into memory. Files that one
encoder made with the same settings can be joined packet by packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from contract.operations import Role
from contract.operations.concatenate import Concatenate
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.captions.added_frames import first_frame_filters
from gpu_worker.plan.encode import NVENC, TAG_FILTER, decoder_threads_args, encoder_args, format_seconds
from gpu_worker.plan.filters import decoder_args
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.join.parts import Part, Slot
from gpu_worker.plan.join.transitions import picture_transition
from gpu_worker.plan.model import Encoder, PlanOptions, Step, local_name
from gpu_worker.plan.picture.frame import Frame, frame_chain
from gpu_worker.plan.picture.watermark import Watermark, watermark_chain, watermark_step

_SEEK_MARGIN = Fraction(1)
"""Seconds that are decoded before the first frame of a part."""

_KEEP_GRAPH = ("-reinit_filter", "0")
"""By default ffmpeg rebuilds the filters when the size of frames changes, and they count frames from 0 again."""

_MIN_SCALE = 10_000
_LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p")


@dataclass(frozen=True, slots=True)
class EncodedParts:
    """The encoding of all parts: the look that the request asks for, and the frame's size and rate.

    Those of a GIF lose nothing here, because its colors are found when all parts are there.
    """

    operation: Concatenate
    size: tuple[int, int]
    rate: Fraction
    encoder: Encoder
    watermark: Watermark | None = None

    @property
    def time_scale(self) -> int:
        """Units per second of all files, in which the duration of a frame is a whole number."""
        return self.rate.numerator * -(-_MIN_SCALE // self.rate.numerator)

    def steps(self, slots: Sequence[Slot], options: PlanOptions) -> tuple[Step, ...]:
        """Return a step per part, which writes `part_file` and, if the next part overlaps, the frames for it."""
        before = () if self.watermark is None else (watermark_step(self.watermark),)
        return (*before, *(self._step(index, slots, options) for index in range(len(slots))))

    def _step(self, index: int, slots: Sequence[Slot], options: PlanOptions) -> Step:
        slot, video = slots[index], slots[index].part.video
        before = slots[index - 1].overlap if index else Fraction(0)
        seek = _seek_time(slot.part)
        threads = () if self.encoder in NVENC else decoder_threads_args(options)
        args = (
            *(*threads, *_KEEP_GRAPH, *decoder_args(video), *(("-ss", format_seconds(seek)) if seek else ())),
            *open_args(Role.VIDEO, local_name(slot.part.field), options.max_pixels),
            *(open_args(Role.VIDEO, _tail_file(index - 1), options.max_pixels) if before else ()),
            *("-filter_complex", self._graph(slot, seek, before)),
            *("-map", "[picture]", "-fps_mode", "passthrough"),
            *self._encoder_args(options),
            *self._file_args(part_file(index), options),
            *self._tail_args(index, slot, options),
            *slot.part.start_args(0, "V", "a:0"),
        )
        fields = (slot.part.field, *(("",) if before else ()))
        return Step(
            args,
            float(slot.length),
            frame_size=(video.width, video.height),
            fields=fields,
        )

    def _tail_args(self, index: int, slot: Slot, options: PlanOptions) -> tuple[str, ...]:
        if not slot.overlap:
            return ()
        encode = _lossless_args(options)
        return ("-map", "[tail]", "-fps_mode", "passthrough", *encode, *self._file_args(_tail_file(index), options))

    def _encoder_args(self, options: PlanOptions) -> tuple[str, ...]:
        if self.encoder is Encoder.GIF:
            return _lossless_args(options)
        return encoder_args(self.encoder, options.threads, quality=options.quality)

    def _file_args(self, name: str, options: PlanOptions) -> tuple[str, ...]:
        return (
            *("-map_metadata", "-1", "-map_chapters", "-1", "-video_track_timescale", str(self.time_scale)),
            *("-fs", str(options.max_output_bytes), "-f", "mp4", "-y", name),
        )

    def _graph(self, slot: Slot, seek: Fraction, before: Fraction) -> str:
        frames = ",".join(self._frame_filters(slot, seek))
        own, shared = round(slot.length * self.rate), round(slot.overlap * self.rate)
        graph = f"[0:{slot.part.video.selector}]{frames},trim=end_frame={own}"
        if shared:
            tail = f"[end]trim=start_frame={own - shared},setpts=PTS-STARTPTS,fps={self.rate},{TAG_FILTER}[tail]"
            graph = f"{graph},split[all][end];{tail};[all]trim=end_frame={own - shared}"
        if before:
            fade = picture_transition(self.operation.transition.kind, float(before))
            graph = f"{graph}[new];[1:V:0]fps={self.rate},setsar=1,format=yuv420p[old];[old][new]{fade}"
        # After the transition, so that it stays at its place.
        return f"{watermark_chain(graph, self.watermark)},{TAG_FILTER}[picture]"

    def _frame_filters(self, slot: Slot, seek: Fraction) -> tuple[str, ...]:
        """Return the filters to frames at a constant rate from the begin of the part, without an end.

        Frames before it are dropped, the last one is repeated. Where frames are dropped, that comes first.
        """
        video = slot.part.video
        frame = Frame(self.size, self.operation.fit, self.operation.background)
        fit = frame_chain(video, None if self.size == video.display_size else frame)
        # `fps` after it, because ffmpeg 7 forgets the rate of frames whose times `setpts` changes.
        skip = slot.part.begin - seek
        shift = (f"setpts=PTS-{float(skip):.6f}/TB",) if skip else ()
        rate = f"fps=fps={self.rate}:start_time=0:round=near"
        order = (rate, fit) if _drops_frames(video, self.rate) else (fit, rate)
        return (_same_size(video), *first_frame_filters(video), *shift, *order, "tpad=stop=-1:stop_mode=clone")


def part_file(index: int) -> str:
    """Return the name of an encoded part in the job's directory."""
    return f"part_{index}.mp4"


def _tail_file(index: int) -> str:
    """Return the name of the last frames of a part, which the next one begins with."""
    return f"tail_{index}.mp4"


def _lossless_args(options: PlanOptions) -> tuple[str, ...]:
    return (*_LOSSLESS, "-threads", str(options.threads))


def _same_size(video: VideoFacts) -> str:
    """Return the filter that scales frames of another size than the first ones; it passes all others on as they are."""
    width, height = (video.width, video.height) if video.rotation in {0, 180} else (video.height, video.width)
    return f"scale={width}:{height}"


def _drops_frames(video: VideoFacts, rate: Fraction) -> bool:
    # Deinterlacing needs all frames.
    return video.frame_rate > rate and not video.is_interlaced


def _seek_time(part: Part) -> Fraction:
    at = Fraction(0) if first_frame_filters(part.video) else part.begin - _SEEK_MARGIN
    return Fraction(int(at * 1000), 1000) if part.facts.is_seekable and at > 0 else Fraction(0)
