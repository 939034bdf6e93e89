"""The endpoint's jobs and every transition they can make. Pure: no I/O, clock and ids injected.

    run ──► IN_QUEUE ──take──► IN_PROGRESS ──job-done──► COMPLETED | FAILED
               │  ▲                 │ ├── executionTimeout ─► TIMED_OUT
               │  └──worker lost────┘ └── cancel ──────────► CANCELLED
               └── cancel ─► CANCELLED        ttl, at any point ─► the record is deleted

Methods change records; `drain()` returns the effects that the caller must carry out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from local.runpod.jobs.effects import Done, Effect, Finished, Queued, Refresh, Rules, Stop
from local.runpod.jobs.job import Job, Json, Status, Submission


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
        """Return the effects since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    def get(self, job_id: str) -> Job | None:
        """Return the record, or None once its ttl or its retention has passed."""
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
        """Hand the longest-waiting job to a worker; None if the queue is empty."""
        self.expire()
        waiting = self.in_status(Status.IN_QUEUE)
        if not waiting:
            return None
        job = min(waiting, key=lambda one: (one.submission.policy.low_priority, one.queued_at))
        job.status, job.worker_id, job.started_at = Status.IN_PROGRESS, worker_id, self._clock()
        return job

    def done(self, worker_id: str, job_id: str, body: Json) -> Done:
        """Record a job-done post: progress if `"status"` is `"IN_PROGRESS"`, otherwise the result.

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
        self._finish(job, Status.FAILED if "error" in body else Status.COMPLETED)
        return Done.ACCEPTED

    def chunk(self, worker_id: str, job_id: str, output: Any) -> Done:
        """Record a job-stream post, kept until a client reads it with /stream."""
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
        """Cancel a job; a terminal job does not change."""
        if job.status.terminal:
            return
        self._stop_worker(job)
        job.result = {}
        self._finish(job, Status.CANCELLED)

    def retry(self, job: Job) -> bool:
        """Queue a FAILED or TIMED_OUT job again under its id, without its old result. False for any other."""
        if job.status not in (Status.FAILED, Status.TIMED_OUT):
            return False
        job.result, job.ended_at = {}, None
        self._requeue(job)
        return True

    def purge(self) -> int:
        """Remove every queued job and return their number. RunPod sends no webhook for them."""
        waiting = self.in_status(Status.IN_QUEUE)
        for job in waiting:
            del self.jobs[job.id]
        return len(waiting)

    def lose_worker(self, worker_id: str) -> list[Job]:
        """Requeue the jobs of a lost worker, or fail them after `max_retries`."""
        lost = self.running_on(worker_id)
        for job in lost:
            if job.retries >= self._rules.max_retries:
                job.result = {"error": "worker exited before the job was finished"}
                self._finish(job, Status.FAILED)
                continue
            job.retries += 1
            self.totals["retried"] += 1
            self._requeue(job)
        return lost

    def set_ttl(self, job: Job, seconds: float) -> None:
        """Change one job's time to live, as `GET /status?ttl=` does."""
        policy = job.submission.policy
        changed = type(policy)(policy.execution_timeout, seconds, policy.low_priority)
        previous = job.submission
        job.submission = Submission(previous.input, previous.webhook, changed, previous.s3_config)

    def expire(self) -> None:
        """Apply execution timeouts, ttl, and the retention of finished jobs."""
        now = self._clock()
        for job in list(self.jobs.values()):
            if job.status.terminal:
                retention = self._rules.sync_retention if job.sync else self._rules.retention
                if job.ended_at is not None and now - job.ended_at > retention:
                    del self.jobs[job.id]
            elif now >= job.expires_at():
                self._stop_worker(job)
                del self.jobs[job.id]
            elif job.started_at is not None and now - job.started_at >= job.submission.policy.execution_timeout:
                self._stop_worker(job, overdue=True)
                job.result = {"error": "execution timeout"}
                self._finish(job, Status.TIMED_OUT)

    def counts(self) -> dict[str, int]:
        """Return the `jobs` part of /health."""
        return self.totals | {
            "inProgress": len(self.in_status(Status.IN_PROGRESS)),
            "inQueue": len(self.in_status(Status.IN_QUEUE)),
        }

    def queued_times(self) -> Iterable[float]:
        """Yield the queue times of jobs that may start a worker; `lowPriority` jobs may not."""
        return (j.queued_at for j in self.in_status(Status.IN_QUEUE) if not j.submission.policy.low_priority)

    def _finish(self, job: Job, status: Status) -> None:
        job.status, job.ended_at = status, self._clock()
        if status is Status.COMPLETED:
            self.totals["completed"] += 1
        elif status is not Status.CANCELLED:
            self.totals["failed"] += 1
        self._effects.append(Finished(job.id))

    def _requeue(self, job: Job) -> None:
        job.status, job.worker_id, job.started_at = Status.IN_QUEUE, None, None
        job.queued_at = self._clock()
        job.result = {}
        job.chunks.clear()
        self._effects.append(Queued(job.id))

    def _stop_worker(self, job: Job, *, overdue: bool = False) -> None:
        if job.status is Status.IN_PROGRESS and job.worker_id is not None:
            self._effects.append(Stop(job.worker_id, job.id, overdue))
