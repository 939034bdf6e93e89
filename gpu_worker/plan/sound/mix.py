"""Several sounds in one: voices, and music under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from contract.options.sound.loudness import LoudnessGoal
from contract.options.sound.music import Ducking
from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.model import VIDEO, PlanOptions, Step
from gpu_worker.plan.sound.decoding import Decoding, as_decoded
from gpu_worker.plan.sound.ducking import ENVELOPE_RATE, Span, write_envelope
from gpu_worker.plan.sound.filters import (
    MIX_LIMITER,
    continuous_filter,
    exact_length_filters,
    fade_filters,
    fit_fades,
    gain_filters,
    stereo_filter,
)
from gpu_worker.plan.sound.leveling import MEASURE_FILTERS, MIN_SECONDS, level_sound
from gpu_worker.plan.sound.part import AAC_ARGS, MIX_RATE, NO_SOUND, MadeFile, Sound
from gpu_worker.plan.sound.repeat import repeat_sound
from gpu_worker.plan.sound.single import NO_FADES, fit_sound

SHORTENED_FADES = "The fades were shortened to the length of the sound."
TOO_SHORT = "The loudness was not changed: a sound of less than 3 s has no reliable loudness."
NOTHING_TO_LEVEL = "The loudness was not changed: there is no sound."
_ENVELOPE = MadeFile("ducking.f32", ("-f", "f32le", "-ar", str(ENVELOPE_RATE), "-ac", "1"))


@dataclass(frozen=True, slots=True)
class SoundInput:
    """The sound of an input file, and its part in a mix. `gain` is a factor, `fades` are seconds at start and end."""

    field: str
    audio: AudioFacts
    gain: float = 1.0
    fades: tuple[float, float] = NO_FADES
    repeats: bool = False
    """True if it starts again when it ends."""

    def lasts_until(self, end: Fraction) -> Fraction:
        """Return its end in a mix that lasts until `end`, in seconds."""
        return end if self.repeats else min(self.audio.end, end)


@dataclass(frozen=True, slots=True)
class MusicInput:
    """Music under the voices of a mix: quieter by `ducking` while there is `speech`."""

    sound: SoundInput
    ducking: Ducking
    speech: Sequence[Span] = ()


def mix_sounds(
    voices: Sequence[SoundInput],
    music: MusicInput | None,
    end: Fraction,
    options: PlanOptions,
    goal: LoudnessGoal | None = None,
) -> Sound:
    """Play the voices together and the music under them, exactly until `end`, in seconds.

    What is shorter is followed by silence. The sound of the field `url_video` is that of input 0, the picture. With a
    goal, the mix is brought to that loudness. One voice that needs no change is copied.
    """
    fitted = [_fit_fades(voice, end) for voice in voices]
    bed = music and replace(music, sound=_fit_fades(music.sound, end))
    sounds = [*fitted, *([bed.sound] if bed else [])]
    warnings = (SHORTENED_FADES,) if sounds != [*voices, *([music.sound] if music else [])] else ()
    if goal is not None and not (sounds and end >= MIN_SECONDS):
        goal, warnings = None, (*warnings, TOO_SHORT if sounds else NOTHING_TO_LEVEL)
    if not sounds:
        return replace(NO_SOUND, warnings=warnings)
    length = exact_length_filters(end)
    if goal is not None:
        mixed = _mix(fitted, bed, _Mixer(end, options.max_pixels, 0)).finish(*length, MEASURE_FILTERS)
        return replace(level_sound(mixed, end, goal, options.max_pixels), warnings=warnings)
    first = sounds[0]
    if len(sounds) == 1 and not _starts_again(first, end):
        sound = fit_sound(first.audio, first.field, gain=first.gain, fades=first.fades, length=end)
    else:
        sound = _mix(fitted, bed, _Mixer(end, options.max_pixels, 1)).finish(MIX_LIMITER, *length)
    return replace(sound, warnings=warnings)


def _fit_fades(sound: SoundInput, end: Fraction) -> SoundInput:
    seconds = sound.lasts_until(end) - max(Fraction(0), sound.audio.start)
    return replace(sound, fades=fit_fades(sound.fades, max(Fraction(0), seconds)))


def _starts_again(sound: SoundInput, end: Fraction) -> bool:
    return sound.repeats and sound.audio.end < end


class _Mixer:
    """Collects the inputs and the chains of a graph. `first` is the number of inputs before: the picture, or none."""

    def __init__(self, end: Fraction, max_pixels: int, first: int) -> None:
        self._end = end
        self._max_pixels = max_pixels
        self._first = first
        self._decoding = Decoding()
        self._inputs: list[str | MadeFile] = []
        self._steps: list[Step] = []
        self._files: dict[str, bytes] = {}
        self._chains: list[str] = []
        self._labels: list[str] = []

    def add(self, sound: SoundInput, *, is_music: bool = False) -> None:
        """Add a sound. Music blends its end with its start where it starts again."""
        start = max(Fraction(0), sound.audio.start)
        if _starts_again(sound, self._end):
            files, step = repeat_sound(sound.field, sound.audio, self._end, self._max_pixels, blends=is_music)
            self._steps.append(step)
            parts = [f"[{self._open(made)}:a:0]" for made in files]
            joined = f"concat=n={len(parts)}:v=0:a=1," if len(parts) > 1 else ""
            source = f"{''.join(parts)}{joined}asetpts=N/SR/TB"
        else:
            label = self._decoding.label(sound.audio, self._open(sound.field))
            steady = as_decoded(sound.audio)
            source = f"{label}{continuous_filter(steady, MIX_RATE)},{stereo_filter(steady)}"
        fades = fade_filters(sound.fades, start, sound.lasts_until(self._end))
        self._add_chain(",".join((source, *gain_filters(sound.gain), *fades)))

    def duck(self, music: MusicInput) -> None:
        """Make the sound that was added last quieter while there is speech."""
        self._files[_ENVELOPE.name] = write_envelope(music.speech, music.ducking, self._end)
        self._add_chain(f"[{self._open(_ENVELOPE)}:a:0]aresample={MIX_RATE},pan=stereo|c0=c0|c1=c0")
        level, bed = self._labels.pop(), self._labels.pop()
        self._add_chain(f"{bed}{level}amultiply")

    def finish(self, *filters: str) -> Sound:
        """Return the sum of the sounds, filtered, as the sound of a plan."""
        # Without normalize=0 amix halves both sounds.
        count = len(self._labels)
        both = (f"amix=inputs={count}:duration=longest:dropout_transition=0:normalize=0",) if count > 1 else ()
        self._chains.append(f"{''.join(self._labels)}{','.join((*both, *filters))}[sound]")
        return Sound(
            ("-map", "[sound]", *AAC_ARGS),
            ";".join(self._chains),
            is_present=True,
            decoding=self._decoding.args(),
            end=self._end,
            inputs=tuple(self._inputs),
            steps=tuple(self._steps),
            files=self._files,
        )

    def _open(self, given: str | MadeFile) -> int:
        """Return the index of an input."""
        if self._first and given == VIDEO:
            return 0
        self._inputs.append(given)
        return self._first + len(self._inputs) - 1

    def _add_chain(self, chain: str) -> None:
        label = f"[s{len(self._chains)}]"
        self._chains.append(chain + label)
        self._labels.append(label)


def _mix(voices: Sequence[SoundInput], music: MusicInput | None, mixer: _Mixer) -> _Mixer:
    for voice in voices:
        mixer.add(voice)
    if music is not None:
        mixer.add(music.sound, is_music=True)
        if voices and music.speech and music.ducking.amount_db:
            mixer.duck(music)
    return mixer
