"""The base of all groups of options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contract.artifacts import OUTPUT_VIDEO, Artifact
from contract.base import Message

if TYPE_CHECKING:
    from contract.options.picture.options import SceneLook
    from contract.options.sound.loudness import LoudnessGoal
    from contract.options.sound.music import MusicBed


class OptionGroup(Message):
    """Options that several operations share. A group adds to what the operation makes and needs."""

    def main_artifact(self) -> Artifact:
        """Return the main file."""
        return OUTPUT_VIDEO

    def download_name(self) -> str | None:
        """Return the name under which browsers save the main file; None for the usual one."""
        return None

    def further_artifacts(self) -> tuple[Artifact, ...]:
        """Return the files that these options add to the main one. A subclass adds its own to those of `super()`."""
        return ()

    def needs_speech(self) -> bool:
        """Return True if the worker must recognize speech."""
        return False

    def music_bed(self) -> MusicBed | None:
        """Return the music under the other sounds of the result; None if there is none."""
        return None

    def loudness_goal(self) -> LoudnessGoal | None:
        """Return the loudness that the result must have; None if it may have any."""
        return None

    def scene_looks(self) -> Mapping[str, SceneLook]:
        """Return how each picture that becomes a scene is shown, by the field of the input."""
        return {}

    def requested(self) -> dict[str, object]:
        """Return the fields that differ from their defaults, as JSON."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
