"""What is heard: which sound goes into the file, copied where MP4 and its players can carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from contract.operations import AudioMode
from gpu_worker.media.info import AudioFacts

_CARRIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
"""Codecs of a video's own sound that go into MP4 as they are."""

LOOPBACK_DECODER = "-dec"
"""The option that is on a command line with a sound whose sample rate or channels change midway."""

_RATES = frozenset({44100, 48000})

_COPY_OFF = Fraction(1, 10)
"""Seconds by which a copied sound may end earlier or later: containers differ in what they call its end."""

_DOWN = "0.707*FC+0.707*SL+0.707*BL+0.5*BC", "0.707*FC+0.707*SR+0.707*BR+0.5*BC"
_STEREO = f"pan=stereo|FL<FL+{_DOWN[0]}|FR<FR+{_DOWN[1]}"
"""To stereo from whatever comes next. Channels that are not there are left out, so that mono keeps its loudness."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Part of a command line: a filter graph (or none), what to map, and how to encode it."""

    args: tuple[str, ...] = ("-an",)
    graph: str = ""
    present: bool = False
    decoding: tuple[str, ...] = ()
    """Goes before the graph: outputs of which the graph takes what they decode."""
    end: Fraction | None = None
    """The end in seconds, give or take `end_tolerance`."""
    end_tolerance: Fraction = Fraction(0)


NO_SOUND = Sound()


def own_sound(audio: AudioFacts | None, index: int = 0) -> Sound:
    """The sound a video came with, as it is if possible."""
    if audio is None:
        return NO_SOUND
    if audio.codec in _CARRIED and audio.gapless:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, present=True, end=audio.end, end_tolerance=_COPY_OFF)
    return _encoded(audio, index, (), audio.end)


def new_sound(audio: AudioFacts, index: int, *, volume: float = 1.0, length: Fraction) -> Sound:
    """Another file's sound, with silence after its end up to `length` seconds, and no longer."""
    if audio.codec == "aac" and audio.gapless and volume == 1.0 and audio.start <= _COPY_OFF and length <= audio.end:
        args = ("-map", f"{index}:{audio.selector}", "-c:a", "copy")
        return Sound(args, present=True, end=length, end_tolerance=_COPY_OFF)
    louder = () if volume == 1.0 else (f"volume={volume:g}",)
    return _encoded(audio, index, louder, length)


def combine_sounds(own: AudioFacts | None, new: AudioFacts, mode: AudioMode, volume: float, end: Fraction) -> Sound:
    """The new sound of input 1, alone or over that of input 0, exactly up to `end`."""
    if mode is AudioMode.REPLACE or own is None:
        return new_sound(new, 1, volume=volume, length=end)
    decoding, (old_label, new_label) = _decoded((own, 0), (new, 1))
    own, new = _as_decoded(own), _as_decoded(new)
    # Without normalize=0 amix halves both sounds. The limiter catches peaks that the sum pushes over full scale.
    graph = (
        f"{new_label}{_clock(new, 48000)},volume={volume:g},{_stereo(new)}[new];"
        f"{old_label}{_clock(own, 48000)},{_stereo(own)}[own];"
        "[own][new]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,"
        f"alimiter=limit=0.98:level=disabled,{','.join(_exactly(end))}[sound]"
    )
    return Sound(("-map", "[sound]", "-c:a", "aac", "-b:a", "192k"), graph, True, decoding, end)


def _encoded(audio: AudioFacts, index: int, filters: Sequence[str], end: Fraction) -> Sound:
    """The sound of one input, filtered, exactly up to `end`."""
    decoding, (label,) = _decoded((audio, index))
    audio = _as_decoded(audio)
    # The encoder takes no channels of which nobody says where they are to be heard. It is left to mix more than two.
    layout = {1: ("pan=mono|c0=c0",), 2: (_stereo(audio),)}.get(audio.channels, ())
    graph = f"{label}{','.join((_clock(audio), *filters, *layout, *_exactly(end)))}[sound]"
    return Sound(("-map", "[sound]", *aac_encoder_args(audio)), graph, True, decoding, end)


def _decoded(*sounds: tuple[AudioFacts, int]) -> tuple[tuple[str, ...], list[str]]:
    """Options that must precede the graph, and the labels under which it finds the sounds of these inputs.

    A graph is built anew, without what was in it, when its input's rate or channels change. A sound that does so passes
    through an encoder first, whose output never changes: a first output of ffmpeg, which is thrown away.
    """
    labels: list[str] = []
    maps: list[str] = []
    for audio, index in sounds:
        if audio.steady:
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
    """The sound as its label in the graph gives it."""
    return audio if audio.steady else replace(audio, sample_rate=48000, channels=2)


def _clock(audio: AudioFacts, rate: int | None = None) -> str:
    """A filter that gives samples a continuous clock from 0: filters and MP4 players would play holes as nothing.

    Silence fills a late start and holes; what overlaps, or comes before 0, is dropped; nothing is stretched.
    """
    out = "" if rate is None else f"{rate}:"
    if audio.counted:
        return f"asetpts=N/SR/TB,aresample={rate}" if rate else "asetpts=N/SR/TB"
    # Where parameters change, demuxers guess times from those of the first part.
    least = "0.04" if audio.steady else "0.2"
    return f"aresample={out}async=1:min_hard_comp={least}:first_pts=0"


def _exactly(length: Fraction) -> tuple[str, str]:
    """Filters that add silence up to that length, also where the packets promise it, and drop what is beyond.

    A whole length, not an endless pad: ffmpeg must come to an end by itself.
    """
    return f"apad=whole_dur={float(length):.6f}", f"atrim=end={float(length):.6f}"


def _stereo(audio: AudioFacts) -> str:
    """A filter to two channels. ffmpeg makes a mono sound 3 dB quieter on the way; `pan` does not."""
    return "pan=stereo|c0=c0|c1=c0" if audio.channels == 1 else "aformat=channel_layouts=stereo"


def aac_encoder_args(audio: AudioFacts) -> tuple[str, ...]:
    """AAC that every player takes: at most two channels, at an ordinary rate."""
    rate = () if audio.sample_rate in _RATES else ("-ar", "48000")
    layout = () if audio.channels <= 2 else ("-ac", "2")
    return ("-c:a", "aac", "-b:a", "192k", *rate, *layout)
