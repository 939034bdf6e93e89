"""One sound: copied if nothing has to change, else filtered and encoded as AAC."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.model import VIDEO
from gpu_worker.plan.sound.decoding import Decoding, as_decoded
from gpu_worker.plan.sound.filters import (
    continuous_filter,
    exact_length_filters,
    fade_filters,
    gain_filters,
    stereo_filter,
)
from gpu_worker.plan.sound.part import AAC_ARGS, NO_SOUND, Sound

_COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
"""Codecs of a video's own sound that are copied into MP4."""

_RATES = frozenset({44100, 48000})

_COPY_TOLERANCE = Fraction(1, 10)
"""Seconds by which a copied sound may end earlier or later: containers differ in what they call its end."""

NO_FADES = (0.0, 0.0)


def keep_sound(audio: AudioFacts | None, index: int = 0) -> Sound:
    """Keep the sound of the video that is input `index`, copied if possible."""
    if audio is None:
        return NO_SOUND
    if audio.codec in _COPIED and audio.is_gapless:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, is_present=True, end=audio.end, end_tolerance=_COPY_TOLERANCE)
    return _encode(audio, (), index, (), audio.end)


def fit_sound(
    audio: AudioFacts, field: str, *, gain: float = 1.0, fades: tuple[float, float] = NO_FADES, length: Fraction
) -> Sound:
    """Fit the sound of the input `field` to `length` seconds: cut it, or add silence after its end.

    The factor `gain` and the fades, in seconds, are for the sound without that silence.
    """
    inputs = () if field == VIDEO else (field,)
    index = len(inputs)
    covers = audio.start <= _COPY_TOLERANCE and length <= audio.end
    if audio.codec == "aac" and audio.is_gapless and gain == 1.0 and fades == NO_FADES and covers:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, is_present=True, end=length, end_tolerance=_COPY_TOLERANCE, inputs=inputs)
    start, end = max(Fraction(0), audio.start), min(audio.end, length)
    return _encode(audio, inputs, index, (*gain_filters(gain), *fade_filters(fades, start, end)), length)


def cut_sound(audio: AudioFacts, index: int, start: Fraction, cut: str, end: Fraction) -> Sound:
    """Encode parts of the sound of input `index`, whose times begin at `start`; the result lasts exactly until `end`.

    `cut` is a chain of filters that gets continuous samples from `start` on and returns the parts.
    """
    return _encode(audio, (), index, (cut,), end, start)


def _encode(
    audio: AudioFacts,
    inputs: tuple[str, ...],
    index: int,
    filters: Sequence[str],
    end: Fraction,
    start: Fraction = Fraction(0),
) -> Sound:
    """Encode the sound of one input from `start` on, filtered, exactly up to `end` of the output."""
    decoding = Decoding()
    label = decoding.label(audio, index)
    audio = as_decoded(audio)
    # The encoder refuses channels without a position. It downmixes more than two itself.
    layout = {1: ("pan=mono|c0=c0",), 2: (stereo_filter(audio),)}.get(audio.channels, ())
    shift = (f"asetpts=PTS-round({float(start):.6f}/TB)",) if start else ()
    chain = (*shift, continuous_filter(audio), *filters, *layout, *exact_length_filters(end))
    graph = f"{label}{','.join(chain)}[sound]"
    return Sound(("-map", "[sound]", *_aac_args(audio)), graph, True, decoding.args(), end, inputs=inputs)


def _aac_args(audio: AudioFacts) -> tuple[str, ...]:
    """Return options for AAC that every player plays: at most two channels, at 44.1 or 48 kHz."""
    rate = () if audio.sample_rate in _RATES else ("-ar", "48000")
    layout = () if audio.channels <= 2 else ("-ac", "2")
    return (*AAC_ARGS, *rate, *layout)
