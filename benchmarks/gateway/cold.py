"""Cold starts: CPU time of a new process until its first response, divided by that of the naive function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from benchmarks.gateway.events import Event, get_job_event, webhook_event
from benchmarks.gateway.fixtures import Lab
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row


def measure(lab: Lab) -> list[Row]:
    jobs = {
        "api": partial(_start, lab, lab.ours, "lambda_api.entrypoints.api", get_job_event),
        "naive api": partial(_start, lab, lab.naive, "app", get_job_event),
        "webhook": partial(_start, lab, lab.ours, "lambda_api.entrypoints.runpod_webhook", webhook_event),
        "naive webhook": partial(_start, lab, lab.naive, "app", webhook_event),
    }
    for job in jobs.values():
        # Run each once, so that the file system's caches are warm for all.
        job()
    # Each process measures itself, because only it knows when it has responded.
    contenders = {name: Contender(job, lab.runs) for name, job in jobs.items()}
    seconds = interleaved(contenders, lab.say, lambda job: cast("float", job()))
    middle = medians(seconds)
    rows = []
    for name in ("api", "webhook"):
        ratio = Ratio.of(seconds[name], seconds[f"naive {name}"])
        facts = {**ratio.facts(), "cpu_ms": middle[name] * 1e3, "naive_cpu_ms": middle[f"naive {name}"] * 1e3}
        rows.append(Row(f"cold.{name}", lab.version, ratio.value, {"naive": 1.0}, facts))
    return rows


def _start(lab: Lab, package: Path, module: str, event: Callable[[str], Event]) -> float:
    """Return the CPU seconds. Each run has its own job, because a second webhook has nothing to settle."""
    return lab.handle(package, module, event(lab.running_job().job_id)).cpu_ms / 1e3
