"""What a machine's GPU does of the work, and why not the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class GpuStage(StrEnum):
    """A part of the work that a GPU may do. The value is what a client reads the CPU did instead."""

    DECODE = "decoded"
    DRAW = "captioned"
    ENCODE = "encoded"


ALL_STAGES = frozenset(GpuStage)


class UnavailableReason(StrEnum):
    """Why the GPU leaves a part of the work to the CPU, in words for the client."""

    NO_DRIVER = "there is no NVIDIA driver"
    NO_DEVICE = "the driver finds no GPU"
    DRIVER = "the NVIDIA driver does not start"
    OLD_DRIVER = "the NVIDIA driver is too old for this ffmpeg"
    NO_CAPABILITY = "the container lacks the driver's video capability"
    NO_ENCODER = "the GPU offers no video encoder"
    NO_SESSION = "all encoder sessions of the GPU are in use"
    NO_MEMORY = "the GPU's memory is full"
    BUILD = "this ffmpeg was built without it"
    PICTURE = "the GPU does not take this kind of picture"
    CAPTIONS = "there are too many captions for the GPU"
    SILENT = "the GPU did not answer in time"
    UNKNOWN = "the GPU failed"

    @property
    def is_lasting(self) -> bool:
        """True if nothing but a restart, elsewhere or of something else, makes it go away."""
        return self in {
            UnavailableReason.NO_DRIVER,
            UnavailableReason.NO_DEVICE,
            UnavailableReason.OLD_DRIVER,
            UnavailableReason.NO_CAPABILITY,
            UnavailableReason.NO_ENCODER,
            UnavailableReason.BUILD,
        }


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU. `lacks` names the parts of the work it does not do, each with the reason."""

    missing: Mapping[GpuStage, UnavailableReason] = field(default_factory=dict)

    def supports(self, part: GpuStage) -> bool:
        return part not in self.missing

    def disabling(self, parts: Collection[GpuStage], reason: UnavailableReason) -> Gpu:
        """The same GPU, trusted with less. A reason already known stays: the first cause says most."""
        return Gpu({**dict.fromkeys(parts, reason), **self.missing})

    def warnings(self, parts: Collection[GpuStage]) -> tuple[str, ...]:
        """A sentence for each reason why the CPU did some of these parts."""
        reasons = dict.fromkeys(self.missing[part] for part in GpuStage if part in parts and part in self.missing)
        return tuple(
            f"The CPU {_listed([part for part in GpuStage if part in parts and self.missing.get(part) is reason])} "
            f"the video: {reason}."
            for reason in reasons
        )


def _listed(words: list[GpuStage]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
