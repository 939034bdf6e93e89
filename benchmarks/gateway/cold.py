"""Cold starts: a fresh process, up to the answer to its first event, against the naive function doing the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from benchmarks.gateway.events import Event, ring, show
from benchmarks.gateway.fixtures import Lab
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row


def measure(lab: Lab) -> list[Row]:
    jobs = {
        "api": partial(_start, lab, lab.ours, "lambda_api.entrypoints.api", show),
        "naive api": partial(_start, lab, lab.naive, "app", show),
        "webhook": partial(_start, lab, lab.ours, "lambda_api.entrypoints.runpod_webhook", ring),
        "naive webhook": partial(_start, lab, lab.naive, "app", ring),
    }
    for job in jobs.values():
        # Once for the caches of the file system, which are the same to all.
        job()
    # The process measures itself: it knows when it has answered.
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
    """Processor seconds. A job of its own for each run: the second web hook of a job has nothing to settle."""
    return lab.handle(package, module, event(lab.running_job().job_id)).cpu_ms / 1e3
