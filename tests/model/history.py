"""A store that remembers every row it was given, and what each write broke."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import Job
from lambda_api.domain.ports import Idempotency, IdempotencyRecord, JobStore, Page
from tests.model.invariants import Moment, broken_at_creation, broken_by, claims

Judge = Callable[[Job, Job], Iterable[str]]
"""What is not true of a write, as the world knows it: of the job before it and after it."""


class Ledger:
    """`JobStore` around another one. What is broken is collected, not raised: a sweep outlives what is raised."""

    def __init__(
        self, store: JobStore, objects: Mapping[str, bytes], clock: Callable[[], int], judge: Judge, seen: Counter[str]
    ) -> None:
        """`seen` counts what happened, so that a walk can tell where it has been."""
        self.jobs: dict[str, Job] = {}
        """As they were last written."""
        self.broken: list[str] = []
        self.touched: set[str] = set()
        self.ended: set[str] = set()
        """Of the touched ones, those that ended."""
        self.claims: Counter[tuple[str, int]] = Counter()
        """How often an attempt of a job was taken upon himself by somebody, and not refused by RunPod."""
        self.only: str | None = None
        """The one job that a sweep finds."""
        self._began: int | None = None
        self._store = store
        self._objects = objects
        self._clock = clock
        self._judge = judge
        self._seen = seen
        self._ends: dict[str, int] = {}
        self._keys: dict[tuple[str, str], tuple[str, int]] = {}
        self.of_key: dict[str, str] = {}
        """Idempotency key → the job of the last request that was stored with it."""

    @property
    def began(self) -> int:
        """When the act began that goes on."""
        return self._clock() if self._began is None else self._began

    @contextmanager
    def time_may_pass(self) -> Iterator[None]:
        """For an act during which others take their time."""
        self._began = self._clock()
        try:
            yield
        finally:
            self._began = None

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        existing = self._store.create(job, idempotency, now, allowance)
        if existing is None:
            self._blame(job, broken_at_creation(job))
            if idempotency is not None:
                self._keep_key(job, idempotency, now)
            self._keep(None, job)
        return existing

    def _keep_key(self, job: Job, idempotency: Idempotency, now: int) -> None:
        key = (job.owner, idempotency.key)
        fingerprint, expires_at = self._keys.get(key, ("", 0))
        if expires_at // 1000 > now // 1000:
            self._blame(job, [f"a second job for a key, of the same body: {fingerprint == idempotency.fingerprint}"])
        self._keys[key] = (idempotency.fingerprint, idempotency.expires_at)
        self.of_key[idempotency.key] = job.job_id

    def get(self, job_id: str) -> Job | None:
        return self._store.get(job_id)

    def save(self, job: Job, *, ends: bool = False) -> bool:
        saved = self._store.save(job, ends=ends)
        if saved:
            before, moment = self.jobs[job.job_id], Moment(self.began, self._clock())
            self._blame(job, broken_by(before, job, self._objects, moment))
            self._blame(job, self._judge(before, job))
            if ends != (job.is_terminal and not before.is_terminal):
                self._blame(job, ["a place in its owner's allowance freed at another time than its end"])
            self._keep(before, job)
        else:
            self._seen["writes lost"] += 1
            self._seen["writes lost to an end"] += job.version <= self._ends.get(job.job_id, 0)
        return saved

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        return self._store.page(owner, limit, cursor)

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Only ours: a table may hold what other tests left."""
        wanted = self.jobs if self.only is None else {self.only}
        return [job_id for job_id in self._store.due(now, limit) if job_id in wanted]

    def check_touched(self) -> None:
        """What was written since the last look is what is read, and broke nothing."""
        for job_id in self.touched:
            read = self._store.get(job_id)
            if read is not None and read != self.jobs[job_id]:
                self.broken.append(f"{job_id}: stored otherwise than written")
        self.touched.clear()
        self.ended.clear()
        assert not self.broken, self.broken

    def _keep(self, before: Job | None, job: Job) -> None:
        self.jobs[job.job_id] = job
        self.touched.add(job.job_id)
        if claims(before, job):
            self.claims[job.job_id, job.attempt] += 1
        elif before is not None and job.refusals > before.refusals and job.attempt == before.attempt:
            self.claims[job.job_id, job.attempt] -= 1
        if job.is_terminal and not (before and before.is_terminal):
            self.ended.add(job.job_id)
            self._ends[job.job_id] = job.version
            self._seen[str(job.error.code if job.error else job.state)] += 1
            self._seen[f"ended by {job.settled_by}"] += 1

    def _blame(self, job: Job, sentences: Iterable[str]) -> None:
        self.broken += [f"{job.job_id} ({job.state}, version {job.version}): {sentence}" for sentence in sentences]
