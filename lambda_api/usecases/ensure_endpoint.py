"""Make the endpoint at RunPod what the stack wants, remove it, look after it.

The stack's mark in an endpoint's name makes each of these repeatable: whatever an earlier attempt left behind is found
by it. RunPod's create has no idempotency key, so it is sent again only after the mark was looked for in vain.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lambda_api.domain.endpoint import Body, Endpoints, Live, changes, is_marked
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderUnknown

T = TypeVar("T")

_LOOKS = 4
"""After a create that was not answered. With the pauses between them a quarter of a minute: RunPod may be slow."""
_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


class CreateOutcomeUnknown(ProviderError):
    """It failed, and an endpoint of ours is or may be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to go on trying. Seconds on `clock`, which only rises; `random` in [0, 1)."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    until: float

    def persist(self, call: Callable[[], T]) -> T:
        """Repeat a call that may be repeated, until RunPod takes it, rejects it, or time is up."""
        tries = 0
        while True:
            try:
                return call()
            except (ProviderRefused, ProviderUnknown) as error:
                tries += 1
                if not self.pause(tries, error):
                    raise

    def pause(self, tries: int, error: ProviderError) -> bool:
        """Wait before the next try, as long as RunPod asked for or with jitter; False if time would be up."""
        backoff = min(_LONGEST_PAUSE, _PAUSE * 2 ** (tries - 1)) * (0.5 + self.random() / 2)
        seconds = max(backoff, error.retry_after_ms / 1000)
        if self.clock() + seconds >= self.until:
            return False
        self.sleep(seconds)
        return True


@dataclass(frozen=True, slots=True)
class EndpointResult:
    endpoint_id: str
    made: bool
    changed: tuple[str, ...]
    """The settings that were changed, by name."""


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """An endpoint as it is left."""

    workers_max: int
    unhealthy: int
    revived: bool = False
    failure: str | None = None
    """Why it could not be revived."""


def ensure(endpoints: Endpoints, body: Body, mark: str, known: str | None, patience: RetryPolicy) -> EndpointResult:
    """One endpoint of this mark, with these settings. `known`: the id CloudFormation knows it by.

    An endpoint that is there is changed in place, so that its jobs go on. Raises ProviderError if nothing was made,
    MayExist if something was or may have been.
    """
    found = _ours(patience.persist(endpoints.listed), mark, known)
    made = not found
    found = found or _create(endpoints, body, mark, patience)
    kept = _kept(found, known)
    try:
        for other in found:
            if other is not kept:
                patience.persist(partial(endpoints.delete, other["id"]))
        different = {} if made else changes(body, kept)
        if different:
            patience.persist(partial(endpoints.update, kept["id"], different))
    except ProviderError as error:
        raise CreateOutcomeUnknown(error.reason) from error
    return EndpointResult(kept["id"], made, tuple(different))


def remove(endpoints: Endpoints, mark: str, known: str | None, patience: RetryPolicy) -> None:
    """Remove the endpoint, and with it whatever else bears its mark.

    If CloudFormation knows an id that is gone, another endpoint took its place and stays: this is the clean-up
    after that. If it knows none, a create failed, and everything marked is its remains. Raises ProviderError if
    RunPod does not say what is there, MayExist if something is left.
    """
    found = _ours(patience.persist(endpoints.listed), mark, known)
    if known is not None and all(live["id"] != known for live in found):
        return
    # The known one last: as long as it is there, a repeated removal removes the others too.
    try:
        for live in sorted(found, key=lambda one: one["id"] == known):
            patience.persist(partial(endpoints.delete, live["id"]))
    except ProviderError as error:
        raise CreateOutcomeUnknown(error.reason) from error


def look(endpoints: Endpoints, endpoint_id: str, workers_max: int | None, patience: RetryPolicy) -> EndpointHealth:
    """See how many workers RunPod allows; allow `workers_max` again if it has lowered that. Raises ProviderError.

    RunPod lowers it after days without a job, which costs nothing to undo: workers start for jobs only. It also does
    so where workers do not come up; then more of them would not help, and it is left alone.
    """
    live = patience.persist(partial(endpoints.read, endpoint_id))
    if live is None:
        return EndpointHealth(0, 0)
    unhealthy = patience.persist(partial(endpoints.unhealthy_workers, endpoint_id))
    workers = {name: live["workers"][name] for name in ("min", "max", "idleTimeout") if name in live["workers"]}
    if workers_max is None or workers["max"] >= workers_max or unhealthy:
        return EndpointHealth(workers["max"], unhealthy)
    try:
        patience.persist(partial(endpoints.update, endpoint_id, {"workers": workers | {"max": workers_max}}))
    except ProviderError as error:
        return EndpointHealth(workers["max"], unhealthy, failure=error.reason)
    return EndpointHealth(workers_max, unhealthy, revived=True)


def _ours(listed: list[Live], mark: str, known: str | None) -> list[Live]:
    return [live for live in listed if live["id"] == known or is_marked(live, mark)]


def _kept(found: list[Live], known: str | None) -> Live:
    """The one CloudFormation knows, else the oldest: two attempts side by side choose the same."""
    return min(found, key=lambda live: (live["id"] != known, str(live.get("createdAt")), live["id"]))


def _create(endpoints: Endpoints, body: Body, mark: str, patience: RetryPolicy) -> list[Live]:
    """All endpoints of this mark, at least the one that was made."""
    tries, unsure = 0, False
    while True:
        try:
            made = endpoints.create(body)
        except ProviderError as error:
            tries += 1
            unsure = unsure or isinstance(error, ProviderUnknown)
            if unsure and (found := _look_for(endpoints, mark, error, patience)):
                return found
            may_pass = isinstance(error, ProviderRefused | ProviderUnknown)
            if may_pass and patience.pause(tries, error):
                continue
            if unsure:
                raise CreateOutcomeUnknown(error.reason) from error
            raise
        # Somebody may have been faster: look once, but do not fail for it.
        with contextlib.suppress(ProviderError):
            found = _ours(endpoints.listed(), mark, made["id"])
            return found if any(live["id"] == made["id"] for live in found) else [made, *found]
        return [made]


def _look_for(endpoints: Endpoints, mark: str, error: ProviderError, patience: RetryPolicy) -> list[Live]:
    """What an unanswered create has made, as soon as it can be seen; nothing if it is not there after a while.

    Raises MayExist if that cannot be found out in time.
    """
    try:
        for look in range(1, _LOOKS + 1):
            if not patience.pause(look, error):
                raise error
            if found := _ours(patience.persist(endpoints.listed), mark, None):
                return found
    except ProviderError as last:
        raise CreateOutcomeUnknown(last.reason) from last
    return []
