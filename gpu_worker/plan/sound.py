"""What is heard: which sound goes into the file, copied where MP4 and its players can carry it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from contract.operations import AudioMode
from gpu_worker.plan.facts import AudioFacts

_CARRIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
"""Codecs of a video's own sound that go into MP4 as they are."""

_RATES = frozenset({44100, 48000})


@dataclass(frozen=True, slots=True)
class Sound:
    """Part of a command line: a filter graph (or none), what to map, and how to encode it."""

    args: tuple[str, ...] = ("-an",)
    graph: str = ""
    present: bool = False


SILENCE = Sound()


def own_sound(audio: AudioFacts | None, index: int = 0) -> Sound:
    """The sound a video came with, as it is if possible."""
    if audio is None:
        return SILENCE
    codec = ("-c:a", "copy") if audio.codec in _CARRIED else aac_args(audio)
    return Sound(("-map", f"{index}:a:0", *codec), present=True)


def new_sound(audio: AudioFacts, index: int, *, volume: float = 1.0, length: Fraction | None = None) -> Sound:
    """Another file's sound. `length` asks for silence after its end, up to that many seconds."""
    enough = length is None or length <= audio.end
    if audio.codec == "aac" and volume == 1.0 and enough:
        return Sound(("-map", f"{index}:a:0", "-c:a", "copy"), present=True)
    filters = [*([] if volume == 1.0 else [f"volume={volume:g}"]), *([] if length is None else [_filled(length)])]
    if not filters:
        return Sound(("-map", f"{index}:a:0", *aac_args(audio)), present=True)
    graph = f"[{index}:a:0]{','.join(filters)}[sound]"
    return Sound(("-map", "[sound]", *aac_args(audio)), graph, present=True)


def sound_over_video(
    own: AudioFacts | None, new: AudioFacts, mode: AudioMode, volume: float, end: Fraction | None = None
) -> Sound:
    """The new sound of input 1, alone or over that of input 0. With an `end` it lasts no less, mixed also no more."""
    if mode is AudioMode.REPLACE or own is None:
        return new_sound(new, 1, volume=volume, length=end)
    bounds = "" if end is None else f",{_filled(end)},atrim=end={float(end):.6f}"
    # Without normalize=0 amix halves both sounds. The limiter catches peaks that the sum pushes over full scale.
    graph = (
        f"[1:a:0]volume={volume:g},{_stereo(new)}[new];[0:a:0]{_stereo(own)}[own];"
        "[own][new]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,"
        f"alimiter=limit=0.98:level=disabled{bounds}[sound]"
    )
    return Sound(("-map", "[sound]", "-c:a", "aac", "-b:a", "192k"), graph, present=True)


def _filled(length: Fraction) -> str:
    """A filter that adds silence up to that length, also where the packets promise it: an MP3's count its padding.

    A whole length, not an endless pad: ffmpeg must come to an end by itself.
    """
    return f"apad=whole_dur={float(length):.6f}"


def _stereo(audio: AudioFacts) -> str:
    """Filters to two channels at 48 kHz. ffmpeg makes a mono sound 3 dB quieter on the way; `pan` does not."""
    layout = "pan=stereo|c0=c0|c1=c0" if audio.channels == 1 else "aformat=channel_layouts=stereo"
    return f"aresample=48000,{layout}"


def aac_args(audio: AudioFacts) -> tuple[str, ...]:
    """AAC that every player takes: at most two channels, at an ordinary rate."""
    rate = () if audio.sample_rate in _RATES else ("-ar", "48000")
    layout = () if audio.channels <= 2 else ("-ac", "2")
    return ("-c:a", "aac", "-b:a", "192k", *rate, *layout)
