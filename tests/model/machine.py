"""Everything that can happen to jobs, in any order, as a Hypothesis state machine over a `Universe`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import Delivery
from tests.model.strangers import Execution, Reply, Stop, fail, work
from tests.model.universe import MakeStore, Universe
from tests.support.fakes import FakeStore

MAX_JOBS = 6
_WAITS = (-10 * MINUTE, 1, 5 * SECOND, 16 * SECOND, 31 * SECOND, MINUTE, 2 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR)
_ANSWERS = (
    Delivery(ok=True, result="http_200"),
    Delivery(ok=False, result="http_500"),
    Delivery(ok=False, result="http_429", retry_after_ms=10 * MINUTE),
    Delivery(ok=False, result="http_410", final=True),
)
_SAID = ("FAILED", "TIMED_OUT", "COMPLETED", "WHATEVER", "IN_QUEUE")
"""The worker's own failure, RunPod's limit, a success without a video, a word nobody knows, a worker that was lost."""

Fault = tuple[int, bool] | None

which = st.integers(0, 59)
"""Of the jobs or executions that there are, counted round."""

faults = st.sampled_from([None] * 36 + [(at, dies) for at in range(12) for dies in (True, False)])
"""The boundary at which the process dies, or else does not reach the store or the bucket."""

replies = st.sampled_from([Reply.TAKEN] * 5 + list(Reply))


class JobMachine(RuleBasedStateMachine):
    """`make_store` is what the rules run against; `steps` counts the rules that were carried out, over all runs."""

    make_store: ClassVar[MakeStore] = FakeStore
    prefix: ClassVar[str] = "job"
    """Tells the jobs of this walk from others in the same table."""
    walks: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        cls.walks += 1
        cls.steps -= 1  # The invariants are looked at before the first step too.
        self.universe = Universe(cls.make_store, f"{cls.prefix}-{cls.walks}")
        self.deploys = itertools.count(2)

    def job_id(self, number: int) -> str:
        jobs = list(self.universe.jobs)
        return jobs[number % len(jobs)]

    def execution(self, number: int) -> Execution:
        executions = self.universe.runpod.executions
        return executions[number % len(executions)]

    def go(self, act: Callable[[], object], fault: Fault) -> None:
        at, dies = fault or (None, True)
        if at is None or dies:
            self.universe.survive(act, at)
        else:
            self.universe.stumble(act, at)

    def some_jobs(self) -> bool:
        return bool(self.universe.jobs)

    def some_executions(self) -> bool:
        return bool(self.universe.runpod.executions)

    @precondition(lambda self: len(self.universe.jobs) < MAX_JOBS)
    @rule(
        key=st.sampled_from([None, "k", "l"]), scene=st.sampled_from("78"), callback=st.booleans(),
        reply=replies, fault=faults,
    )  # fmt: skip
    def submit(self, key: str | None, scene: str, callback: bool, reply: Reply, fault: Fault) -> None:
        self.universe.runpod.reply = reply
        self.go(lambda: self.universe.submit(key=key, scene=scene, callback=callback), fault)

    @rule(reply=replies, fault=faults)
    def sweep(self, reply: Reply, fault: Fault) -> None:
        self.universe.runpod.reply = reply
        self.go(self.universe.sweep, fault)

    @precondition(some_jobs)
    @rule(at=st.sampled_from(["after run", "after send", "before save", "after save"]), times=st.integers(3, 12))
    def sweeper_keeps_dying(self, at: str, times: int) -> None:
        for _ in range(times):
            self.universe.until_due()
            self.universe.survive(self.universe.sweep, at)

    @precondition(some_executions)
    @rule(number=which, hint=st.sampled_from([None, "COMPLETED", "{}"]), fault=faults)
    def ring(self, number: int, hint: str | None, fault: Fault) -> None:
        self.go(lambda: self.universe.ring(self.execution(number), hint), fault)

    @precondition(some_jobs)
    @rule(number=which, kind=st.integers(0, 14), fault=faults)
    def meddle(self, number: int, kind: int, fault: Fault) -> None:
        """Tokens that nobody was given; and more rarely a client who has changed his mind."""
        if kind < 10:
            self.universe.forge(self.job_id(number), kind)
        else:
            self.go(lambda: self.universe.cancel(self.job_id(number)), fault)

    @precondition(some_executions)
    @rule(number=which, ahead=st.integers(-2, 3), fault=faults)
    def progress(self, number: int, ahead: int, fault: Fault) -> None:
        execution = self.execution(number)
        self.go(lambda: self.universe.progress(execution, max(1, execution.seq + ahead)), fault)

    @precondition(some_jobs)
    @rule(number=which, answer=st.sampled_from(_ANSWERS), fault=faults)
    def deliver(self, number: int, answer: Delivery, fault: Fault) -> None:
        self.universe.receiver.answer = answer
        self.go(lambda: self.universe.deliver(self.job_id(number)), fault)

    @precondition(some_executions)
    @rule(first=st.integers(0, 5), other=st.integers(0, 5), number=which, at=st.integers(0, 9))
    def race(self, first: int, other: int, number: int, at: int) -> None:
        """One process does the whole of its work while another stands between two calls."""
        execution = self.execution(number)
        acts: list[Callable[[], object]] = [
            self.universe.sweep,
            lambda: self.universe.ring(execution),
            lambda: self.universe.submit(key="k"),
            lambda: self.universe.progress(execution, execution.seq + 1),
            lambda: self.universe.cancel(execution.job_id),
            lambda: self.universe.deliver(execution.job_id),
        ]
        self.universe.interrupted(acts[first], at, acts[other])

    @precondition(some_executions)
    @rule(
        number=which,
        stop=st.sampled_from([Stop.NEVER] * 2 + list(Stop)),
        rings=st.sampled_from([True, True, False]),
        fault=faults,
    )
    def worker_works(self, number: int, stop: Stop, rings: bool, fault: Fault) -> None:
        """The web hook follows at once, or is lost: `ring` may find it later, or never."""
        execution = self.execution(number)
        work(execution, self.universe.objects.objects, stop)
        if rings:
            self.go(lambda: self.universe.ring(execution), fault)

    @precondition(some_executions)
    @rule(number=which, status=st.sampled_from(["IN_PROGRESS"] * 3 + [*_SAID, "404", "known again"]))
    def runpod_says(self, number: int, status: str) -> None:
        execution = self.execution(number)
        if status in {"404", "known again"}:
            execution.known = status != "404"
        elif status == "FAILED":
            fail(execution)
        elif not execution.over:
            execution.status = status

    @rule(runpod=st.booleans(), bucket=st.booleans())
    def outage(self, runpod: bool, bucket: bool) -> None:
        self.universe.runpod.down = runpod
        self.universe.objects.down = bucket

    @rule(ms=st.sampled_from(_WAITS))
    def time_passes(self, ms: int) -> None:
        self.universe.clock.advance(ms)

    @rule()
    def redeploy(self) -> None:
        self.universe.redeploy(next(self.deploys))

    @invariant()
    def promises_hold(self) -> None:
        type(self).steps += 1
        self.universe.check()

    def teardown(self) -> None:
        # RunPod may stay as it is, for ever; without the bucket nothing can be known.
        self.universe.objects.down = False
        self.universe.run_out()
