"""Log events as JSON: a name, a job_id and numbers. Never a URL, a query, a filename or a caption."""

from __future__ import annotations

import json
import logging
import sys

_LOG = logging.getLogger("gpu_worker")


def configure_logging(logger: logging.Logger = _LOG) -> None:
    """Write the worker's events to stderr, one JSON object per line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    # aiohttp logs cookies with invalid names, including their values.
    logging.getLogger("aiohttp.internal").setLevel(logging.ERROR)


def log_event(name: str, job_id: str, **numbers: int | float | str | None) -> None:
    """Log one event. Values are numbers or words from closed sets, such as the code of a failure."""
    _LOG.info(json.dumps({"event": name, "job_id": job_id, **numbers}))
