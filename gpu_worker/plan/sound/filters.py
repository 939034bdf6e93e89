"""Filters for one sound: continuous times, two channels, a gain, fades, and an exact length."""

from __future__ import annotations

from fractions import Fraction

from gpu_worker.media.info import AudioFacts

MIX_LIMITER = "alimiter=limit=0.98:level=disabled:latency=1"
"""Catches peaks of a sum above full scale. Without `latency` it would delay the sound by 5 ms."""


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


def exact_length_filters(length: Fraction) -> tuple[str, str]:
    """Return filters that add silence up to `length` seconds, also where packets promise more, and drop the rest.

    An absolute length, not an endless pad: ffmpeg must end by itself.
    """
    return f"apad=whole_dur={float(length):.6f}", f"atrim=end={float(length):.6f}"


def stereo_filter(audio: AudioFacts) -> str:
    """Return a filter to two channels. ffmpeg's default makes a mono sound 3 dB quieter; `pan` does not."""
    return "pan=stereo|c0=c0|c1=c0" if audio.channels == 1 else "aformat=channel_layouts=stereo"


def gain_filters(gain: float) -> tuple[str, ...]:
    """Return the filter for a factor, none for 1."""
    return () if gain == 1.0 else (f"volume={gain:.6g}",)


def fade_filters(fades: tuple[float, float], start: Fraction, end: Fraction) -> tuple[str, ...]:
    """Return the filters for fades of a sound that lasts from `start` to `end`, in seconds; linear in amplitude."""
    fade_in, fade_out = fades
    become_loud = (f"afade=t=in:st={float(start):.6f}:d={fade_in:.6f}",) if fade_in else ()
    become_silent = (f"afade=t=out:st={float(end) - fade_out:.6f}:d={fade_out:.6f}",) if fade_out else ()
    return (*become_loud, *become_silent)


def fit_fades(fades: tuple[float, float], seconds: Fraction) -> tuple[float, float]:
    """Return the fades, shortened in proportion if together they last longer than the sound."""
    wanted = sum(fades)
    return fades if wanted <= seconds else (fades[0] * float(seconds) / wanted, fades[1] * float(seconds) / wanted)
