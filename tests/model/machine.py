"""Everything that can happen to jobs, in any order, as a Hypothesis state machine over a `Universe`."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lambda_api.domain.job import Job
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from tests.model.external_systems import Execution, Reply, Stop, fail, work
from tests.model.races import ACTS, DUELS, EVENTS, OLD_MOMENTS, OTHERS, PASSES, Race, Weave
from tests.model.world import MakeStore, ModelWorld
from tests.support.fakes import FakeStore

MAX_LIVE, MAX_JOBS = 2, 8
"""Few at a time, so that what happens happens to the same ones."""
_WAITS = (*(1, 5 * SECOND, 16 * SECOND, 31 * SECOND, MINUTE, 2 * MINUTE) * 3, -10 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR)
_ANSWERS = (
    DeliveryResult(ok=True, result="http_200"),
    DeliveryResult(ok=False, result="http_500"),
    DeliveryResult(ok=False, result="http_429", retry_after_ms=10 * MINUTE),
    DeliveryResult(ok=False, result="http_410", final=True),
)
_SAID = ("FAILED", "TIMED_OUT", "TIMED_OUT", "COMPLETED", "CANCELLED", "WHATEVER", "IN_QUEUE")
"""The worker's own failure, RunPod's limit, a success without a video, somebody else's cancel, a word nobody knows,
a worker that was lost."""

Fault = tuple[int | str, bool] | None

which = st.integers(0, 59)
"""Of the jobs or executions that there are, counted round."""

_AT = (*range(10), "before save", "after save", "after run", "after send", "before cancel")
faults = st.sampled_from([None] * 45 + [(at, dies) for at in _AT for dies in (True, False)])
"""The boundary at which the process dies, or else does not reach the store or the bucket."""

_REPLIES = [Reply.TAKEN] * 6 + [Reply.REFUSED] * 2 + [Reply.LOST_BUT_TAKEN] * 2 + [Reply.LOST, Reply.REJECTED]
replies = st.sampled_from(_REPLIES)

_ANSWERS_OF_RUNPOD = [Reply.TAKEN] * 3 + [Reply.REFUSED, Reply.LOST_BUT_TAKEN, Reply.REJECTED]
_RACES: tuple[Sequence[Any], ...] = (
    [*OLD_MOMENTS, "due"],
    [(first, at) for first, places in PASSES.items() for at in places],
    [*OTHERS],
    [1, 1, 2],
    [0, 0, 16 * SECOND, 2 * MINUTE],
    _ANSWERS_OF_RUNPOD,
    _ANSWERS_OF_RUNPOD,
)
_TURNS = [tuple(random.Random(number).choices(range(3), k=12)) for number in range(300)]  # noqa: S311 - of a walk
_WEAVES: tuple[Sequence[Any], ...] = ([*OLD_MOMENTS], [*ACTS], [*ACTS], [*EVENTS], _TURNS, _ANSWERS_OF_RUNPOD)
"""What there is for each field of a `Race` and of a `Weave`."""


def _race(number: int) -> Race | Weave:
    kind, number = number % 3, number // 3
    if kind == 0:
        return DUELS[number % len(DUELS)]
    return Race(*_chosen(number, _RACES)) if kind == 1 else Weave(*_chosen(number, _WEAVES))


def _chosen(number: int, fields: tuple[Sequence[Any], ...]) -> Iterator[Any]:
    for field in fields:
        number, index = divmod(number, len(field))
        yield field[index]


# One number, because each draw of Hypothesis takes longer than a race.
races = st.integers(0, 3 * max(math.prod(map(len, fields)) for fields in (_RACES, _WEAVES)) - 1).map(_race)


class JobMachine(RuleBasedStateMachine):
    """`make_store` is what the rules run against; `steps` counts the rules that were carried out, over all runs."""

    make_store: ClassVar[MakeStore] = FakeStore
    prefix: ClassVar[str] = "job"
    """Tells the jobs of this walk from others in the same table."""
    walks: ClassVar[int] = 0
    steps: ClassVar[int] = 0
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        cls = type(self)
        cls.walks += 1
        self.universe = ModelWorld(cls.make_store, f"{cls.prefix}-{cls.walks}", cls.seen)
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

    def live(self) -> list[Job | None]:
        return [job for job in self.universe.jobs.values() if not job.is_terminal]

    def room(self) -> bool:
        return len(self.live()) < MAX_LIVE and len(self.universe.jobs) < MAX_JOBS

    def some_jobs(self) -> bool:
        return bool(self.universe.jobs)

    def some_executions(self) -> bool:
        return bool(self.universe.runpod.executions)

    @initialize(callback=st.booleans(), reply=replies)
    def begin(self, callback: bool, reply: Reply) -> None:
        """Without a job nothing can happen to one."""
        self.submit("k", "7", callback, reply, None)

    @precondition(room)
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

    @rule(
        at=st.sampled_from(["after run", "after send", "before save", "after save"]), times=st.integers(3, 12),
        anew=st.booleans(),
    )  # fmt: skip
    def sweeper_keeps_dying(self, at: str, times: int, anew: bool) -> None:
        """`anew`: also over a job that it is the first to dispatch."""
        if anew and self.room():
            self.submit(None, "7", True, Reply.REFUSED, None)
            self.universe.runpod.reply = Reply.TAKEN
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
    @rule(number=which, answer=st.sampled_from(_ANSWERS), fault=faults, woken=st.booleans())
    def deliver(self, number: int, answer: DeliveryResult, fault: Fault, woken: bool) -> None:
        """`woken`: by the queue. If not, by a sweep that has no time for it."""
        self.universe.receiver.answer = answer
        self.universe.queue.up = woken or number % 2 == 0
        act = self.universe.deliver if woken else self.universe.leave_to_queue
        self.go(lambda: act(self.job_id(number)), fault)
        self.universe.queue.up = True

    @rule(number=which, race=races)
    def race(self, number: int, race: Race | Weave) -> None:
        """For a job that lives, so that there is something to win."""
        self.race_for(self.live() or [self.universe.submit(callback=True)], number, race)

    @precondition(some_jobs)
    @rule(number=which, race=races)
    def race_for_any(self, number: int, race: Race | Weave) -> None:
        self.race_for(list(self.universe.jobs.values()), number, race)

    def race_for(self, jobs: list[Job | None], number: int, race: Race | Weave) -> None:
        job = jobs[number % len(jobs)]
        if job is not None and (len(self.universe.jobs) < MAX_JOBS or not race.makes_a_job):
            race.run(self.universe, job.job_id)

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
    @rule(number=which, times=st.integers(1, 3))
    def runpod_forgets(self, number: int, times: int) -> None:
        """It loses a job, once or again and again."""
        execution = self.execution(number)
        for _ in range(times):
            for lost in self.universe.runpod.of(execution.job_id):
                lost.known = False
            self.universe.clock.advance(2 * MINUTE)
            self.universe.sweep()

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

    @rule(ms=st.sampled_from(_WAITS))
    def time_passes(self, ms: int) -> None:
        self.universe.clock.advance(ms)

    @rule(event=st.sampled_from(["RunPod", "bucket", "up", "up", "deploy"]))
    def something_else(self, event: str) -> None:
        """What is down is so until it is up again."""
        if event == "deploy":
            self.universe.redeploy(next(self.deploys))
        else:
            self.universe.runpod.down = event == "RunPod"
            self.universe.objects.down = event == "bucket"

    @invariant()
    def promises_hold(self) -> None:
        type(self).steps += 1
        self.universe.check()

    def teardown(self) -> None:
        # RunPod may stay as it is, for ever; without the bucket nothing can be known.
        self.universe.objects.down = False
        self.universe.run_out()
