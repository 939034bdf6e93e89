"""The sound of the output: copied where MP4 and its players can carry it, else filtered and encoded as AAC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from contract.operations import AudioMode
from gpu_worker.media.info import AudioFacts

_COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
"""Codecs of a video's own sound that are copied into MP4."""

LOOPBACK_DECODER = "-dec"
"""ffmpeg's option for decoding its own output. It is used only for a sound whose sample rate or channels change."""

_RATES = frozenset({44100, 48000})

_COPY_TOLERANCE = Fraction(1, 10)
"""Seconds by which a copied sound may end earlier or later: containers differ in what they call its end."""

_DOWNMIX = "0.707*FC+0.707*SL+0.707*BL+0.5*BC", "0.707*FC+0.707*SR+0.707*BR+0.5*BC"
_STEREO = f"pan=stereo|FL<FL+{_DOWNMIX[0]}|FR<FR+{_DOWNMIX[1]}"
"""To stereo from any layout. `pan` ignores channels that the input lacks, so mono keeps its loudness."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound's part of a command line: a filter graph (or none), stream mapping, and encoder options."""

    args: tuple[str, ...] = ("-an",)
    graph: str = ""
    is_present: bool = False
    decoding: tuple[str, ...] = ()
    """Options before the graph: outputs that ffmpeg decodes again as inputs of the graph."""
    end: Fraction | None = None
    """The end in seconds; it may be off by `end_tolerance`."""
    end_tolerance: Fraction = Fraction(0)


NO_SOUND = Sound()


def keep_sound(audio: AudioFacts | None, index: int = 0) -> Sound:
    """Keep the sound of the video that is input `index`, copied if possible."""
    if audio is None:
        return NO_SOUND
    if audio.codec in _COPIED and audio.is_gapless:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, is_present=True, end=audio.end, end_tolerance=_COPY_TOLERANCE)
    return _encode(audio, index, (), audio.end)


def fit_sound(audio: AudioFacts, index: int, *, volume: float = 1.0, length: Fraction) -> Sound:
    """Fit the sound of input `index` to `length` seconds: cut it, or add silence after its end."""
    covers = audio.start <= _COPY_TOLERANCE and length <= audio.end
    if audio.codec == "aac" and audio.is_gapless and volume == 1.0 and covers:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, is_present=True, end=length, end_tolerance=_COPY_TOLERANCE)
    gain = () if volume == 1.0 else (f"volume={volume:g}",)
    return _encode(audio, index, gain, length)


def combine_sounds(
    original: AudioFacts | None, added: AudioFacts, mode: AudioMode, volume: float, end: Fraction
) -> Sound:
    """Replace the sound of input 0 by that of input 1, or mix them; the result lasts exactly until `end`."""
    if mode is AudioMode.REPLACE or original is None:
        return fit_sound(added, 1, volume=volume, length=end)
    decoding, (original_label, added_label) = _decode_unsteady((original, 0), (added, 1))
    original, added = _as_decoded(original), _as_decoded(added)
    # Without normalize=0 amix halves both sounds. The limiter catches peaks of the sum above full scale.
    graph = (
        f"{added_label}{continuous_filter(added, 48000)},volume={volume:g},{_stereo_filter(added)}[new];"
        f"{original_label}{continuous_filter(original, 48000)},{_stereo_filter(original)}[own];"
        "[own][new]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,"
        f"alimiter=limit=0.98:level=disabled,{','.join(_exact_length_filters(end))}[sound]"
    )
    return Sound(("-map", "[sound]", "-c:a", "aac", "-b:a", "192k"), graph, True, decoding, end)


def _aac_args(audio: AudioFacts) -> tuple[str, ...]:
    """Return options for AAC that every player plays: at most two channels, at 44.1 or 48 kHz."""
    rate = () if audio.sample_rate in _RATES else ("-ar", "48000")
    layout = () if audio.channels <= 2 else ("-ac", "2")
    return ("-c:a", "aac", "-b:a", "192k", *rate, *layout)


def _encode(audio: AudioFacts, index: int, filters: Sequence[str], end: Fraction) -> Sound:
    """Encode the sound of one input, filtered, exactly up to `end`."""
    decoding, (label,) = _decode_unsteady((audio, index))
    audio = _as_decoded(audio)
    # The encoder refuses channels without a position. It downmixes more than two itself.
    layout = {1: ("pan=mono|c0=c0",), 2: (_stereo_filter(audio),)}.get(audio.channels, ())
    graph = f"{label}{','.join((continuous_filter(audio), *filters, *layout, *_exact_length_filters(end)))}[sound]"
    return Sound(("-map", "[sound]", *_aac_args(audio)), graph, True, decoding, end)


def _decode_unsteady(*sounds: tuple[AudioFacts, int]) -> tuple[tuple[str, ...], list[str]]:
    """Return the options that must precede the graph, and the labels of these inputs' sounds in the graph.

    ffmpeg rebuilds a graph, and loses what is buffered in it, when the sample rate or channels of its input change. So
    a sound that does that is first converted to PCM of constant parameters, as an extra output that ffmpeg discards.
    """
    labels: list[str] = []
    maps: list[str] = []
    for audio, index in sounds:
        if audio.is_steady:
            labels.append(f"[{index}:{audio.selector}]")
        else:
            labels.append(f"[dec:{len(maps)}]")
            maps.append(f"{index}:{audio.selector}")
    if not maps:
        return (), labels
    output = ("-af", _STEREO, "-c:a", "pcm_f32le", "-ar", "48000", "-f", "null", "-")
    streams = (option for stream in maps for option in ("-map", stream))
    decoders = (option for number in range(len(maps)) for option in (LOOPBACK_DECODER, f"0:{number}"))
    return (*streams, *output, *decoders), labels


def _as_decoded(audio: AudioFacts) -> AudioFacts:
    """Return the sound as the graph gets it."""
    return audio if audio.is_steady else replace(audio, sample_rate=48000, channels=2)


def continuous_filter(audio: AudioFacts, rate: int | None = None) -> str:
    """Return a filter that gives samples continuous times from 0: filters and MP4 players skip gaps.

    Silence fills a late start and gaps; overlapping samples and those before 0 are dropped; nothing is stretched.
    """
    out = "" if rate is None else f"{rate}:"
    if audio.has_wrong_times:
        return f"asetpts=N/SR/TB,aresample={rate}" if rate else "asetpts=N/SR/TB"
    # Where parameters change, demuxers guess times from those of the first part.
    min_gap = "0.04" if audio.is_steady else "0.2"
    return f"aresample={out}async=1:min_hard_comp={min_gap}:first_pts=0"


def _exact_length_filters(length: Fraction) -> tuple[str, str]:
    """Return filters that add silence up to `length` seconds, also where packets promise more, and drop the rest.

    An absolute length, not an endless pad: ffmpeg must end by itself.
    """
    return f"apad=whole_dur={float(length):.6f}", f"atrim=end={float(length):.6f}"


def _stereo_filter(audio: AudioFacts) -> str:
    """Return a filter to two channels. ffmpeg's default makes a mono sound 3 dB quieter; `pan` does not."""
    return "pan=stereo|c0=c0|c1=c0" if audio.channels == 1 else "aformat=channel_layouts=stereo"
