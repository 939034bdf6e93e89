"""Run many warm environments at once, each submitting one job after another.

    python load_program.py PACKAGE EVENT CLIENTS EACH NAME     prints `{"cpu_s": …, "wall_s": …, "jobs": […]}`

The function is imported once and forked: 64 concurrent cold starts are not part of the measurement.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

package, text, clients, each, name = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
sys.path.insert(0, package)
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, aws_request_id="r",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    get_remaining_time_in_millis=lambda: 30_000,
)  # fmt: skip
handler = importlib.import_module("lambda_api.entrypoints.api").handler
out = os.dup(1)
WARMING = 5
"""Unmeasured submits of each client."""
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def submit(key: str) -> str:
    """Return the job's id, or "" after three refusals. Retries with the same key, as a client would."""
    for _ in range(3):
        event: dict[str, Any] = json.loads(text)
        event["headers"]["idempotency-key"] = key
        answer = handler(event, context)
        if answer["statusCode"] == 202:
            return str(json.loads(answer["body"])["job_id"])
    return ""


def submit_all(number: int, pipe: int) -> None:
    jobs = [submit(f"{name}-{clients}-{number}-warm-{turn}") for turn in range(WARMING)]
    began, busy = time.monotonic(), time.process_time()
    jobs += [submit(f"{name}-{clients}-{number}-{turn}") for turn in range(each)]
    busy = time.process_time() - busy
    with os.fdopen(pipe, "w") as file:
        json.dump({"jobs": jobs, "cpu_s": busy, "from": began, "to": time.monotonic()}, file)


pipes = []
for number in range(clients):
    reading, writing = os.pipe()
    if os.fork() == 0:
        submit_all(number, writing)
        os._exit(0)
    os.close(writing)
    pipes.append(reading)
results = []
for pipe in pipes:
    with os.fdopen(pipe) as file:
        results.append(json.load(file))
for _ in pipes:
    os.wait()
result = {
    "jobs": [job_id for client in results for job_id in client["jobs"]],
    "cpu_s": sum(client["cpu_s"] for client in results),
    "wall_s": max(client["to"] for client in results) - min(client["from"] for client in results),
}
with os.fdopen(out, "w") as file:
    json.dump(result, file)
