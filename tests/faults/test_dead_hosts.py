"""Five hundred callbacks to a host that does not answer, and how long another host's callbacks wait meanwhile.

The real delivery and the real sweep, with as many threads and as much time as they have at AWS; both are simulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles

import pytest

from lambda_api.domain.callbacks import owe
from lambda_api.domain.job import Callback, CallbackStatus, State
from lambda_api.domain.policy import MINUTE, SECOND
from lambda_api.domain.ports import Delivery
from lambda_api.usecases.deliver import deliver
from lambda_api.usecases.services import Services
from lambda_api.usecases.sweep import sweep
from tests.support.examples import job
from tests.support.fakes import START, World
from tests.support.gateway import entrypoint
from tests.support.virtual import VirtualTime

TEMPLATE = (Path(__file__).resolve().parents[2] / "template.yaml").read_text()
DEAD, OTHERS = 500, 40
EVERY_MS = 15 * SECOND
"""Another owner's job ends so often."""


def stated(pattern: str) -> int:
    """A number of the template."""
    found = re.search(pattern, TEMPLATE, re.DOTALL)
    assert found is not None
    return int(found[1])


@dataclass
class Queue:
    """As SQS: each message is given to one taker, the oldest first, once its delay is over."""

    time: VirtualTime
    messages: list[tuple[int, str]] = field(default_factory=list)

    def wake(self, job_id: str, delay_ms: int = 0) -> None:
        self.messages.append((self.time.now + delay_ms, job_id))

    def take(self, most: int) -> list[str]:
        taken = sorted(message for message in self.messages if message[0] <= self.time.now)[:most]
        for message in taken:
            self.messages.remove(message)
        return [job_id for _, job_id in taken]


@dataclass
class Hosts:
    """The dead one costs each attempt `dead_ms`. `arrived`: job → when the other host had its callback."""

    time: VirtualTime
    dead_ms: int
    arrived: dict[str, int] = field(default_factory=dict)

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> Delivery:
        if "dead" in url:
            self.time.sleep(self.dead_ms)
            return Delivery(ok=False, result="no_answer")
        self.time.sleep(100)
        self.arrived.setdefault(message_id.removeprefix("msg_"), self.time.now)
        return Delivery(ok=True, result="http_204")


class Gateway:
    """The callbacks function, the sweeper and the jobs that end, until the other host has all of its callbacks."""

    def __init__(self, dead_ms: int) -> None:
        self.time = VirtualTime(START)
        self.queue, self.hosts = Queue(self.time), Hosts(self.time, dead_ms)
        world = World(clock=self.time)  # type: ignore[arg-type]
        self.store = world.store
        self.services: Services = replace(world.services, queue=self.queue, sender=self.hosts)
        self.ended: dict[str, int] = {}
        """The other owner's jobs → when."""

    def end(self, job_id: str, url: str) -> None:
        """A job is over."""
        over = job(job_id=job_id, owner=url, state=State.COMPLETED, callback=Callback(url=url), due_at=None)
        now = self.time.now
        self.store.jobs[job_id] = owe(over, "{}", now, now + self.services.policy.callback_grace_ms)
        self.queue.wake(job_id)

    def run(self) -> list[float]:
        """How many seconds each callback of the other host's took, shortest first."""
        lanes = [self._lane] * stated(r"ScalingConfig: \{MaximumConcurrency: (\d+)\}")
        self.time.run(self._clients, self._sweeper, *lanes)
        return sorted((self.hosts.arrived[job_id] - ended) / SECOND for job_id, ended in self.ended.items())

    def _over(self) -> bool:
        return len(self.hosts.arrived) == OTHERS

    def _clients(self) -> None:
        for number in range(DEAD):
            self.end(f"dead-{number}", "https://dead.example/")
        for number in range(OTHERS):
            self.end(f"other-{number}", "https://other.example/")
            self.ended[f"other-{number}"] = self.time.now
            self.time.sleep(EVERY_MS)

    def _lane(self) -> None:
        most = stated(r"BatchSize: (\d+)")
        while not self._over():
            for job_id in self.queue.take(most) or self._wait(SECOND):
                deliver(self.services, job_id)

    def _sweeper(self) -> None:
        module = entrypoint("sweeper")
        timeout = stated(r"  SweeperFunction:.*?\n      Timeout: (\d+)") * SECOND
        while not self._over():
            began = self.time.now
            self._sweep(module._LIMIT, module._AT_ONCE, lambda began=began: (  # type: ignore[misc]
                began + timeout - self.time.now > module._RESERVE_MS))  # fmt: skip
            self._wait(max(0, began + MINUTE - self.time.now))

    def _sweep(self, limit: int, at_once: int, may_go_on: Callable[[], bool]) -> None:
        sweep(self.services, limit, may_go_on, lambda look, found: self.time.side_by_side(at_once, look, found))

    def _wait(self, ms: int) -> list[str]:
        self.time.sleep(ms)
        return []


@pytest.mark.fault("J12")
@pytest.mark.parametrize(
    ("dead_seconds", "bound"), [(0, 2), (5, 300), (15, 600)], ids=["refuses", "is not reached", "does not answer"]
)
def test_five_hundred_callbacks_to_a_dead_host_delay_others_by_minutes_at_most(
    dead_seconds: int, bound: int, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(dead_seconds * SECOND)
    waited = gateway.run()
    with capsys.disabled():
        print(f"\n  {DEAD} callbacks that cost {dead_seconds} s each: others wait "
              f"{quantiles(waited, n=20)[-1]:.0f} s at p95, {waited[-1]:.0f} s at most")  # fmt: skip
    assert len(waited) == OTHERS
    assert waited[-1] <= bound
    # None of the dead host's is given up by it.
    dead = [found.callback for job_id, found in gateway.store.jobs.items() if job_id.startswith("dead")]
    assert {callback.status for callback in dead if callback is not None} == {CallbackStatus.PENDING}
