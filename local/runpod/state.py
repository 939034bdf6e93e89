"""The endpoint's jobs and every transition they can make. Pure: no I/O, clock and ids injected.

    run ──► IN_QUEUE ──take──► IN_PROGRESS ──job-done──► COMPLETED | FAILED
               │  ▲                 │ ├── executionTimeout ─► TIMED_OUT
               │  └──worker lost────┘ └── cancel ──────────► CANCELLED
               └── cancel ─► CANCELLED        ttl, at any point ─► the record is deleted

A method changes records and leaves what the outside must do in `drain()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from local.runpod.effects import Done, Effect, Ended, Queued, Refresh, Rules, Stop
from local.runpod.jobs import Job, Json, Status, Submission


class EndpointState:
    """All jobs of one endpoint."""

    def __init__(self, clock: Callable[[], float], new_id: Callable[[], str], rules: Rules | None = None) -> None:
        self.jobs: dict[str, Job] = {}
        self.totals = {"completed": 0, "failed": 0, "retried": 0}
        self._clock = clock
        self._new_id = new_id
        self._rules = rules or Rules()
        self._effects: list[Effect] = []

    def drain(self) -> list[Effect]:
        """The effects since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    def get(self, job_id: str) -> Job | None:
        """The record, unless its ttl or its retention has passed."""
        self.expire()
        return self.jobs.get(job_id)

    def in_status(self, status: Status) -> list[Job]:
        return [job for job in self.jobs.values() if job.status is status]

    def running_on(self, worker_id: str) -> list[Job]:
        return [job for job in self.in_status(Status.IN_PROGRESS) if job.worker_id == worker_id]

    def submit(self, submission: Submission, *, sync: bool = False) -> Job:
        now = self._clock()
        job = Job(("sync-" if sync else "") + self._new_id(), submission, created_at=now, sync=sync, queued_at=now)
        self.jobs[job.id] = job
        self._effects.append(Queued(job.id))
        return job

    def take(self, worker_id: str) -> Job | None:
        """Hand the longest-waiting job to a worker; None if nothing waits."""
        self.expire()
        waiting = self.in_status(Status.IN_QUEUE)
        if not waiting:
            return None
        job = min(waiting, key=lambda one: (one.submission.policy.low_priority, one.queued_at))
        job.status, job.worker_id, job.started_at = Status.IN_PROGRESS, worker_id, self._clock()
        return job

    def done(self, worker_id: str, job_id: str, body: Json) -> Done:
        """A job-done post: progress if it says `"status": "IN_PROGRESS"`, else the result.

        `error` present means FAILED; a result without `output` is COMPLETED without one.
        """
        job = self.get(job_id)
        if body.get("stopPod") is True:
            self._effects.append(Refresh(worker_id))
        if job is None:
            return Done.UNKNOWN
        if job.status is not Status.IN_PROGRESS:
            return Done.IGNORED
        if job.worker_id != worker_id:
            return Done.NOT_YOURS
        if body.get("status") == Status.IN_PROGRESS:
            job.result = {"output": body.get("output")}
            return Done.ACCEPTED
        job.result = {key: body[key] for key in ("output", "error") if key in body}
        self._end(job, Status.FAILED if "error" in body else Status.COMPLETED)
        return Done.ACCEPTED

    def chunk(self, worker_id: str, job_id: str, output: Any) -> Done:
        """A job-stream post: kept until a client reads it with /stream."""
        job = self.get(job_id)
        if job is None:
            return Done.UNKNOWN
        if job.status is not Status.IN_PROGRESS:
            return Done.IGNORED
        if job.worker_id != worker_id:
            return Done.NOT_YOURS
        job.chunks.append(output)
        return Done.ACCEPTED

    def cancel(self, job: Job) -> None:
        """Terminal jobs stay as they are."""
        if job.status.terminal:
            return
        self._stop_worker(job)
        job.result = {}
        self._end(job, Status.CANCELLED)

    def retry(self, job: Job) -> bool:
        """Queue a FAILED or TIMED_OUT job again under its id, without its old result. False for any other."""
        if job.status not in (Status.FAILED, Status.TIMED_OUT):
            return False
        job.result, job.ended_at = {}, None
        self._requeue(job)
        return True

    def purge(self) -> int:
        """Drop every waiting job; the number dropped. No webhook is sent for them."""
        waiting = self.in_status(Status.IN_QUEUE)
        for job in waiting:
            del self.jobs[job.id]
        return len(waiting)

    def worker_lost(self, worker_id: str) -> list[Job]:
        """A worker is gone: its jobs go back to the queue, or fail after too many tries."""
        lost = self.running_on(worker_id)
        for job in lost:
            if job.retries >= self._rules.max_retries:
                job.result = {"error": "worker exited before the job was finished"}
                self._end(job, Status.FAILED)
                continue
            job.retries += 1
            self.totals["retried"] += 1
            self._requeue(job)
        return lost

    def set_ttl(self, job: Job, seconds: float) -> None:
        """`GET /status?ttl=` changes one job's time to live."""
        policy = job.submission.policy
        changed = type(policy)(policy.execution_timeout, seconds, policy.low_priority)
        was = job.submission
        job.submission = Submission(was.input, was.webhook, changed, was.s3_config)

    def expire(self) -> None:
        """Apply what only time decides: execution timeouts, ttl, retention of finished jobs."""
        now = self._clock()
        for job in list(self.jobs.values()):
            if job.status.terminal:
                kept = self._rules.sync_retention if job.sync else self._rules.retention
                if job.ended_at is not None and now - job.ended_at > kept:
                    del self.jobs[job.id]
            elif now >= job.expires_at():
                self._stop_worker(job)
                del self.jobs[job.id]
            elif job.started_at is not None and now - job.started_at >= job.submission.policy.execution_timeout:
                self._stop_worker(job, overdue=True)
                job.result = {"error": "execution timeout"}
                self._end(job, Status.TIMED_OUT)

    def counts(self) -> dict[str, int]:
        """The `jobs` half of /health."""
        return self.totals | {
            "inProgress": len(self.in_status(Status.IN_PROGRESS)),
            "inQueue": len(self.in_status(Status.IN_QUEUE)),
        }

    def waiting_since(self) -> Iterable[float]:
        """When each waiting job that may start a worker was queued. `lowPriority` jobs start none."""
        return (j.queued_at for j in self.in_status(Status.IN_QUEUE) if not j.submission.policy.low_priority)

    def _end(self, job: Job, status: Status) -> None:
        job.status, job.ended_at = status, self._clock()
        if status is Status.COMPLETED:
            self.totals["completed"] += 1
        elif status is not Status.CANCELLED:
            self.totals["failed"] += 1
        self._effects.append(Ended(job.id))

    def _requeue(self, job: Job) -> None:
        job.status, job.worker_id, job.started_at = Status.IN_QUEUE, None, None
        job.queued_at = self._clock()
        job.result = {}
        job.chunks.clear()
        self._effects.append(Queued(job.id))

    def _stop_worker(self, job: Job, *, overdue: bool = False) -> None:
        if job.status is Status.IN_PROGRESS and job.worker_id is not None:
            self._effects.append(Stop(job.worker_id, job.id, overdue))
