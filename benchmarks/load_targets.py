"""The targets of the load bench."""

from __future__ import annotations

from benchmarks.target import Target

LOAD: dict[str, Target] = {
    "crowd.lost": Target("crowd", "jobs lost", "-", "-", "=", 0, 0),
    "crowd.doubled": Target("crowd", "jobs beyond one for each key", "-", "-", "=", 0, 0),
    "crowd.ends": Target("crowd", "jobs that did not end exactly once", "-", "-", "=", 0, 0),
    "crowd.callbacks": Target("crowd", "callbacks missing, changed or forged", "-", "-", "=", 0, 0),
    "crowd.repeats": Target("crowd", "callbacks repeated after a 2xx", "-", "-", "=", 0, 0),
    "crowd.wait.median": Target("crowd", "from a job's end to its first callback: median", "-", "-", "<=", 1.0, 2, "s"),
    "crowd.wait": Target("crowd", "the same: 95th percentile", "-", "-", "<=", 1.0, 2, "s"),
    "crowd.memory": Target("crowd", "functions' memory after all jobs / after a quarter", "-", "-", "<=", 1.1),
    "crowd.memory.worst": Target("crowd", "the same of the function that grew most", "-", "-", "<=", 1.25),
    "sweep.runs": Target("sweep", "sweeps until no job is overdue", "-", "-", "<=", 3, 0),
    "sweep.seconds": Target("sweep", "longest sweep; the function has 55", "-", "-", "<=", 40, 1, "s"),
    "sweep.callbacks": Target("sweep", "due callbacks that did not arrive", "-", "-", "=", 0, 0),
    "sweep.shards": Target("sweep", "writes to the busiest shard / mean", "-", "-", "<=", 1.25),
    "latency.wait.median": Target(
        "latency", "from a job's end to its first callback, no faults: median", "-", "-", "<=", 1.0, 2, "s"
    ),
    "latency.wait": Target("latency", "the same: 95th percentile", "-", "-", "<=", 1.0, 2, "s"),
    "uploads.lost": Target("uploads", "sent uploads that are not ready or differ", "-", "-", "=", 0, 0),
    "uploads.doubled": Target("uploads", "uploads beyond one for each announcement", "-", "-", "=", 0, 0),
    "uploads.foreign": Target("uploads", "another owner's uploads read, completed or used", "-", "-", "=", 0, 0),
    "uploads.incomplete": Target("uploads", "files accepted without all their bytes", "-", "-", "=", 0, 0),
    "deliveries.lost": Target("deliveries", "callbacks lost or without an entry in the log", "-", "-", "=", 0, 0),
    "deliveries.missing": Target("deliveries", "POSTs without an entry in the log", "-", "-", "=", 0, 0),
    "deliveries.doubled": Target("deliveries", "entries doubled or without a POST", "-", "-", "=", 0, 0),
    "deliveries.foreign": Target("deliveries", "another owner's deliveries seen or repeated", "-", "-", "=", 0, 0),
    "deliveries.unverified": Target("deliveries", "signatures in the log that do not verify", "-", "-", "=", 0, 0),
}
