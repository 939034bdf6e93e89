"""The gateway in a modelled world: what anybody can do to it, and what must be true at the end of time."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from contract.messages import ProgressReport
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.tokens import Purpose, make_token
from lambda_api.domain.errors import AlreadyFinished, IdempotencyMismatch, NotFound, TooManyRequests, Unavailable
from lambda_api.domain.job import CallbackStatus, Job, State
from lambda_api.domain.policy import CALLBACK_DELAYS, MAX_ATTEMPTS, MINUTE
from lambda_api.domain.ports import JobStore
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.deliver_callback import defer_callback, deliver_callback, message_id
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.record_progress import record_progress
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.model.crash_points import Crash, Gate
from tests.model.external_systems import Execution, Receiver, Runpod
from tests.model.history import Ledger
from tests.model.oracle import stopped, untrue, wanted
from tests.model.scheduler import woven
from tests.support.examples import lasting, report, submission
from tests.support.fakes import FakeClock, FakeStore, World

OWNER = "ada"
HOOK = "https://hooks.example/done"
_NO_END = 5000
"""Sweeps after which time is taken to have ended; two days of callbacks need a few hundred."""

_KEPT = {"create", "get", "save", "due", "read", "size"}
"""Calls to the store and the bucket."""

MakeStore = Callable[[FakeClock], JobStore]


class ModelWorld:
    """`name` keeps the jobs of several universes in one table apart; `seen` counts what happened."""

    def __init__(self, make_store: MakeStore = FakeStore, name: str = "job", seen: Counter[str] | None = None) -> None:
        world = World()
        self.clock, self.objects, self.queue = world.clock, world.objects, world.queue
        self.gate, self.runpod, self.receiver = Gate(), Runpod(), Receiver()
        self.seen = Counter() if seen is None else seen
        self.ledger = Ledger(make_store(self.clock), self.objects.objects, self.clock, self._untrue, self.seen)
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
            callers=lambda: ApiCredentials(callback_secrets={self.owner: ("whsec_unused",)}),
            new_id=lambda: f"{name}-{next(ids)}",
            random=lambda: next(luck),
        )
        self.unwanted: set[str] = set()
        """Jobs that their client wanted to stop."""
        self._raced = False
        """Whether others did something during an act, since the last look."""
        self._harmed = False
        """Whether a process died since, or did not reach the store or the bucket: what it was about to do is undone."""
        self._looked = 0
        """Executions that were looked at."""
        self._attempts: set[tuple[str, int]] = set()

    @property
    def jobs(self) -> dict[str, Job]:
        return self.ledger.jobs

    def survive(self, act: Callable[[], object], at: int | str | None) -> bool:
        """Do `act`; the process dies at boundary `at` of it. False if it died."""
        self.gate.plan(at)
        try:
            act()
        except Crash:
            self._harmed = True
            return False
        finally:
            self.gate.forget_plan()
        return True

    def stumble(self, act: Callable[[], object], at: int | str) -> None:
        """Do `act`; at its boundary `at` the store or the bucket is not reached, or its answer is lost."""
        self.gate.plan(at, self._lose)
        act()
        self.gate.forget_plan()

    def _lose(self) -> None:
        if self.gate.names[-1].partition(" ")[2] in _KEPT:
            self._harmed = True
            raise Unavailable("It did not answer. Try again.")

    def interrupted(self, act: Callable[[], object], at: int | str, other: Callable[[], object], nth: int = 1) -> None:
        """Do `act`, and at its boundary `at` the whole of `other`."""

        def others() -> None:
            self._raced = True
            self.seen["races"] += 1
            other()

        self.gate.plan(at, others, nth)
        with self.ledger.time_may_pass():
            act()
        self.gate.forget_plan()

    def _untrue(self, before: Job, after: Job) -> Iterable[str]:
        return untrue(self, before, after)

    def woven(self, acts: Sequence[Callable[[], object]], path: Sequence[int]) -> None:
        """Do all the acts in turns, call by call; each number of `path` says whose turn it is."""
        self._raced = True
        self.seen["races"] += 1
        with self.ledger.time_may_pass():
            woven(self.gate, acts, path)

    @property
    def alone(self) -> bool:
        """Whether all that happened since the last look was one act."""
        return not self._raced and self.gate.every is None

    def submit(self, *, key: str | None = None, scene: str = "7", callback: bool = False) -> Job | None:
        """A client asks, and is told of a job that is the one asked for. None if it is told to try again."""
        asked = submission(
            owner=self.owner, webhook_url=HOOK if callback else None, metadata={"scene": scene}, idempotency_key=key
        )
        before = len(self.jobs)
        try:
            told = submit_job(self.services, asked)
        except IdempotencyMismatch:
            self.seen["keys refused"] += 1
            kept = self.jobs[self.ledger.of_key[key or ""]]
            assert _wish(kept) != (scene, callback), "a key refused for the body it was used with"
            return None
        except (Unavailable, TooManyRequests):
            # Too many: a clock that went back has spent tokens that are yet to grow.
            stored = len(self.jobs) > before and self.alone
            assert not stored or self.gate.names[-1] == "after create", "told to try again, and stored"
            return None
        self.seen["keys replayed"] += told.replayed
        assert _wish(told.job) == (scene, callback), "a key that led to another body's job"
        if key is not None and self.alone:
            assert told.job.job_id == self.ledger.of_key[key], "a key that led to two jobs"
        return told.job

    def sweep(self, only: str | None = None) -> None:
        """`only`: the one job that is found due."""
        self.ledger.only = only
        try:
            sweep(self.services, 10_000, lambda: True)
        except Unavailable:
            pass
        finally:
            self.ledger.only = None

    def ring(self, execution: Execution, hint: str | None = None) -> None:
        """RunPod's web hook, with the URL that it was given. Its secret may have been withdrawn since."""
        token = execution.webhook.rpartition("/")[2]
        try:
            handle_webhook(self.services, execution.job_id, token, hint)
        except NotFound:
            assert not self._genuine("webhook", execution, token), "a genuine token was refused"

    def progress(self, execution: Execution, seq: int) -> None:
        execution.seq = max(execution.seq, seq)
        told = ProgressReport(
            attempt=execution.attempt, seq=seq, percent=min(99, seq * 7), stage="encode",
            runpod_job_id=execution.runpod_job_id if seq % 3 else None,
        )  # fmt: skip
        token = execution.progress_url.rpartition("/")[2]
        seen = self.jobs[execution.job_id].progress_seen
        try:
            stop = record_progress(self.services, execution.job_id, token, told)
        except NotFound:
            assert not self._genuine("progress", execution, token), "a genuine token was refused"
        except Unavailable:
            return
        else:
            job = self.jobs[execution.job_id]
            assert not self.alone or stop == (job.is_terminal or job.cancel_requested), "a worker told the wrong thing"
            heard = told.runpod_job_id is not None and seen < job.progress_seen == (told.attempt, told.seq)
            assert job.is_terminal or job.runpod_job_id is not None or not heard, "RunPod's id was not kept"

    def _genuine(self, purpose: Purpose, execution: Execution, token: str) -> bool:
        """Whether the token is of a secret that counts, for a job that can be read."""
        made = [
            make_token(secret, purpose, execution.job_id, execution.attempt) for secret in self.services.hook_secrets
        ]
        return token in made and self.ledger.get(execution.job_id) is not None

    def cancel(self, job_id: str) -> None:
        self.unwanted.add(job_id)
        try:
            cancel_job(self.services, self.owner, job_id)
        except AlreadyFinished:
            assert self.jobs[job_id].is_terminal
        except (NotFound, Unavailable):
            return
        else:
            job = self.jobs[job_id]
            assert job.cancel_requested or job.state is State.CANCELLED, "a wish to cancel that nobody remembers"

    def deliver(self, job_id: str) -> None:
        with suppress(Unavailable):
            deliver_callback(self.services, job_id)

    def leave_to_queue(self, job_id: str) -> None:
        """As a sweep does that has another callback of this owner's in hand."""
        with suppress(Unavailable):
            job = self.services.store.get(job_id)
            if job is not None and job.due_at is not None and job.due_at <= self.clock():
                defer_callback(self.services, job)

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
            handle_webhook(self.services, job_id, tokens[kind % len(tokens)], None)
        with pytest.raises(NotFound):
            record_progress(self.services, job_id, make_token(secret, "progress", job_id, 1), report(attempt=2))
        assert (self.runpod.asked, len(self.ledger.touched)) == (asked, writes)

    def redeploy(self, number: int) -> None:
        """Another endpoint, and another hook secret in front of the last one."""
        secrets = (f"hook-secret-number-{number}-of-the-model", self.services.hook_secrets[0])
        self.services = replace(self.services, endpoint_id=f"endpoint-{number}", hook_secrets=secrets)

    def check(self) -> None:
        """What must hold at any moment."""
        for execution in self.runpod.executions[self._looked :]:
            order = (execution.job_id, execution.attempt)
            assert order not in self._attempts, f"{order} runs twice"
            assert execution.attempt <= MAX_ATTEMPTS, f"{order} runs"
            self._attempts.add(order)
            urls = (execution.webhook, execution.progress_url)
            assert all(url.rpartition("/")[2].startswith(f"{execution.attempt}-") for url in urls)
            assert self._harmed or wanted(self, execution), f"{order} runs, and nobody wants it"
        self._looked = len(self.runpod.executions)
        for job_id in self.ledger.ended:
            assert self._harmed or stopped(self, self.jobs[job_id]), f"{job_id} ended, and runs on"
        self._raced = self._harmed = False
        self.ledger.check_touched()
        for sent, bodies in self.receiver.posts.items():
            job = self.jobs[sent.removeprefix("msg_")]
            assert job.callback is not None
            assert len(set(map(lasting, bodies))) == 1, f"{sent} in several versions"
            assert json.loads(bodies[0])["status"] == job.state, f"{sent} is about another end"
            assert len(bodies) <= job.callback.attempts, f"{sent} sent {len(bodies)} times"
            assert job.callback.attempts <= len(CALLBACK_DELAYS), f"{sent} tried {job.callback.attempts} times"

    def until_due(self) -> bool:
        """Time passes to the next minute in which the sweeper has something to do; False if it never will."""
        due = [job.due_at for job in self.jobs.values() if job.due_at is not None]
        if due:
            self.clock.now = max(self.clock() + 1, -(-min(due) // MINUTE) * MINUTE)
        return bool(due)

    def run_out(self) -> None:
        """From here on only time passes and the sweeper comes every minute. Every promise must have been kept."""
        live = [job for job in self.jobs.values() if not job.is_terminal]
        # What was planned by a clock that has gone back since is as late as that clock was ahead.
        latest = {job.job_id: max(self.clock(), job.deadline_at, job.due_at or 0) + 2 * MINUTE for job in live}
        for _ in range(_NO_END):
            if not self.until_due():
                break
            self.sweep()
        self.check()
        for job_id, job in self.jobs.items():
            assert job.is_terminal, f"{job_id} never ended"
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


def _wish(job: Job) -> tuple[str, bool]:
    """What a client asked for, as far as the model's clients differ."""
    return job.metadata["scene"], job.callback is not None
