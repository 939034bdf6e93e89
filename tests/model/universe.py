"""The gateway in a modelled world: what anybody can do to it, and what must be true at the end of time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from contract.errors import Code
from contract.messages import ProgressReport
from lambda_api.domain.callers import Callers
from lambda_api.domain.errors import AlreadyFinished, IdempotencyMismatch, NotFound, TooManyRequests, Unavailable
from lambda_api.domain.job import CallbackStatus, Job, State
from lambda_api.domain.policy import CALLBACK_DELAYS, MAX_ATTEMPTS, MINUTE
from lambda_api.domain.ports import JobStore
from lambda_api.domain.tokens import Purpose, make_token
from lambda_api.usecases.cancel import cancel
from lambda_api.usecases.deliver import deliver, message_id
from lambda_api.usecases.progress import progress
from lambda_api.usecases.ring import ring
from lambda_api.usecases.submit import submit
from lambda_api.usecases.sweep import sweep
from tests.model.gate import Crash, Gate
from tests.model.ledger import Ledger
from tests.model.strangers import Execution, Receiver, Runpod
from tests.support.examples import submission
from tests.support.fakes import FakeClock, FakeStore, World

OWNER = "ada"
HOOK = "https://hooks.example/done"
_NO_END = 5000
"""Sweeps after which time is taken to have ended; two days of callbacks need a few hundred."""

_KEPT = {"create", "get", "save", "due", "read", "size"}
"""Calls to the store and the bucket."""

MakeStore = Callable[[FakeClock], JobStore]


class Universe:
    """`name` keeps the jobs of several universes in one table apart."""

    def __init__(self, make_store: MakeStore = FakeStore, name: str = "job") -> None:
        world = World()
        self.clock, self.objects, self.queue = world.clock, world.objects, world.queue
        self.gate, self.runpod, self.receiver = Gate(), Runpod(), Receiver()
        self.ledger = Ledger(make_store(self.clock), self.objects.objects, self.clock, self._true)
        self.owner = f"{OWNER}-{name}"
        ids, luck = itertools.count(1), itertools.cycle([0.1, 0.5, 0.9])
        self.services = replace(
            world.services,
            store=self.gate.around(self.ledger),
            provider=self.gate.around(self.runpod),
            objects=self.gate.around(self.objects),
            queue=self.gate.around(self.queue),
            sender=self.gate.around(self.receiver),
            observer=self.gate.around(world.observer),
            callers=lambda: Callers(callback_secrets={self.owner: ("whsec_unused",)}),
            new_id=lambda: f"{name}-{next(ids)}",
            random=lambda: next(luck),
        )
        self._promised: dict[tuple[str, str], str] = {}
        self._unwanted: set[str] = set()

    @property
    def jobs(self) -> dict[str, Job]:
        return self.ledger.jobs

    def survive(self, act: Callable[[], object], at: int | str | None) -> bool:
        """Do `act`; the process dies at boundary `at` of it. False if it died."""
        self.gate.plan(at)
        try:
            act()
        except Crash:
            return False
        finally:
            self.gate.forget_plan()
        return True

    def stumble(self, act: Callable[[], object], at: int) -> None:
        """Do `act`; at its boundary `at` the store or the bucket is not reached, or its answer is lost."""
        self.gate.plan(at, self._lose)
        act()
        self.gate.forget_plan()

    def _lose(self) -> None:
        if self.gate.names[-1].partition(" ")[2] in _KEPT:
            raise Unavailable("It did not answer. Try again.")

    def interrupted(self, act: Callable[[], object], at: int, other: Callable[[], object]) -> None:
        """Do `act`, and at its boundary `at` the whole of `other`."""
        self.gate.plan(at, other)
        act()
        self.gate.forget_plan()

    def submit(self, *, key: str | None = None, scene: str = "7", callback: bool = False) -> Job | None:
        """A client asks, and believes what it is told. None if it is told to try again."""
        asked = submission(
            owner=self.owner, webhook_url=HOOK if callback else None, metadata={"scene": scene}, idempotency_key=key
        )
        try:
            told = submit(self.services, asked)
        except (Unavailable, IdempotencyMismatch, TooManyRequests):
            # Too many: a clock that went back has spent tokens that are yet to grow.
            return None
        if key is not None:
            promised = self._promised.setdefault((key, scene + str(callback)), told.job.job_id)
            alive = self.clock() < self.jobs[promised].created_at + self.services.policy.idempotency_ms - 1000
            assert told.job.job_id == promised or not alive, "a key that led to two jobs"
            self._promised[key, scene + str(callback)] = told.job.job_id
        return told.job

    def sweep(self) -> None:
        with suppress(Unavailable):
            sweep(self.services, 10_000, lambda: True)

    def ring(self, execution: Execution, hint: str | None = None) -> None:
        """RunPod's web hook, with the URL that it was given. Its secret may have been withdrawn since."""
        with suppress(NotFound):
            ring(self.services, execution.job_id, execution.webhook.rpartition("/")[2], hint)

    def progress(self, execution: Execution, seq: int) -> None:
        execution.seq = max(execution.seq, seq)
        report = ProgressReport(
            attempt=execution.attempt, seq=seq, percent=min(99, seq * 7), stage="encode",
            runpod_job_id=execution.runpod_job_id if seq % 3 else None,
        )  # fmt: skip
        with suppress(NotFound, Unavailable):
            progress(self.services, execution.job_id, execution.progress_url.rpartition("/")[2], report)

    def cancel(self, job_id: str) -> None:
        self._unwanted.add(job_id)
        with suppress(NotFound, AlreadyFinished, Unavailable):
            cancel(self.services, self.owner, job_id)

    def deliver(self, job_id: str) -> None:
        with suppress(Unavailable):
            deliver(self.services, job_id)

    def forge(self, job_id: str, kind: int) -> None:
        """Tokens that nobody was given: nothing is asked of RunPod, and nothing is told."""
        secret = self.services.hook_secrets[0]
        purpose: Purpose = "progress" if kind % 2 else "webhook"
        tokens = (
            make_token(secret, purpose, job_id, 1)[:-1],
            make_token(secret, "webhook", f"{job_id}0", 1),
            make_token("a-secret-of-somebody-else", "webhook", job_id, 1),
            make_token(secret, "progress", job_id, 1),
            "١-x",
        )
        asked, writes = self.runpod.asked, len(self.ledger.touched)
        with pytest.raises(NotFound):
            ring(self.services, job_id, tokens[kind % len(tokens)], None)
        assert (self.runpod.asked, len(self.ledger.touched)) == (asked, writes)

    def redeploy(self, number: int) -> None:
        """Another endpoint, and another hook secret in front of the last one."""
        secrets = (f"hook-secret-number-{number}-of-the-model", self.services.hook_secrets[0])
        self.services = replace(self.services, endpoint_id=f"endpoint-{number}", hook_secrets=secrets)

    def _true(self, job: Job) -> bool:
        """Whether a job's ending is what happened, as the world knows it; a success has its own proof."""
        late = self.clock() >= job.deadline_at
        match job.error and job.error.code:
            case Code.CANCELLED:
                return job.job_id in self._unwanted or self.runpod.says(job.job_id, "CANCELLED")
            case Code.WORKER_CRASHED | Code.SOURCE_HTTP:
                return self.runpod.says(job.job_id, "FAILED")
            case Code.RESULT_MISSING:
                return self.runpod.says(job.job_id, "COMPLETED")
            case Code.EXECUTION_TIMEOUT:
                return self.runpod.says(job.job_id, "TIMED_OUT")
            case Code.PROVIDER_LOST:
                return any(not it.known for it in self.runpod.executions if it.job_id == job.job_id)
            case Code.PROVIDER_REJECTED:
                return self.runpod.rejected > 0
        return late or job.state is State.COMPLETED

    def check(self) -> None:
        """What must hold at any moment."""
        self.ledger.check_touched()
        for job_id, number in self.runpod.taken.items():
            assert number <= MAX_ATTEMPTS, f"{job_id} runs {number} times"
        for sent, bodies in self.receiver.posts.items():
            job = self.jobs[sent.removeprefix("msg_")]
            assert job.callback is not None
            assert set(bodies) == {job.callback.body}, f"{sent} in several versions"
            assert len(bodies) <= len(CALLBACK_DELAYS), f"{sent} sent {len(bodies)} times"

    def until_due(self) -> bool:
        """Time passes to the next minute in which the sweeper has something to do; False if it never will."""
        due = [job.due_at for job in self.jobs.values() if job.due_at is not None]
        if due:
            self.clock.now = max(self.clock() + 1, -(-min(due) // MINUTE) * MINUTE)
        return bool(due)

    def run_out(self) -> None:
        """From here on only time passes and the sweeper comes every minute. Every promise must have been kept."""
        live = [job for job in self.jobs.values() if not job.terminal]
        # What was planned by a clock that has gone back since is as late as that clock was ahead.
        latest = {job.job_id: max(self.clock(), job.deadline_at, job.due_at or 0) + 2 * MINUTE for job in live}
        for _ in range(_NO_END):
            if not self.until_due():
                break
            self.sweep()
        self.check()
        for job_id, job in self.jobs.items():
            assert job.terminal, f"{job_id} never ended"
            self._told(job)
        for job_id, limit in latest.items():
            assert (self.jobs[job_id].completed_at or 0) <= limit, f"{job_id} ended late"

    def _told(self, job: Job) -> None:
        if job.callback is None:
            assert message_id(job.job_id) not in self.receiver.posts
            return
        posts = self.receiver.posts.get(message_id(job.job_id), [])
        assert job.callback.status is not CallbackStatus.PENDING, f"{job.job_id} was never told"
        assert posts or job.callback.status is CallbackStatus.GIVEN_UP
