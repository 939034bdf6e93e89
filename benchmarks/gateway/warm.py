"""Warm requests: processor time of the handler without its I/O, against the emptiest route there can be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import cast

from benchmarks.bench import BenchError
from benchmarks.gateway.events import Event, index, show, submit
from benchmarks.gateway.fixtures import Lab
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row

_PROGRAM = Path(__file__).with_name("warm_program.py")
_API = "lambda_api.entrypoints.api"
_SECONDS = 120


def measure(lab: Lab) -> list[Row]:
    job = lab.running_job()
    item = lab.item(job)
    answers = {
        "GetItem": json.dumps({"Item": item}),
        "PutItem": "{}",
        "TransactWriteItems": "{}",
        "run": json.dumps({"id": "run-1", "status": "IN_QUEUE"}),
    }
    jobs: dict[str, Callable[[], float]] = {
        "empty": lambda: _spent(lab, "empty", {}, index()),
        "show": lambda: _spent(lab, _API, answers, show(job.job_id)),
        "submit": lambda: _spent(lab, _API, answers, submit("a-key")),
    }
    contenders = {name: Contender(job, lab.runs) for name, job in jobs.items()}
    seconds = interleaved(contenders, lab.say, lambda job: cast("float", job()))
    middle = medians(seconds)
    rows = []
    for name in ("show", "submit"):
        ratio = Ratio.of(seconds[name], seconds["empty"])
        facts = {**ratio.facts(), "cpu_ms": middle[name] * 1e3, "empty_cpu_ms": middle["empty"] * 1e3}
        rows.append(Row(f"warm.{name}", lab.version, ratio.value, {"empty": 1.0}, facts))
    return rows


def _spent(lab: Lab, what: str, answers: dict[str, str], event: Event) -> float:
    """Processor seconds of one event."""
    argv = [
        lab.python, "-P", "-s", str(_PROGRAM), str(lab.ours), what, json.dumps(answers), json.dumps(event),
        "200" if lab.quick else "1000",
    ]  # fmt: skip
    done = subprocess.run(
        argv, env=lab.warm_environment(), cwd=lab.ours, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode != 0:
        raise BenchError(f"{what}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return float(done.stdout) / 1e3
