"""Everything that can happen to jobs, in any order, as a Hypothesis state machine over a `ModelWorld`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lambda_api.domain.job import Job
from lambda_api.domain.policy import MINUTE
from lambda_api.domain.ports import DeliveryResult
from tests.model.external_systems import Execution, RunReply, WorkerOutcome, fail_execution, run_worker
from tests.model.gateway import MakeStore
from tests.model.races import Interleaving, Race
from tests.model.strategies import CALLBACK_RESULTS, STATUSES, WAITS, Fault, faults, indexes, races, replies
from tests.model.world import ModelWorld
from tests.support.fakes import FakeStore

MAX_LIVE, MAX_JOBS = 2, 8
"""Few at a time, so that most events meet the same jobs."""


class JobMachine(RuleBasedStateMachine):
    """`make_store` makes the store under test; `steps` counts the rules that were run, over all walks."""

    make_store: ClassVar[MakeStore] = FakeStore
    prefix: ClassVar[str] = "job"
    """Distinguishes the jobs of this walk from others in the same table."""
    walks: ClassVar[int] = 0
    steps: ClassVar[int] = 0
    counts: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        cls.walks += 1
        self.world = ModelWorld(cls.make_store, f"{cls.prefix}-{cls.walks}", cls.counts)
        self.deploys = itertools.count(2)

    def job_id(self, number: int) -> str:
        jobs = list(self.world.jobs)
        return jobs[number % len(jobs)]

    def execution(self, number: int) -> Execution:
        executions = self.world.runpod.executions
        return executions[number % len(executions)]

    def perform(self, act: Callable[[], object], fault: Fault) -> None:
        at, crashes = fault or (None, True)
        if at is None or crashes:
            self.world.run_with_crash(act, at)
        else:
            self.world.run_with_outage(act, at)

    def unfinished_jobs(self) -> list[Job | None]:
        return [job for job in self.world.jobs.values() if not job.is_terminal]

    def has_room(self) -> bool:
        return len(self.unfinished_jobs()) < MAX_LIVE and len(self.world.jobs) < MAX_JOBS

    def has_jobs(self) -> bool:
        return bool(self.world.jobs)

    def has_executions(self) -> bool:
        return bool(self.world.runpod.executions)

    @initialize(callback=st.booleans(), reply=replies)
    def submit_first(self, callback: bool, reply: RunReply) -> None:
        """Every walk needs a job."""
        self.submit("k", "7", callback, reply, None)

    @precondition(has_room)
    @rule(
        key=st.sampled_from([None, "k", "l"]), scene=st.sampled_from("78"), callback=st.booleans(),
        reply=replies, fault=faults,
    )  # fmt: skip
    def submit(self, key: str | None, scene: str, callback: bool, reply: RunReply, fault: Fault) -> None:
        self.world.runpod.reply = reply
        self.perform(lambda: self.world.submit(key=key, scene=scene, callback=callback), fault)

    @rule(reply=replies, fault=faults)
    def sweep(self, reply: RunReply, fault: Fault) -> None:
        self.world.runpod.reply = reply
        self.perform(self.world.sweep, fault)

    @rule(
        at=st.sampled_from(["after run", "after send", "before save", "after save"]), times=st.integers(3, 12),
        anew=st.booleans(),
    )  # fmt: skip
    def sweeper_keeps_crashing(self, at: str, times: int, anew: bool) -> None:
        """`anew`: also with a new job that the sweeper is the first to dispatch."""
        if anew and self.has_room():
            self.submit(None, "7", True, RunReply.REFUSED, None)
            self.world.runpod.reply = RunReply.ACCEPTED
        for _ in range(times):
            self.world.advance_to_due()
            self.world.run_with_crash(self.world.sweep, at)

    @precondition(has_executions)
    @rule(number=indexes, error_text=st.sampled_from([None, "COMPLETED", "{}"]), fault=faults)
    def receive_webhook(self, number: int, error_text: str | None, fault: Fault) -> None:
        self.perform(lambda: self.world.receive_webhook(self.execution(number), error_text), fault)

    @precondition(has_jobs)
    @rule(number=indexes, kind=st.integers(0, 14), fault=faults)
    def forge_or_cancel(self, number: int, kind: int, fault: Fault) -> None:
        """Forged tokens and, less often, a cancel by the client."""
        if kind < 10:
            self.world.forge_tokens(self.job_id(number), kind)
        else:
            self.perform(lambda: self.world.cancel(self.job_id(number)), fault)

    @precondition(has_executions)
    @rule(number=indexes, ahead=st.integers(-2, 3), fault=faults)
    def progress(self, number: int, ahead: int, fault: Fault) -> None:
        execution = self.execution(number)
        self.perform(lambda: self.world.report_progress(execution, max(1, execution.seq + ahead)), fault)

    @precondition(has_jobs)
    @rule(number=indexes, answer=st.sampled_from(CALLBACK_RESULTS), fault=faults, queued=st.booleans())
    def deliver(self, number: int, answer: DeliveryResult, fault: Fault, queued: bool) -> None:
        """`queued`: by the queue's consumer; otherwise by a sweep that defers it."""
        self.world.receiver.response = answer
        self.world.queue.up = queued or number % 2 == 0
        act = self.world.deliver if queued else self.world.defer
        self.perform(lambda: act(self.job_id(number)), fault)
        self.world.queue.up = True

    @precondition(has_jobs)
    @rule(number=indexes, fault=faults)
    def redeliver(self, number: int, fault: Fault) -> None:
        self.perform(lambda: self.world.redeliver(self.job_id(number)), fault)

    @precondition(lambda self: bool(self.world.queue.progress))
    @rule(number=indexes, fault=faults)
    def deliver_progress(self, number: int, fault: Fault) -> None:
        """Handle any message that was ever sent, also a second time."""
        messages = self.world.queue.progress
        self.perform(lambda: self.world.deliver_progress(*messages[number % len(messages)]), fault)

    @rule(number=indexes, race=races)
    def race(self, number: int, race: Race | Interleaving) -> None:
        """Race for an unfinished job, so that something can change."""
        self.run_race(self.unfinished_jobs() or [self.world.submit(callback=True)], number, race)

    @precondition(has_jobs)
    @rule(number=indexes, race=races)
    def race_any(self, number: int, race: Race | Interleaving) -> None:
        self.run_race(list(self.world.jobs.values()), number, race)

    def run_race(self, jobs: list[Job | None], number: int, race: Race | Interleaving) -> None:
        job = jobs[number % len(jobs)]
        if job is not None and (len(self.world.jobs) < MAX_JOBS or not race.creates_job):
            race.run(self.world, job.job_id)

    @precondition(has_executions)
    @rule(
        number=indexes,
        stop=st.sampled_from([WorkerOutcome.FINISHED] * 5 + list(WorkerOutcome)),
        notifies=st.sampled_from([True, True, False]),
        fault=faults,
    )
    def worker_runs(self, number: int, stop: WorkerOutcome, notifies: bool, fault: Fault) -> None:
        """Run a worker; its webhook arrives at once or is lost."""
        execution = self.execution(number)
        run_worker(execution, self.world.objects.objects, stop)
        if notifies:
            self.perform(lambda: self.world.receive_webhook(execution), fault)

    @precondition(has_executions)
    @rule(number=indexes, times=st.integers(1, 3))
    def runpod_forgets(self, number: int, times: int) -> None:
        """Lose a job, once or repeatedly."""
        execution = self.execution(number)
        for _ in range(times):
            for lost in self.world.runpod.executions_of(execution.job_id):
                lost.known = False
            self.world.clock.advance(2 * MINUTE)
            self.world.sweep()

    @precondition(has_executions)
    @rule(number=indexes, status=st.sampled_from(["IN_PROGRESS"] * 3 + [*STATUSES, "404", "known again"]))
    def runpod_reports(self, number: int, status: str) -> None:
        execution = self.execution(number)
        if status in {"404", "known again"}:
            execution.known = status != "404"
        elif status == "FAILED":
            fail_execution(execution)
        elif not execution.finished:
            execution.status = status

    @rule(ms=st.sampled_from(WAITS))
    def time_passes(self, ms: int) -> None:
        self.world.clock.advance(ms)

    @rule(event=st.sampled_from(["RunPod", "bucket", "up", "up", "deploy"]))
    def outage_or_deploy(self, event: str) -> None:
        """Start or end an outage, or deploy."""
        if event == "deploy":
            self.world.redeploy(next(self.deploys))
        else:
            self.world.runpod.down = event == "RunPod"
            self.world.objects.down = event == "bucket"

    @invariant()
    def invariants_hold(self) -> None:
        type(self).steps += 1
        self.world.check()

    def teardown(self) -> None:
        # A RunPod outage may last forever; without the bucket no job can be settled.
        self.world.objects.down = False
        self.world.run_to_end()
