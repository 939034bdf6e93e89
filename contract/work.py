"""Estimate a worker's time for a job: a first guess, until a history of jobs of one's own exists.

Source: `make bench-media` (docs/benchmarks.md), processor seconds of whole jobs on two threads of an AMD EPYC with the
encoder on the processor, divided by the two threads: img2vid 3.3 for 5 s, addaudio 2.5 for 60 s, caption 28.1 for 30 s,
compose 6.8 for 10 s, slideshow 33 for 40 s of 1080p. Hosts of GPUs have more threads and an encoder in hardware, so
these numbers are rather too high. Two seconds for transfers, probing and verifying are docs/operations.md's "a second
or two" for jobs that copy the picture.
"""

from __future__ import annotations

from typing import NamedTuple


class Work(NamedTuple):
    """Seconds of execution: `fixed` for each job, and `per_second` for each second of the result."""

    fixed: float
    per_second: float

    def seconds(self, result_seconds: float) -> float:
        """Return the seconds of execution for a result of this length."""
        return self.fixed + self.per_second * result_seconds


_FIXED = 2.0

WORK = {
    "addaudio": Work(_FIXED, 0.02),
    "caption": Work(_FIXED, 0.47),
    "compose": Work(_FIXED, 0.34),
    # Clips of different kinds: one encode takes as long as that of captions. Equal ones are copied.
    "concatenate": Work(_FIXED, 0.47),
    "img2vid": Work(_FIXED, 0.33),
    "probe": Work(_FIXED, 0.0),
    "slideshow": Work(_FIXED, 0.41),
    "thumbnail": Work(_FIXED, 0.0),
    # Not measured on a GPU: recognition at twice the speed of speech.
    "transcribe": Work(_FIXED, 0.5),
    # One part, whose picture is copied.
    "trim": Work(_FIXED, 0.02),
}
"""By the operation's `kind`."""
