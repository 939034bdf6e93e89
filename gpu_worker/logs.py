"""Log lines of a job: an event, its job_id and numbers. Never a URL, a query, a file name or a caption."""

from __future__ import annotations

import json
import logging
import sys

_LOG = logging.getLogger("gpu_worker")


def configure_logging(level: int = logging.INFO) -> None:
    """Write the worker's events to stderr as one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _LOG.handlers[:] = [handler]
    _LOG.setLevel(level)
    _LOG.propagate = False
    # The HTTP client warns of cookies with odd names, and quotes them.
    logging.getLogger("aiohttp.internal").setLevel(logging.ERROR)


def log_event(name: str, job_id: str, **numbers: int | float | str | None) -> None:
    """Log one event. Values are numbers or words from closed sets, such as a failure's code."""
    _LOG.info(json.dumps({"event": name, "job_id": job_id, **numbers}))
