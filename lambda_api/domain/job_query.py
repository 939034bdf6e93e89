"""Which of an owner's jobs a client wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambda_api.domain.job import Job, State

MAX_EXAMINED = 500
"""Jobs that one request reads to find those that match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """`created_after` is included, `created_before` is not; milliseconds since the epoch."""

    states: frozenset[State] = frozenset()
    """Empty for all."""
    operation: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_after: int | None = None
    created_before: int | None = None

    @property
    def reads_all(self) -> bool:
        """True if every job in the range of time matches."""
        return not (self.states or self.operation or self.metadata)

    def matches(self, job: Job) -> bool:
        """Decide about a job; the store has applied the range of time."""
        return (
            (not self.states or job.state in self.states)
            and self.operation in {None, job.operation.kind}
            and all(job.metadata.get(name) == value for name, value in self.metadata.items())
        )


ANY = JobQuery()
