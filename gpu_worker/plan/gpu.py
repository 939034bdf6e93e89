"""The stages of the work that a machine's GPU supports, and the reasons why it does not support the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class GpuStage(StrEnum):
    """A stage of the work that a GPU can run. The value completes the sentence "The CPU … the video"."""

    DECODE = "decoded"
    DRAW = "captioned"
    ENCODE = "encoded"


ALL_STAGES = frozenset(GpuStage)


class UnavailableReason(StrEnum):
    """The reason why the CPU runs a stage instead of the GPU, in words for the client."""

    NO_DRIVER = "there is no NVIDIA driver"
    NO_DEVICE = "the driver finds no GPU"
    DRIVER = "the NVIDIA driver does not start"
    OLD_DRIVER = "the NVIDIA driver is too old for this ffmpeg"
    NO_CAPABILITY = "the container lacks the driver's video capability"
    NO_ENCODER = "the GPU offers no video encoder"
    NO_SESSION = "all encoder sessions of the GPU are in use"
    NO_MEMORY = "the GPU's memory is full"
    BUILD = "this ffmpeg was built without it"
    FORMAT = "the GPU has no encoder for this format"
    PICTURE = "the GPU does not support this kind of picture"
    CAPTIONS = "there are too many captions for the GPU"
    TIMEOUT = "the GPU did not respond in time"
    UNKNOWN = "the GPU failed"

    @property
    def is_lasting(self) -> bool:
        """True if only a change of the host or of ffmpeg removes the cause; the GPU need not be probed again."""
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
    """A GPU. `missing` maps each stage that it does not support to the reason."""

    missing: Mapping[GpuStage, UnavailableReason] = field(default_factory=dict)

    def supports(self, stage: GpuStage) -> bool:
        return stage not in self.missing

    def disabling(self, stages: Collection[GpuStage], reason: UnavailableReason) -> Gpu:
        """Return the same GPU with fewer stages. A stage that is already missing keeps its first reason."""
        return Gpu({**dict.fromkeys(stages, reason), **self.missing})

    def warnings(self, stages: Collection[GpuStage]) -> tuple[str, ...]:
        """Return one sentence per reason why the CPU ran some of these stages."""
        missing = {stage: self.missing[stage] for stage in GpuStage if stage in stages and stage in self.missing}
        return tuple(
            f"The CPU {_join([stage for stage in missing if missing[stage] is reason])} the video: {reason}."
            for reason in dict.fromkeys(missing.values())
        )


def gpu_warnings(gpu: Gpu | None, stages: Collection[GpuStage]) -> tuple[str, ...]:
    """Return warnings about those of the stages that were requested of a GPU, but run on the CPU."""
    return () if gpu is None else gpu.warnings(stages)


def _join(words: list[GpuStage]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
