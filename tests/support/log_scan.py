"""Every log line of the product in the whole session is looked at: one with a secret fails its test, and the session.

A log line is what a product's logger writes, what the functions and workers of a local system print, and what a
function in Lambda's own runtime prints. What tests print themselves is none.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from functools import wraps
from typing import Any

import pytest

from local.logs import Entry, Log
from local.settings import API_KEY, CALLBACK_SECRET, OTHER_KEY, RUNPOD_KEY

_LOGGERS = ("api-gpu", "gpu_worker", "lambda_api", "local", "runpod")
_PLANTED = (
    "planted", "hook-secret-of-the", API_KEY, OTHER_KEY, CALLBACK_SECRET, RUNPOD_KEY,
    "Erste Zeile", "second line", "the whole way",
)  # fmt: skip
"""Values of the suite's fixtures: keys and secrets, words in queries (`?token=planted`), the texts of captions."""
_SECRET = re.compile(
    "|".join(map(re.escape, _PLANTED))
    + r"|X-Amz-(?:Signature|Credential|Security-Token)=(?!\[secret\])|whsec_[A-Za-z0-9+/]{8}"
    + r"|/runpod/(?:webhook|progress)/[^/\s\"]+/\d+-[\w-]{20}|\b\d{1,4}-[A-Za-z0-9_-]{43}\b"
)
_found: list[str] = []


def leak(line: str) -> str | None:
    """What a line holds that no log may hold: its first few characters, so that telling of it is no leak either."""
    match = _SECRET.search(line)
    return f"{match[0][:12]}…" if match else None


def look(source: str, lines: Iterable[str]) -> None:
    """Look at lines that `source` logged."""
    for line in lines:
        held = leak(line)
        if held is not None:
            test = os.environ.get("PYTEST_CURRENT_TEST", "between tests")
            _found.append(f"{source} logged {held} in {test}: …{line[:120]!r}")


class LogScan:
    """A plugin of pytest's. With xdist each worker scans its own tests, and its failure is the session's."""

    def __init__(self) -> None:
        self._restore = (logging.StreamHandler.emit, Log.line, Log.event)

    def pytest_configure(self) -> None:
        emit, write, tell = self._restore

        @wraps(emit)
        def emitted(handler: logging.StreamHandler[Any], record: logging.LogRecord) -> None:
            if record.name.split(".")[0] in _LOGGERS:
                look(record.name, [handler.format(record)])
            emit(handler, record)

        @wraps(write)
        def printed(log: Log, source: str, line: str) -> None:
            look(source, [line])
            write(log, source, line)

        @wraps(tell)
        def told(log: Log, source: str, message: str, level: str = "INFO", **fields: Any) -> None:
            look(source, [f"{message} {Entry(level, message, fields)}"])
            tell(log, source, message, level, **fields)

        logging.StreamHandler.emit = emitted  # type: ignore[method-assign]
        Log.line, Log.event = printed, told  # type: ignore[method-assign]

    def pytest_unconfigure(self) -> None:
        logging.StreamHandler.emit, Log.line, Log.event = self._restore  # type: ignore[method-assign]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Any:
        result = yield
        # After the teardown: a system that ends with a test has been looked at by then.
        if _found:
            told = "; ".join(_found)
            _found.clear()
            pytest.fail(f"a secret in the log: {told}", pytrace=False)
        return result
