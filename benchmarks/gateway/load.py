"""Submit from many clients at once, while one table response in fifty is lost: no job may be lost or duplicated.

A client is an execution environment: it handles one request after another. The rate is per core: submits per second of
CPU time of the environments, which other work on the machine affects least.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.bench import BenchError
from benchmarks.gateway.events import submit_event
from benchmarks.gateway.fixtures import Lab
from benchmarks.results import Row

_PROGRAM = Path(__file__).with_name("load_program.py")
_LOSE_EACH = 50
_SECONDS = 300
_CLIENTS = (1, 2, 4, 8, 16, 32, 64)


def measure(lab: Lab) -> list[Row]:
    before = lab.read_counts()
    lab.request(f"/_lose/{_LOSE_EACH}")
    accepted: list[str] = []
    per_core: dict[int, list[float]] = {clients: [] for clients in _CLIENTS}
    per_second: dict[int, list[float]] = {clients: [] for clients in _CLIENTS}
    total, least, rounds = (256, 8, 1) if lab.quick else (512, 16, 3)
    for number in range(rounds):
        for clients in _CLIENTS:
            each = max(total // clients, least)
            result = _run(lab, clients, each, number)
            accepted += result["jobs"]
            per_core[clients].append(clients * each / result["cpu_s"])
            per_second[clients].append(clients * each / result["wall_s"])
            lab.say(f"  {clients} clients: {per_core[clients][-1]:.0f} submits per second and core")
    rates = {clients: statistics.median(found) for clients, found in per_core.items()}
    curve = {
        str(clients): {"per_core_second": rates[clients], "per_second": statistics.median(per_second[clients])}
        for clients in _CLIENTS
    }
    lab.request("/_lose/0")
    after = lab.read_counts()
    jobs = {job_id: due for job_id, due in after["jobs"].items() if job_id not in before["jobs"]}
    runs = Counter(after["runs"]) - Counter(before["runs"])
    # A job without an execution is not lost if it is due: the sweeper dispatches it.
    lost = sum(job_id not in jobs for job_id in accepted if job_id)
    lost += sum(not runs[job_id] and not due for job_id, due in jobs.items())
    duplicated = len(set(jobs) - set(after["named"])) + sum(number - 1 for number in runs.values())
    facts = {
        "submits": len(accepted), "refused": accepted.count(""), "left_to_the_sweeper": len(set(jobs) - set(runs)),
        "answers_lost": 2 * len(accepted) // _LOSE_EACH, "lost": lost, "doubled": duplicated, "curve": curve,
    }  # fmt: skip
    return [
        Row("load.lost", lab.version, float(lost + duplicated), facts=facts),
        Row(
            "load.curve",
            lab.version,
            min(rates.values()) / max(rates.values()),
            note=f"best {max(rates.values()):.0f}/s",
        ),
    ]


def _run(lab: Lab, clients: int, each: int, number: int) -> dict[str, Any]:
    argv = [
        lab.python, "-P", "-s", str(_PROGRAM), str(lab.ours), json.dumps(submit_event("replaced")),
        str(clients), str(each), str(number),
    ]  # fmt: skip
    env = lab.warm_environment()
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=env, cwd=lab.ours, start_new_session=True, stdout=pipe, stderr=pipe) as process:
        try:
            out, errors = process.communicate(timeout=_SECONDS)
        except BaseException:
            # Kill the forked clients too.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise BenchError(f"load: {(errors.decode(errors='replace').strip() or 'no message').splitlines()[-1]}")
    result: dict[str, Any] = json.loads(out)
    return result
