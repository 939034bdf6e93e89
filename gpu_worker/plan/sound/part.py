"""The sound's part of a plan: the files that it opens, its filter graph, and its encoder options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from contract.artifacts import VideoFormat
from contract.options.inputs import role_of
from gpu_worker.plan.input_args import PROTOCOL_ARGS, open_args
from gpu_worker.plan.model import Leveling, Plan, Step, local_name

MIX_RATE = 48_000
"""Samples per second of sounds that are mixed."""
AAC_ARGS = ("-c:a", "aac", "-b:a", "192k")
OPUS_ARGS = ("-c:a", "libopus", "-b:a", "160k")
GIF_IS_SILENT = "A GIF has no sound."
RAW_STEREO = ("-f", "f32le", "-ar", str(MIX_RATE), "-ac", "2")
"""Options of a file of raw samples: those of a mix, before it is encoded."""


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that the plan writes or an earlier step makes: its name, and the options that open it."""

    name: str
    options: tuple[str, ...] = ()


LEVELED = MadeFile("sound.m4a", ("-f", "mov"))
LEVELED_OPUS = MadeFile("sound.webm", ("-f", "matroska"))
"""Sounds that have their loudness, for MP4 and for WebM."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound's part of a command line. The picture is input 0; `inputs` are opened after it, in their order.

    An input is the field of an input file, or a file that the plan makes.
    """

    args: tuple[str, ...] = ("-an",)
    """Stream mapping and encoder options."""
    graph: str = ""
    is_present: bool = False
    decoding: tuple[str, ...] = ()
    """Options before the graph: outputs that ffmpeg decodes again as inputs of the graph."""
    end: Fraction | None = None
    """The end in seconds; it may be off by `end_tolerance`."""
    end_tolerance: Fraction = Fraction(0)
    inputs: tuple[str | MadeFile, ...] = ()
    steps: tuple[Step, ...] = ()
    """Runs of ffmpeg before the others: they make files in `inputs`."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files to write first, by name."""
    leveling: Leveling | None = None
    warnings: tuple[str, ...] = ()

    def add_to(self, plan: Plan) -> Plan:
        """Return the plan with what must be done before its steps."""
        return replace(
            plan,
            steps=(*self.steps, *plan.steps),
            files={**plan.files, **self.files},
            leveling=self.leveling,
            warnings=(*plan.warnings, *self.warnings),
        )


NO_SOUND = Sound()


def sound_in_format(sound: Sound, video_format: VideoFormat) -> Sound:
    """Return the sound as a format has it: none in a GIF, Opus in WebM."""
    if not sound.is_present or video_format in {VideoFormat.MP4, VideoFormat.MP4_HEVC}:
        return sound
    if video_format is VideoFormat.GIF:
        return replace(NO_SOUND, warnings=(*sound.warnings, GIF_IS_SILENT))
    if sound.leveling is not None:
        leveling = replace(sound.leveling, name=LEVELED_OPUS.name, encoding=(*OPUS_ARGS, "-f", "webm"))
        return replace(sound, inputs=(LEVELED_OPUS,), leveling=leveling)
    at = sound.args.index("-c:a")
    rest = sound.args[at + 2 :]
    return replace(sound, args=(*sound.args[:at], *OPUS_ARGS, *(rest[2:] if rest[:1] == ("-b:a",) else rest)))


def input_fields(inputs: tuple[str | MadeFile, ...]) -> tuple[str, ...]:
    """Return the fields of these inputs, empty for files that the plan makes."""
    return tuple("" if isinstance(given, MadeFile) else given for given in inputs)


def open_sounds(inputs: tuple[str | MadeFile, ...], max_pixels: int, options: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the arguments that open these inputs, each with the `options`."""
    return tuple(argument for given in inputs for argument in (*options, *_open_one(given, max_pixels)))


def _open_one(given: str | MadeFile, max_pixels: int) -> tuple[str, ...]:
    if isinstance(given, MadeFile):
        return (*PROTOCOL_ARGS, *given.options, "-i", given.name)
    return open_args(role_of(given), local_name(given), max_pixels)
