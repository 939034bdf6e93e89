"""The answer to a dry run, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api_gpu.cli.output.console import Console
from api_gpu.cli.output.units import duration, money, size


def print_estimate(console: Console, answer: Mapping[str, Any]) -> None:
    """Print what a job would do and cost. stdout gets the dollars, or the object with `--json`."""
    if console.is_json:
        console.json(answer)
        return
    for given in answer.get("inputs", ()):
        facts = [str(given.get("content_type") or "")]
        if given.get("size_bytes"):
            facts.append(size(given["size_bytes"]))
        if given.get("duration_seconds"):
            facts.append(duration(given["duration_seconds"]))
        if given.get("warning"):
            facts.append(str(given["warning"]))
        state = "ok" if given.get("reachable") else "not reachable"
        console.say(f"{given.get('field')}: {state}  {'  '.join(filter(None, facts))}".rstrip())
    for warning in answer.get("warnings", ()):
        console.warn(f"note: {warning}")
    estimate = answer.get("estimate") or {}
    console.say(f"makes {', '.join(answer.get('artifacts', ()))}")
    work, queue = (duration(estimate.get(name) or 0) for name in ("gpu_seconds", "queue_seconds"))
    console.say(f"about {work} of GPU after {queue} in the queue ({estimate.get('basis')}); no job was made")
    console.data(money(float(estimate.get("gpu_usd") or 0)))
