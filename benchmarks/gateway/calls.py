"""Count the AWS calls, capacity units and log bytes of one job, and compute their price. The stub counts the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from benchmarks.bench import BenchError
from benchmarks.gateway.events import Event, get_job_event, progress_event, queue_event, submit_event, webhook_event
from benchmarks.gateway.fixtures import Handled, Lab
from benchmarks.gateway.prices import dollars
from benchmarks.results import Row

_API, _HOOKS, _CALLBACKS = (f"lambda_api.entrypoints.{name}" for name in ("api", "runpod_webhook", "callbacks"))
_REPORTS, _POLLS = 4, 3
"""A job runs for 20 s with a progress report every 5 s, and its client polls three times."""
_MOVED_CHECKS = 1
"""Reports of 20 s move the job's next check on once at most (`Policy.next_check`); here they take no time, so that the
units of its index, two, are added."""
_MEMORY_GB = 1.0
_CPU_SHARE = 0.58
"""Share of a CPU at 1 GB: Lambda allocates one CPU at 1,769 MB."""
_WAITS_MS = {"DynamoDB": 8.0, "S3": 30.0, "RunPod": 250.0, "client": 250.0}
"""Generous estimates of the wait for each call; Lambda charges for waiting."""
_WARM_CPU_MS = 3.0
_PLATFORM_LOG_BYTES = 420
"""START, END and REPORT of an invocation, and one line of the access log."""
_CLOUDWATCH_LINE_BYTES = 26
_WRITES, _READS = ("PutItem", "TransactWriteItems"), ("GetItem", "Query", "BatchGetItem")


@dataclass(slots=True)
class Step:
    """All invocations of one kind, and their calls. `http`: True if they come through the HTTP API."""

    http: bool = True
    calls: Counter[str] = field(default_factory=Counter)
    invocations: int = 0
    log_bytes: int = 0

    def count(self, *names: str) -> float:
        """Return the average number of the named calls per invocation."""
        return sum(self.calls[name] for name in names) / self.invocations

    @property
    def waits_ms(self) -> float:
        tables = sum(self.calls[name] for name in (*_WRITES, *_READS))
        objects = sum(amount for name, amount in self.calls.items() if name.startswith("S3 "))
        others = sum(self.calls[name] * _WAITS_MS[name] for name in ("RunPod", "client"))
        return tables * _WAITS_MS["DynamoDB"] + objects * _WAITS_MS["S3"] + others


def measure(lab: Lab) -> list[Row]:
    """Run a compose job with an Idempotency-Key until it is settled, and another one with a callback."""
    steps, with_callback = _steps(lab, "calls"), _steps(lab, "calls-with-callback", f"{lab.url}/callback")
    usd = dollars(_usage(steps.values()))
    facts = {
        "usd_per_1000": {kind: 1000 * value for kind, value in usd.items()},
        "usd_per_1000_with_callback": 1000 * sum(dollars(_usage(with_callback.values())).values()),
        "calls": {name: dict(step.calls) for name, step in steps.items()},
        "calls_with_callback": {name: dict(step.calls) for name, step in with_callback.items()},
        "assumed": {
            "progress_reports": _REPORTS, "shows": _POLLS, "waits_ms": _WAITS_MS, "cpu_ms": _WARM_CPU_MS,
            "memory_gb": _MEMORY_GB,
        },
    }  # fmt: skip
    return [
        Row("calls.submit", lab.version, steps["submit"].count(*_WRITES)),
        Row("calls.settle", lab.version, steps["settle"].count(*_WRITES)),
        Row("calls.settle.s3", lab.version, steps["settle"].count("S3 GET", "S3 HEAD")),
        Row("calls.show", lab.version, steps["show"].count(*_READS)),
        Row("calls.usd", lab.version, 1000 * sum(usd.values()), facts=facts),
    ]


def _steps(lab: Lab, key: str, webhook_url: str | None = None) -> dict[str, Step]:
    """Run one job. Raises BenchError if its client gets no callback."""
    lab.read_counts()
    steps = {name: Step() for name in ("submit", "progress", "settle", "show")}
    job_id = _invoke(lab, steps["submit"], _API, submit_event(key, webhook_url), 202).body["job_id"]
    for seq in range(1, _REPORTS + 1):
        _invoke(lab, steps["progress"], _HOOKS, progress_event(job_id, seq))
    lab.publish(job_id)
    lab.read_counts()
    _invoke(lab, steps["settle"], _HOOKS, webhook_event(job_id))
    if webhook_url is not None:
        steps["callback"] = Step(http=False)
        _invoke(lab, steps["callback"], _CALLBACKS, queue_event(job_id), None)
        if not steps["callback"].calls["client"]:
            raise BenchError("the client got no callback")
    for _ in range(_POLLS):
        status = _invoke(lab, steps["show"], _API, get_job_event(job_id)).body["status"]
    lab.say(f"  the job is {status}")
    return steps


def _invoke(lab: Lab, step: Step, module: str, event: Event, status: int | None = 200) -> Handled:
    handled = lab.handle(lab.ours, module, event, status)
    calls = Counter(lab.read_counts()["calls"])
    # Secrets are read once per environment, not per job.
    del calls["GetSecretValue"]
    step.calls += calls
    step.invocations += 1
    step.log_bytes += handled.log_bytes + _PLATFORM_LOG_BYTES + 5 * _CLOUDWATCH_LINE_BYTES
    return handled


def _usage(steps: Collection[Step]) -> dict[str, float]:
    calls: Counter[str] = sum((step.calls for step in steps), Counter())
    invocations = sum(step.invocations for step in steps)
    milliseconds = sum(step.waits_ms for step in steps) + invocations * _WARM_CPU_MS / _CPU_SHARE
    return {
        "requests to the HTTP API": sum(step.invocations for step in steps if step.http),
        "invocations": invocations,
        "Lambda GB-seconds, arm64": milliseconds / 1e3 * _MEMORY_GB,
        "write units": calls["write_units"] + 2 * _MOVED_CHECKS,
        "read units": calls["read_units"],
        # The worker stores two objects: the video and the manifest.
        "S3 PUT": 2,
        "S3 GET": calls["S3 GET"] + calls["S3 HEAD"],
        "SQS requests": 3 * calls["SendMessage"],
        "GB of logs": sum(step.log_bytes for step in steps) / 1e9,
    }
