"""The judgment of deliveries: callbacks and the log of one run, compared. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.receiver import STAMP

Entry = Mapping[str, Any]
"""A delivery, as the API shows it."""
_ENDED = {"DELIVERED", "HELD"}
_CONFLICT = "http_409"
"""The third of these counts as received."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A job whose callback was pending. `requested`: redeliveries, each asked for after the attempt before."""

    job_id: str
    owner: str
    requested: int = 0


@dataclass(slots=True)
class Seen:
    """Everything that one run saw. Logs by owner, as its own key read them."""

    jobs: list[Finished] = field(default_factory=list)
    callbacks: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """Status and last result of each job's callback, at the end."""
    accepted: Mapping[str, int] = field(default_factory=dict)
    """POSTs that the receiver answered with 2xx, by job."""
    posts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """All that reached the receivers, by `STAMP`."""
    forged: int = 0
    """POSTs whose signature did not verify."""
    listed: dict[str, list[Entry]] = field(default_factory=dict)
    """The log from its newest page to its oldest, at the end."""
    followed: dict[str, list[Entry]] = field(default_factory=dict)
    """The log as a program follows it with `after`, while it was written."""
    unverified: int = 0
    """Entries whose signature did not verify when they were followed."""
    strayed: int = 0
    """Requests for another owner's deliveries that succeeded, and entries of another owner behind a cursor."""


@dataclass(frozen=True, slots=True)
class Verdict:
    lost: int
    missing: int
    doubled: int
    foreign: int
    unverified: int


def judge(seen: Seen) -> Verdict:
    """Compare the jobs' states, the receivers' POSTs and both readings of the log."""
    owners = {job.job_id: job.owner for job in seen.jobs}
    logged: defaultdict[str, int] = defaultdict(int)
    for entries in seen.listed.values():
        for entry in entries:
            logged[entry["job_id"]] += 1
    sent = Counter(stamp(entry) for entries in seen.listed.values() for entry in entries if _was_sent(entry))
    listed, followed = _by_id(seen.listed), _by_id(seen.followed)
    return Verdict(
        lost=sum(_is_lost(job, seen, logged[job.job_id]) for job in seen.jobs),
        missing=(seen.posts - sent).total() + len(listed.keys() ^ followed.keys()),
        doubled=(sent - seen.posts).total() + _count_repeats(seen.listed) + _count_repeats(seen.followed),
        foreign=seen.strayed + _count_foreign(seen.listed, owners) + _count_foreign(seen.followed, owners),
        unverified=seen.forged
        + seen.unverified
        + sum(listed[name] != followed[name] for name in listed.keys() & followed.keys()),
    )


def stamp(entry: Entry) -> tuple[str, ...]:
    """Return the headers by which a POST and its entry are recognized."""
    return tuple(entry["headers"].get(name, "") for name in STAMP)


def _is_lost(job: Finished, seen: Seen, entries: int) -> bool:
    status, result = seen.callbacks.get(job.job_id, ("", None))
    received = status == "HELD" or result == _CONFLICT or seen.accepted.get(job.job_id, 0) > 0
    return status not in _ENDED or not received or entries < 1 + job.requested


def _was_sent(entry: Entry) -> bool:
    """True if the receiver must have read it: it answered, or broke off."""
    return str(entry["result"]).startswith("http_") or entry["result"] == "no_answer"


def _by_id(logs: Mapping[str, Sequence[Entry]]) -> dict[str, Entry]:
    return {entry["delivery_id"]: entry for entries in logs.values() for entry in entries}


def _count_repeats(logs: Mapping[str, Sequence[Entry]]) -> int:
    return sum(map(len, logs.values())) - len(_by_id(logs))


def _count_foreign(logs: Mapping[str, Iterable[Entry]], owners: Mapping[str, str]) -> int:
    return sum(owners.get(entry["job_id"]) != owner for owner, entries in logs.items() for entry in entries)
