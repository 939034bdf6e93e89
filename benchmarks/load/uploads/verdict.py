"""What the clients of uploads saw, and the judgment. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What must be refused."""

    FOREIGN = "foreign"
    """A request for another owner's upload."""
    INCOMPLETE = "incomplete"
    """A request that takes a file for complete of which bytes are missing or wrong."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that must be refused. `what` is for people."""

    kind: Kind
    what: str
    accepted: bool


@dataclass(slots=True)
class Record:
    """One announced file. `announcements`: requests sent for it, of which all but one had no response."""

    name: str
    owner: str
    announcements: int = 0
    upload_id: str = ""
    sent: bool = False
    """All bytes were sent, and confirmed by 2xx."""
    states: set[str] = field(default_factory=set)
    """All that its owner read after sending, the last one at the end."""
    intact: bool = False
    """The bytes in the bucket are those that were sent."""
    job_id: str = ""
    """Of the job that reads it; empty without one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers of uploads, and of requests that should have been refused."""

    lost: int
    doubled: int
    foreign: int
    incomplete: int


@dataclass(slots=True)
class Seen:
    """Everything that one run saw. `rows`: ids of the stored uploads by owner and filename."""

    records: list[Record] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    rows: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)


def judge(seen: Seen) -> Verdict:
    """Compare what clients announced and sent with what they read, what is stored, and what was refused."""
    return Verdict(
        lost=sum(record.sent and not (record.states == {"ready"} and record.intact) for record in seen.records)
        + sum(record.upload_id not in seen.rows.get((record.owner, record.name), ()) for record in seen.records),
        doubled=_count_doubled(seen.records, seen.rows),
        foreign=_count_accepted(seen.attempts, Kind.FOREIGN),
        incomplete=_count_accepted(seen.attempts, Kind.INCOMPLETE)
        + sum(not record.sent and "ready" in record.states for record in seen.records),
    )


def _count_doubled(records: Sequence[Record], rows: Mapping[tuple[str, str], Collection[str]]) -> int:
    """Count stored uploads beyond one for each request, and ids that two announcements got."""
    requests = {(record.owner, record.name): record.announcements for record in records}
    beyond = sum(max(0, len(ids) - requests.get(key, 0)) for key, ids in rows.items())
    return beyond + len(records) - len({record.upload_id for record in records})


def _count_accepted(attempts: Sequence[Attempt], kind: Kind) -> int:
    return sum(attempt.accepted for attempt in attempts if attempt.kind is kind)
