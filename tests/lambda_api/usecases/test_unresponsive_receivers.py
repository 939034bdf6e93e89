"""500 callbacks to a host that does not respond: how long another owner's callbacks and jobs wait meanwhile.

The real delivery and sweep with the thread counts and timeouts of template.yaml, in simulated time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest

from lambda_api.domain.callbacks import mark_callback_pending
from lambda_api.domain.job import Callback, CallbackStatus, Job, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.services import Services
from lambda_api.usecases.sweep import sweep
from tests.support.examples import job
from tests.support.fakes import START, FakeProvider, World
from tests.support.gateway import entrypoint
from tests.support.virtual_time import VirtualTime

TEMPLATE = (Path(__file__).resolve().parents[3] / "template.yaml").read_text()
BODY = '{"video_url":null,"links":{}}'
DEAD, OTHERS = 500, 40
EVERY_MS = 11 * SECOND
"""Interval at which jobs of another owner finish."""


def template_number(pattern: str) -> int:
    """Read a number from template.yaml."""
    found = re.search(pattern, TEMPLATE, re.DOTALL)
    assert found is not None
    return int(found[1])


@dataclass
class Queue:
    """SQS with message groups, as AWS documents its fair queues.

    A group that used more than a tenth of the consumers' time is noisy: messages of other groups come first.
    """

    time: VirtualTime
    messages: list[tuple[int, str, str]] = field(default_factory=list)
    """(visible at, job id, group) of each message."""
    spent: Counter[str] = field(default_factory=Counter)
    """Group → milliseconds in flight of its finished messages."""

    def enqueue(self, job: Job, delay_ms: int = 0) -> bool:
        self.messages.append((self.time.now + delay_ms, job.job_id, job.owner))
        return True

    def take(self, most: int, handle: Callable[[str], object]) -> int:
        """Handle up to `most` messages; returns their number."""
        taken = sorted(
            (message for message in self.messages if message[0] <= self.time.now),
            key=lambda message: (self._noisy(message[2]), message),
        )[:most]
        for message in taken:
            self.messages.remove(message)
        began = self.time.now
        for _, job_id, _ in taken:
            handle(job_id)
        for _, _, group in taken:
            self.spent[group] += self.time.now - began
        return len(taken)

    def _noisy(self, group: str) -> bool:
        return self.spent[group] > sum(self.spent.values()) / 10


@dataclass
class Hosts:
    """The dead host costs each attempt `dead_ms`. `arrived`: job → when the other host received its callback."""

    time: VirtualTime
    dead_ms: int
    arrived: dict[str, int] = field(default_factory=dict)

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        if "dead" in url:
            self.time.sleep(self.dead_ms)
            return DeliveryResult(ok=False, result="no_answer")
        self.time.sleep(100)
        self.arrived.setdefault(message_id.removeprefix("msg_"), self.time.now)
        return DeliveryResult(ok=True, result="http_204")


@dataclass(kw_only=True)
class Runpod(FakeProvider):
    """`accepted`: job → when RunPod accepted it."""

    time: VirtualTime
    accepted: dict[str, int] = field(default_factory=dict)

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        self.accepted.setdefault(payload["input"]["job_id"], self.time.now)
        return super().run(endpoint_id, payload)


class Gateway:
    """The callbacks function, the sweeper and another owner's jobs, until all of them are dispatched or delivered."""

    def __init__(self, dead_ms: int) -> None:
        self.time = VirtualTime(START)
        self.queue, self.hosts = Queue(self.time), Hosts(self.time, dead_ms)
        world = World(clock=self.time)  # type: ignore[arg-type]
        self.store, self.runpod = world.store, Runpod(time=self.time)
        self.services: Services = replace(world.services, queue=self.queue, sender=self.hosts, provider=self.runpod)
        self.started_at: dict[str, int] = {}
        """Job → when it finished, or when its dispatch was due."""

    def finish_job(self, job_id: str, owner: str) -> None:
        """Finish a job."""
        now, url = self.time.now, f"https://{owner}.example/"
        finished = job(job_id=job_id, owner=owner, state=State.COMPLETED, callback=Callback(url=url), due_at=None)
        self.store.jobs[job_id] = mark_callback_pending(
            finished, BODY, now, now + self.services.policy.callback_grace_ms
        )
        self.queue.enqueue(self.store.jobs[job_id])
        self.started_at[job_id] = now

    def refuse_job(self, job_id: str) -> None:
        """Add a job that RunPod refused at first and will accept."""
        now = self.time.now
        self.store.jobs[job_id] = job(job_id=job_id, owner="other", due_at=now, deadline_at=now + HOUR)
        self.started_at[job_id] = now

    def run(self) -> tuple[list[float], list[float]]:
        """Return the waits in seconds of the other owner's callbacks and jobs, shortest first."""
        consumers = [self._consumer] * template_number(r"ScalingConfig: \{MaximumConcurrency: (\d+)\}")
        self.time.run(self._clients, self._sweeper, *consumers)
        return self._waits(self.hosts.arrived), self._waits(self.runpod.accepted)

    def _waits(self, times: Mapping[str, int]) -> list[float]:
        return sorted((at - self.started_at[job_id]) / SECOND for job_id, at in times.items())

    def _has_ended(self) -> bool:
        return len(self.hosts.arrived) == len(self.runpod.accepted) == OTHERS

    def _clients(self) -> None:
        for number in range(DEAD):
            self.finish_job(f"dead-{number}", "dead")
        for number in range(OTHERS):
            self.finish_job(f"finished-{number}", "other")
            self.refuse_job(f"refused-{number}")
            self.time.sleep(EVERY_MS)

    def _consumer(self) -> None:
        most = template_number(r"BatchSize: (\d+)")
        while not self._has_ended():
            if not self.queue.take(most, lambda job_id: deliver_callback(self.services, job_id)):
                self.time.sleep(SECOND)

    def _sweeper(self) -> None:
        module = entrypoint("sweeper")
        timeout = template_number(r"  SweeperFunction:.*?\n      Timeout: (\d+)") * SECOND
        while not self._has_ended():
            began = self.time.now
            self._sweep(module.LIMIT, module.THREADS, lambda began=began: (  # type: ignore[misc]
                began + timeout - self.time.now > module.RESERVE_MS))  # fmt: skip
            self.time.sleep(max(0, began + MINUTE - self.time.now))

    def _sweep(self, limit: int, at_once: int, may_continue: Callable[[], bool]) -> None:
        sweep(self.services, limit, may_continue, lambda handle, found: self.time.map(at_once, handle, found))


@pytest.mark.fault("J12")
@pytest.mark.parametrize(
    ("dead_seconds", "bound"), [(0, 2), (5, 10), (15, 30)], ids=["refuses", "is not reached", "does not answer"]
)
def test_500_callbacks_to_a_dead_host_delay_no_other_owner(
    dead_seconds: int, bound: int, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(dead_seconds * SECOND)
    callback_waits, job_waits = gateway.run()
    with capsys.disabled():
        print(f"\n  {DEAD} callbacks that cost {dead_seconds} s each: others wait "
              f"{quantiles(callback_waits, n=20)[-1]:.1f} s at p95, {callback_waits[-1]:.1f} s at most; "
              f"their jobs {job_waits[-1]:.0f} s for a sweep")  # fmt: skip
    assert len(callback_waits) == len(job_waits) == OTHERS
    assert callback_waits[-1] <= bound
    assert job_waits[-1] <= 75
    # None of the callbacks to the dead host is given up by then.
    dead = [found.callback for job_id, found in gateway.store.jobs.items() if job_id.startswith("dead")]
    assert {callback.status for callback in dead if callback is not None} == {CallbackStatus.PENDING}
