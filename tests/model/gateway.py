"""The gateway over modeled systems, and the ways to run an act: with a crash, an outage or concurrent acts."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.ports import JobStore
from tests.model.crash_points import Crash, CrashPoints
from tests.model.external_systems import ModelReceiver, ModelRunpod
from tests.model.history import HistoryStore
from tests.model.oracle import contradictions
from tests.model.scheduler import run_interleaved
from tests.support.fakes import FakeClock, FakeStore, World

OWNER = "ada"
_STORAGE_CALLS = {"create", "get", "save", "due", "read", "size", "write", "claim"}
"""Calls to the store and the bucket."""

MakeStore = Callable[[FakeClock], JobStore]


class ModelGateway:
    """`name` separates the jobs of several worlds in one table; `counts` counts what happened."""

    def __init__(
        self, make_store: MakeStore = FakeStore, name: str = "job", counts: Counter[str] | None = None
    ) -> None:
        world = World()
        self.clock, self.objects, self.queue = world.clock, world.objects, world.queue
        self.log = world.deliveries
        self.crash_points, self.runpod, self.receiver = CrashPoints(), ModelRunpod(), ModelReceiver()
        self.counts = Counter() if counts is None else counts
        self.history = HistoryStore(
            make_store(self.clock), self.objects.objects, self.clock, self._contradictions, self.counts
        )
        self.owner = f"{OWNER}-{name}"
        ids, randoms = itertools.count(1), itertools.cycle([0.1, 0.5, 0.9])
        self.services = replace(
            world.services,
            store=self.crash_points.wrap(self.history),
            provider=self.crash_points.wrap(self.runpod),
            objects=self.crash_points.wrap(self.objects),
            queue=self.crash_points.wrap(self.queue),
            sender=self.crash_points.wrap(self.receiver),
            deliveries=self.crash_points.wrap(world.deliveries),
            observer=self.crash_points.wrap(world.observer),
            callers=lambda: ApiCredentials(callback_secrets={self.owner: ("whsec_unused",)}),
            new_id=lambda: f"{name}-{next(ids)}",
            random=lambda: next(randoms),
        )
        self.cancel_requests: set[str] = set()
        """Jobs whose client requested a cancel."""
        self._has_raced = False
        """True if acts were concurrent since the last check."""
        self._was_interrupted = False
        """True if since then a process crashed or lost the store or the bucket, and left its work undone."""
        self._checked = 0
        """Number of executions already checked."""
        self._attempts: set[tuple[str, int]] = set()

    @property
    def jobs(self) -> dict[str, Job]:
        return self.history.jobs

    def run_with_crash(self, act: Callable[[], object], at: int | str | None) -> bool:
        """Run `act` with a crash at its boundary `at`; False if it crashed."""
        self.crash_points.plan(at)
        try:
            act()
        except Crash:
            self._was_interrupted = True
            return False
        finally:
            self.crash_points.clear_plan()
        return True

    def run_with_outage(self, act: Callable[[], object], at: int | str) -> None:
        """Run `act`; at its boundary `at` the store or the bucket is unreachable, or its response is lost."""
        self.crash_points.plan(at, self._lose)
        act()
        self.crash_points.clear_plan()

    def _lose(self) -> None:
        if self.crash_points.names[-1].partition(" ")[2] in _STORAGE_CALLS:
            self._was_interrupted = True
            raise Unavailable("It did not answer. Try again.")

    def run_interrupted(
        self, act: Callable[[], object], at: int | str, other: Callable[[], object], nth: int = 1
    ) -> None:
        """Run `act`, and at its boundary `at` all of `other`."""

        def others() -> None:
            self._has_raced = True
            self.counts["races"] += 1
            other()

        self.crash_points.plan(at, others, nth)
        with self.history.concurrent_act():
            act()
        self.crash_points.clear_plan()

    def _contradictions(self, before: Job, after: Job) -> Iterable[str]:
        return contradictions(self, before, after)

    def run_interleaved(self, acts: Sequence[Callable[[], object]], path: Sequence[int]) -> None:
        """Run the acts call by call; each number of `path` selects the act with the turn."""
        self._has_raced = True
        self.counts["races"] += 1
        with self.history.concurrent_act():
            run_interleaved(self.crash_points, acts, path)

    @property
    def is_single_act(self) -> bool:
        """True if a single act ran since the last check."""
        return not self._has_raced and self.crash_points.on_boundary is None
