"""Warm requests: CPU time of the handler without I/O, divided by that of the naive function."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from benchmarks.bench import BenchError
from benchmarks.gateway.events import Event, get_job_event, submit_event
from benchmarks.gateway.fixtures import Lab
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row

_PROGRAM = Path(__file__).with_name("warm_program.py")
_API = "lambda_api.entrypoints.api"
_SECONDS = 120


def measure(lab: Lab) -> list[Row]:
    job = lab.running_job()
    job_item, no_item = json.dumps({"Item": lab.item(job)}), "{}"
    responses = {
        "PutItem": "{}",
        "TransactWriteItems": "{}",
        "run": json.dumps({"id": "run-1", "status": "IN_QUEUE"}),
    }
    # A submit reads the owner's default webhook, and there is none.
    events = {"show": (get_job_event(job.job_id), job_item), "submit": (submit_event("a-key"), no_item)}
    jobs: dict[str, Callable[[], float]] = {}
    for name, (event, item) in events.items():
        answers = responses | {"GetItem": item}
        jobs[name] = partial(_measure_cpu, lab, lab.ours, _API, answers, event)
        jobs[f"naive {name}"] = partial(_measure_cpu, lab, lab.naive, "app", answers, event)
    contenders = {name: Contender(job, lab.runs) for name, job in jobs.items()}
    seconds = interleaved(contenders, lab.say, lambda job: cast("float", job()))
    middle = medians(seconds)
    rows = []
    for name in events:
        ratio = Ratio.of(seconds[name], seconds[f"naive {name}"])
        facts = {**ratio.facts(), "cpu_ms": middle[name] * 1e3, "naive_cpu_ms": middle[f"naive {name}"] * 1e3}
        rows.append(Row(f"warm.{name}", lab.version, ratio.value, {"naive": 1.0}, facts))
    return rows


def _measure_cpu(lab: Lab, package: Path, module: str, responses: dict[str, str], event: Event) -> float:
    """Return the CPU seconds of one event."""
    argv = [
        lab.python, "-P", "-s", str(_PROGRAM), str(package), module, json.dumps(responses), json.dumps(event),
        "200" if lab.quick else "1000",
    ]  # fmt: skip
    done = subprocess.run(
        argv, env=lab.warm_environment(), cwd=package, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode != 0:
        raise BenchError(f"{module}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return float(done.stdout) / 1e3
