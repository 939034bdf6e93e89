"""Plan `concatenate`: videos one after the other, copied if their pictures are of one kind, else encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from contract.artifacts import VideoFormat
from contract.operations import exact_rate
from contract.operations.concatenate import Concatenate
from gpu_worker.media.copy_fingerprint import copy_fingerprint
from gpu_worker.plan.cuda.graph import gpu_stages
from gpu_worker.plan.encode import CODECS, GIF_RATE, gpu_for_format, gpu_for_size, output_file, pick_encoder
from gpu_worker.plan.expected import as_format
from gpu_worker.plan.filters import picture_warnings
from gpu_worker.plan.gpu import GpuStage, gpu_warnings
from gpu_worker.plan.join.encode_parts import EncodedParts, part_file
from gpu_worker.plan.join.join_files import LIST, ListedFile, PictureFormat, join_step, write_list
from gpu_worker.plan.join.parts import Part, Slot, output_rate, pick_parts, place_copies, place_frames
from gpu_worker.plan.join.sound import JoinedSound, join_sounds
from gpu_worker.plan.model import ExpectedOutput, Inputs, Plan, PlanOptions, local_name
from gpu_worker.plan.picture.changes import may_copy_picture
from gpu_worker.plan.picture.watermark import requested_watermark
from gpu_worker.plan.stream_copy import is_copyable, time_scale

_COPY_WORK = 20
"""Packets that are copied in the time in which one frame is encoded."""


def plan(operation: Concatenate, inputs: Inputs, options: PlanOptions) -> Plan:
    """Join the videos in their order. Raises JobFailed if the request does not fit them."""
    parts, warnings = pick_parts(operation, inputs)
    may_copy = options.may_copy and _are_copyable(operation, parts)
    made = _copy(operation, parts, options) if may_copy else _encode(operation, inputs, parts, options)
    return replace(made, warnings=(*warnings, *made.warnings))


def _are_copyable(operation: Concatenate, parts: Sequence[Part]) -> bool:
    """Return True if the pictures can be joined packet by packet, and the request changes nothing about them."""
    first = parts[0].video
    kinds = {(copy_fingerprint(part.facts), part.video.index) for part in parts}
    rate = operation.frame_rate
    return (
        len(kinds) == 1
        and copy_fingerprint(parts[0].facts) is not None
        and all(part.is_whole and is_copyable(part.facts) for part in parts)
        and operation.transition.seconds == 0
        and may_copy_picture(operation, first)
        and (rate is None or exact_rate(rate) == first.frame_rate)
    )


def _copy(operation: Concatenate, parts: Sequence[Part], options: PlanOptions) -> Plan:
    slots, first = place_copies(parts), parts[0].video
    files = [ListedFile(local_name(slot.part.field), slot.start, slot.part.begin) for slot in slots]
    scale = time_scale(first.time_base)
    picture = PictureFormat(str(first.index), first.codec, scale, first.sample_aspect == 1)
    expected = _expect(slots, first.codec, first.display_size, sum(part.video.frames for part in parts))
    return _join(files, picture, join_sounds(slots, options, operation.loudness_goal()), expected, options)


def _encode(operation: Concatenate, inputs: Inputs, parts: Sequence[Part], options: PlanOptions) -> Plan:
    first = parts[0].video
    rate = output_rate(None if operation.frame_rate is None else exact_rate(operation.frame_rate), first)
    if options.format is VideoFormat.GIF:
        rate = min(rate, GIF_RATE)
    size = operation.final_size(operation.frame_size(first.display_size))
    slots = place_frames(parts, rate, operation.transition.seconds)
    gpu = gpu_for_size(gpu_for_format(options), size)
    stages = gpu_stages(gpu) & {GpuStage.ENCODE}
    encoder = pick_encoder(options.format, on_gpu=bool(stages))
    encoded = EncodedParts(operation, size, rate, encoder, requested_watermark(operation, inputs, size))
    files = [ListedFile(part_file(index), slot.start) for index, slot in enumerate(slots)]
    picture = PictureFormat("0", CODECS[options.format], encoded.time_scale, is_square=True)
    sound = join_sounds(slots, options, operation.loudness_goal())
    expected = _expect(slots, picture.codec, size, round(slots[-1].end * rate))
    expected = as_format(replace(expected, has_audio=sound.sound.is_present), options.format)
    joined = _join(files, picture, sound, expected, options)
    is_copied = options.format is not VideoFormat.GIF
    last = [replace(step, work=step.seconds / _COPY_WORK) if is_copied else step for step in joined.steps]
    steps = (*encoded.steps(slots, options), *last)
    warnings = dict.fromkeys(text for part in parts for text in picture_warnings(part.video))
    return replace(
        joined,
        steps=steps,
        video_mode="encode",
        encoder=encoder,
        gpu=stages,
        output=output_file(options),
        warnings=(*warnings, *gpu_warnings(gpu, {GpuStage.ENCODE}), *joined.warnings),
    )


def _expect(slots: Sequence[Slot], codec: str, size: tuple[int, int], frames: int) -> ExpectedOutput:
    end = slots[-1].end
    return ExpectedOutput(
        video_codec=codec,
        size=size,
        frames=frames,
        frames_tolerance=0,
        duration=end,
        end=end,
        end_tolerance=Fraction(1, 1000),
        has_audio=any(slot.part.audio is not None for slot in slots),
        has_source_frames=False,
        sound_end=end,
    )


def _join(
    files: Sequence[ListedFile],
    picture: PictureFormat,
    sound: JoinedSound,
    expected: ExpectedOutput,
    options: PlanOptions,
) -> Plan:
    """Return the plan that copies the pictures of the files, with a sound."""
    step = join_step(picture, sound, expected.end, options)
    return sound.sound.add_to(Plan((step,), expected, "copy", None, {LIST: write_list(files, expected.end)}))
