"""A store that remembers every row it was given, and what each write broke."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lambda_api.domain.job import Job
from lambda_api.domain.limits import Allowance
from lambda_api.domain.ports import Existing, Idempotency, JobStore, Page
from tests.model.promises import broken_at_creation, broken_by


class Ledger:
    """`JobStore` around another one. What is broken is collected, not raised: a sweep outlives what is raised."""

    def __init__(
        self, store: JobStore, objects: Mapping[str, bytes], clock: Callable[[], int], true: Callable[[Job], bool]
    ) -> None:
        """`true` says whether the way in which a job ended is what happened to it."""
        self.jobs: dict[str, Job] = {}
        """As they were last written."""
        self.broken: list[str] = []
        self.touched: set[str] = set()
        self._store = store
        self._objects = objects
        self._clock = clock
        self._true = true
        self._keys: dict[tuple[str, str], tuple[str, int]] = {}

    def create(self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance) -> Existing | None:
        existing = self._store.create(job, idempotency, now, allowance)
        if existing is None:
            self._blame(job, broken_at_creation(job))
            if idempotency is not None:
                self._keep_key(job, idempotency, now)
            self._keep(job)
        return existing

    def _keep_key(self, job: Job, idempotency: Idempotency, now: int) -> None:
        key = (job.owner, idempotency.key)
        fingerprint, expires_at = self._keys.get(key, ("", 0))
        if expires_at // 1000 > now // 1000:
            self._blame(job, [f"a second job for a key, of the same body: {fingerprint == idempotency.fingerprint}"])
        self._keys[key] = (idempotency.fingerprint, idempotency.expires_at)

    def get(self, job_id: str) -> Job | None:
        return self._store.get(job_id)

    def save(self, job: Job, *, ends: bool = False) -> bool:
        saved = self._store.save(job, ends=ends)
        if saved:
            before = self.jobs[job.job_id]
            self._blame(job, broken_by(before, job, self._objects, self._clock()))
            if job.terminal and not before.terminal and not self._true(job):
                self._blame(job, [f"it ended as {job.error.code if job.error else 'completed'}, which is not true"])
            if ends != (job.terminal and not before.terminal):
                self._blame(job, ["a place in its owner's allowance freed at another time than its end"])
            self._keep(job)
        return saved

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        return self._store.page(owner, limit, cursor)

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Only ours: a table may hold what other tests left."""
        return [job_id for job_id in self._store.due(now, limit) if job_id in self.jobs]

    def check_touched(self) -> None:
        """What was written since the last look is what is read, and broke nothing."""
        for job_id in self.touched:
            read = self._store.get(job_id)
            if read is not None and read != self.jobs[job_id]:
                self.broken.append(f"{job_id}: stored otherwise than written")
        self.touched.clear()
        assert not self.broken, self.broken

    def _keep(self, job: Job) -> None:
        self.jobs[job.job_id] = job
        self.touched.add(job.job_id)

    def _blame(self, job: Job, sentences: Iterable[str]) -> None:
        self.broken += [f"{job.job_id} ({job.state}, version {job.version}): {sentence}" for sentence in sentences]
