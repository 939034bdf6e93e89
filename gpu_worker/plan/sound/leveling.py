"""Bring a mix to a loudness: its gain and its limit follow from measurements, which the pipeline makes.

A gain alone would raise most speech above full scale, so peaks are limited: at four times the sample rate, where those
between samples are visible. The limiter takes some loudness, and the codec adds to the peaks; both are measured, and
the gain and the limit are corrected by what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from contract.operations import Role
from contract.options.inputs import role_of
from contract.options.sound.loudness import LoudnessGoal
from gpu_worker.plan.input_args import PROTOCOL_ARGS, open_args
from gpu_worker.plan.model import Leveling, Step
from gpu_worker.plan.sound.filters import exact_length_filters
from gpu_worker.plan.sound.part import AAC_ARGS, LEVELED, MIX_RATE, RAW_STEREO, Sound, input_fields, open_sounds

MIN_SECONDS = 3
"""Loudness is an average over blocks of 0.4 s, without those that are quiet."""

REPORT = "loudness.txt"
MIX = "mix.f32"
"""The mix before it is leveled: raw samples, 384 kB a second."""

MEASURE_FILTERS = f"ebur128=peak=true:metadata=1:framelog=quiet,ametadata=mode=print:file={REPORT}"
"""Passes a sound on and writes its loudness so far into REPORT, again and again."""

_CODEC_MARGIN_DB = 0.7
"""By how much less than allowed the peaks are limited at first: AAC and Opus raise them by up to 1 dB."""
_OVERSHOOT_DB = 0.1
_LIMITER = "alimiter=limit={limit:.6f}:level=disabled:attack=5:release=50:latency=1"


@dataclass(frozen=True, slots=True)
class Measured:
    """Integrated loudness in LUFS and true peak in dBTP, as ITU-R BS.1770 defines them."""

    lufs: float
    true_peak_db: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A gain, and the limit of peaks after it, in dB."""

    gain_db: float
    limit_db: float

    @classmethod
    def first(cls, mixed: Measured, goal: Leveling) -> Setting:
        """Return the setting to try first."""
        return cls(goal.lufs - mixed.lufs, goal.true_peak_db - _CODEC_MARGIN_DB)

    def limits(self, mixed: Measured) -> bool:
        """Return True if the mix has peaks above the limit."""
        return mixed.true_peak_db + self.gain_db > self.limit_db

    def correct(self, made: Measured, lufs: float, true_peak_db: float) -> Setting:
        """Return a setting that is nearer to this loudness, and whose peaks are not above the largest."""
        excess = made.true_peak_db - true_peak_db
        limit = self.limit_db - excess - _OVERSHOOT_DB if excess > 0 else self.limit_db
        return Setting(self.gain_db + lufs - made.lufs, limit)

    def attenuate(self, decibels: float) -> Setting:
        """Return a setting with the same sound, quieter by this much."""
        return Setting(self.gain_db - decibels - _OVERSHOOT_DB, self.limit_db - decibels - _OVERSHOOT_DB)


def level_sound(mixed: Sound, end: Fraction, goal: LoudnessGoal, max_pixels: int) -> Sound:
    """Return the sound of a plan that levels a mix, whose graph ends with MEASURE_FILTERS, and then copies it."""
    # ffmpeg starts the times of a transport stream at its first mapped stream, so the picture is mapped, too.
    pictures = tuple(
        option
        for index, given in enumerate(mixed.inputs)
        if isinstance(given, str) and role_of(given) is Role.VIDEO
        for option in ("-map", f"{index}:V?", "-c:v", "copy", "-t", f"{float(end):.6f}", "-f", "null", "-")
    )
    mix = Step(
        (
            *open_sounds(mixed.inputs, max_pixels),
            *mixed.decoding,
            *("-filter_complex", mixed.graph, "-map", "[sound]", *RAW_STEREO, "-c:a", "pcm_f32le", "-y", MIX),
            *pictures,
        ),
        0.0,
        fields=input_fields(mixed.inputs),
    )
    return Sound(
        ("-map", "1:a:0", "-c:a", "copy"),
        is_present=True,
        end=end,
        inputs=(LEVELED,),
        files=mixed.files,
        leveling=Leveling((*mixed.steps, mix), end, *goal, LEVELED.name, (*AAC_ARGS, "-f", "mp4")),
    )


def trial_step(leveling: Leveling, setting: Setting) -> Step:
    """Return the run that measures what a setting makes of the mix, without encoding it."""
    filters = ",".join((*_filters(setting, leveling, is_limited=True), MEASURE_FILTERS))
    return Step((*_open_mix(), "-af", filters, "-f", "null", "-"), 0.0)


def encode_step(leveling: Leveling, setting: Setting | None, *, is_limited: bool) -> Step:
    """Return the run that encodes the mix with a setting; None leaves its level."""
    filters = exact_length_filters(leveling.seconds) if setting is None else _filters(setting, leveling, is_limited)
    return Step((*_open_mix(), "-af", ",".join(filters), *leveling.encoding, "-y", leveling.name), 0.0)


def measure_step(name: str, max_pixels: int) -> Step:
    """Return the run that measures the sound of a finished file."""
    filters = f"aresample={MIX_RATE},{MEASURE_FILTERS}"
    return Step((*open_args(Role.VIDEO, name, max_pixels), "-map", "0:a:0", "-af", filters, "-f", "null", "-"), 0.0)


def _open_mix() -> tuple[str, ...]:
    return (*PROTOCOL_ARGS, *RAW_STEREO, "-i", MIX)


def _filters(setting: Setting, leveling: Leveling, is_limited: bool) -> tuple[str, ...]:
    gain = f"volume={setting.gain_db:.3f}dB:precision=float"
    if not is_limited:
        return (gain, *exact_length_filters(leveling.seconds))
    limiter = _LIMITER.format(limit=10 ** (setting.limit_db / 20))
    oversampled = (f"aresample={4 * MIX_RATE}", limiter, f"aresample={MIX_RATE}")
    return (gain, *oversampled, *exact_length_filters(leveling.seconds))
