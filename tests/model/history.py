"""A store that records every write and the invariants that it violates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import Job
from lambda_api.domain.job_query import ANY, JobQuery
from lambda_api.domain.ports import Idempotency, IdempotencyRecord, JobStore, Page
from tests.model.invariants import WriteTime, check_creation, check_write, is_claim

WriteCheck = Callable[[Job, Job], Iterable[str]]
"""Takes the job before and after a write; returns the false claims of the write."""


class HistoryStore:
    """A `JobStore` around another one. Violations are collected, not raised: a sweep catches what a job raises."""

    def __init__(
        self,
        store: JobStore,
        objects: Mapping[str, bytes],
        clock: Callable[[], int],
        check: WriteCheck,
        counts: Counter[str],
    ) -> None:
        """`counts` counts what happened, to measure the coverage of a walk."""
        self.jobs: dict[str, Job] = {}
        """Jobs as last written."""
        self.violations: list[str] = []
        self.written: set[str] = set()
        self.finished: set[str] = set()
        """The written jobs that became terminal."""
        self.claims: Counter[tuple[str, int]] = Counter()
        """Claims of each attempt of a job that RunPod did not refuse."""
        self.only: str | None = None
        """The one job that a sweep finds, if set."""
        self._act_started_at: int | None = None
        self._store = store
        self._objects = objects
        self._clock = clock
        self._check = check
        self._counts = counts
        self._end_versions: dict[str, int] = {}
        self._keys: dict[tuple[str, str], tuple[str, int]] = {}
        self.job_of_key: dict[str, str] = {}
        """Idempotency key → the job of the last request stored with it."""

    @property
    def act_started_at(self) -> int:
        """Return when the current act started."""
        return self._clock() if self._act_started_at is None else self._act_started_at

    @contextmanager
    def concurrent_act(self) -> Iterator[None]:
        """Mark an act during which concurrent acts let time pass."""
        self._act_started_at = self._clock()
        try:
            yield
        finally:
            self._act_started_at = None

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        existing = self._store.create(job, idempotency, now, allowance)
        if existing is None:
            self._report(job, check_creation(job, self._objects))
            if idempotency is not None:
                self._record_key(job, idempotency, now)
            self._record(None, job)
        return existing

    def _record_key(self, job: Job, idempotency: Idempotency, now: int) -> None:
        key = (job.owner, idempotency.key)
        fingerprint, expires_at = self._keys.get(key, ("", 0))
        if expires_at // 1000 > now // 1000:
            self._report(job, [f"a second job for a key; same body: {fingerprint == idempotency.fingerprint}"])
        self._keys[key] = (idempotency.fingerprint, idempotency.expires_at)
        self.job_of_key[idempotency.key] = job.job_id

    def get(self, job_id: str) -> Job | None:
        return self._store.get(job_id)

    def save(self, job: Job, *, ends: bool = False) -> bool:
        saved = self._store.save(job, ends=ends)
        if saved:
            before, moment = self.jobs[job.job_id], WriteTime(self.act_started_at, self._clock())
            self._report(job, check_write(before, job, self._objects, moment))
            self._report(job, self._check(before, job))
            if ends != (job.is_terminal and not before.is_terminal):
                self._report(job, ["its place in the owner's quota is freed before or after its end"])
            self._record(before, job)
        else:
            self._counts["writes lost"] += 1
            self._counts["writes lost to a terminal state"] += job.version <= self._end_versions.get(job.job_id, 0)
        return saved

    def page(self, owner: str, limit: int, cursor: str | None, query: JobQuery = ANY) -> Page:
        return self._store.page(owner, limit, cursor, query)

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Return only our jobs: the table may hold those of other tests."""
        selected = self.jobs if self.only is None else {self.only}
        return [job_id for job_id in self._store.due(now, limit) if job_id in selected]

    def check_written(self) -> None:
        """Assert that the writes since the last check can be read back and violate nothing."""
        for job_id in self.written:
            read = self._store.get(job_id)
            if read is not None and read != self.jobs[job_id]:
                self.violations.append(f"{job_id}: read differs from written")
        self.written.clear()
        self.finished.clear()
        assert not self.violations, self.violations

    def _record(self, before: Job | None, job: Job) -> None:
        self.jobs[job.job_id] = job
        self.written.add(job.job_id)
        if is_claim(before, job):
            self.claims[job.job_id, job.attempt] += 1
        elif before is not None and job.refusals > before.refusals and job.attempt == before.attempt:
            self.claims[job.job_id, job.attempt] -= 1
        if job.is_terminal and not (before and before.is_terminal):
            self.finished.add(job.job_id)
            self._end_versions[job.job_id] = job.version
            self._counts[str(job.error.code if job.error else job.state)] += 1
            self._counts[f"ended by {job.settled_by}"] += 1

    def _report(self, job: Job, violations: Iterable[str]) -> None:
        prefix = f"{job.job_id} ({job.state}, version {job.version})"
        self.violations += [f"{prefix}: {violation}" for violation in violations]
