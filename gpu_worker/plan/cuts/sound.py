"""The sound of parts of a video: copied with an edit list for one part, else decoded, cut and joined to the sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from contract.operations import Role
from gpu_worker.media.info import AudioFacts, Facts
from gpu_worker.plan.cuts.parts import Part
from gpu_worker.plan.cuts.window import window_args
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import IN_VIDEO, PlanOptions
from gpu_worker.plan.sound.part import NO_SOUND, Sound
from gpu_worker.plan.sound.single import cut_sound

_PRE_ROLL = Fraction(1, 10)
"""Seconds of sound that are decoded before the first that is heard: each packet of AAC completes the one before."""

_COPY_TOLERANCE = Fraction(1, 10)
"""Seconds by which a copied sound may end earlier or later than its packets state."""

_MARGIN = Fraction(1, 2)
"""Seconds that are decoded before and after the parts."""

_FADE = Fraction(1, 200)
"""Seconds at both sides of a join: too short to be heard, long enough that there is no click."""

_Inputs = tuple[str, ...]


def copy_sound(facts: Facts, part: Part, key_time: Fraction, index: int, options: PlanOptions) -> tuple[Sound, _Inputs]:
    """Return the sound of one part, from input `index`, and the arguments that open that input.

    AAC is copied. Its hidden packets begin where those of the picture do, at `key_time`.
    """
    audio = facts.audio
    if audio is None or audio.end <= part.start:
        return NO_SOUND, ()
    if audio.codec != "aac" or not audio.is_gapless or audio.has_wrong_times or not facts.is_seekable:
        return join_sounds(facts, [part], index, options)
    first = key_time - _PRE_ROLL
    origin = f"round({float(part.start):.6f}/TB)"
    shift = f"setts=pts='PTS-{origin}':dts='DTS-{origin}'"
    args = (
        *("-map", f"{index}:{audio.selector}", "-c:a", "copy"),
        *("-bsf:a", f"noise=drop='lt(pts*tb,{float(first):.6f})',{shift}"),
    )
    end = min(audio.end, part.end) - part.start
    window = window_args(first, part.end)
    opened = (*window, *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels))
    return Sound(args, is_present=True, end=end, end_tolerance=_COPY_TOLERANCE), opened


def join_sounds(facts: Facts, parts: Sequence[Part], index: int, options: PlanOptions) -> tuple[Sound, _Inputs]:
    """Return the sound of all parts, one after the other, from input `index`, and the arguments that open it."""
    audio = facts.audio
    if audio is None or audio.end <= parts[0].start:
        return NO_SOUND, ()
    may_seek = facts.is_seekable and audio.is_steady and not audio.has_wrong_times
    start = max(Fraction(0), parts[0].start - _MARGIN) if may_seek else Fraction(0)
    end = sum((part.duration for part in parts), Fraction(0))
    cut = ";".join(_cut_filters(audio, parts, start))
    opened = (
        *window_args(start, parts[-1].end + _MARGIN),
        *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels),
    )
    return cut_sound(audio, index, start, cut, end), opened


def _cut_filters(audio: AudioFacts, parts: Sequence[Part], start: Fraction) -> Iterator[str]:
    """Yield filter chains that take continuous samples from `start` on and return those of the parts.

    Lengths are differences of rounded ends, so that they do not drift from the picture.
    """
    rate = audio.sample_rate if audio.is_steady else 48000
    names = range(len(parts))
    yield (
        f"apad=whole_dur={float(parts[-1].end - start):.6f},"
        f"asplit={len(parts)}{''.join(f'[cut{name}]' for name in names)}"
    )
    done = Fraction(0)
    for name, part in enumerate(parts):
        first = round((part.start - start) * rate)
        count = round((done + part.duration) * rate) - round(done * rate)
        done += part.duration
        fades = []
        if name > 0:
            fades.append(f"afade=t=in:d={float(_FADE)}")
        if name < len(parts) - 1:
            fades.append(f"afade=t=out:st={float(part.duration - _FADE):.6f}:d={float(_FADE)}")
        trim = f"atrim=start_sample={first}:end_sample={first + count}"
        chain = (trim, "asetpts=N/SR/TB", *fades)
        yield f"[cut{name}]{','.join(chain)}[part{name}]"
    yield f"{''.join(f'[part{name}]' for name in names)}concat=n={len(parts)}:v=0:a=1"
