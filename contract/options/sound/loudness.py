"""The loudness of the result, in LUFS as ITU-R BS.1770 measures it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

from contract.options.fields import Metavar, Number, number_field
from contract.options.group import OptionGroup

NO_CHANGE: Literal["none"] = "none"
TARGETS = {"youtube": -14.0, "podcast": -16.0, "broadcast": -23.0}
"""Targets in LUFS by name: YouTube's and Spotify's, Apple Podcasts', and EBU R 128's."""

DEFAULT_TARGET = TARGETS["youtube"]
"""The target in LUFS of sounds that are mixed here, unless the request states one."""


_LOWEST, _HIGHEST = -31.0, -9.0
_EXPECTED = f"must be a number from {_LOWEST:g} to {_HIGHEST:g}, or {', '.join(map(repr, TARGETS))} or '{NO_CHANGE}'"


def _read_loudness(value: Any) -> Any:
    """Return a number of LUFS, or NO_CHANGE. Raises ValueError for anything else."""
    if value is None:
        return value
    if isinstance(value, str):
        name = value.strip().lower()
        if name == NO_CHANGE:
            return NO_CHANGE
        value = TARGETS.get(name, name.replace(",", "."))
    try:
        lufs = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        lufs = None
    if lufs is None or not _LOWEST <= lufs <= _HIGHEST:
        raise ValueError(_EXPECTED)
    return lufs


Loudness = Annotated[
    float | Literal["none"] | None,
    BeforeValidator(_read_loudness),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [*TARGETS, NO_CHANGE]},
                {"type": "number", "minimum": _LOWEST, "maximum": _HIGHEST},
            ],
            "description": (
                "Loudness of the result in LUFS, or `youtube` (-14), `podcast` (-16), `broadcast` (-23); `none` leaves "
                "it. By default -14 with music, else `none`."
            ),
            "examples": [-14],
        }
    ),
    Metavar("LUFS|NAME"),
]


class LoudnessGoal(NamedTuple):
    """The loudness of a result in LUFS, and its largest true peak in dBTP."""

    lufs: float
    true_peak_db: float


class LoudnessOptions(OptionGroup):
    """The loudness of the result."""

    loudness: Loudness = None
    true_peak_db: Annotated[
        float,
        number_field(-9, -0.1, "Largest true peak in dBTP, where `loudness` is set.", -1),
        Number,
        Metavar("DB"),
    ] = -1.0

    def loudness_goal(self) -> LoudnessGoal | None:
        if self.loudness == NO_CHANGE or (self.loudness is None and self.music_bed() is None):
            return None
        return LoudnessGoal(DEFAULT_TARGET if self.loudness is None else self.loudness, self.true_peak_db)
