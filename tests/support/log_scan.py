"""Scan of every log line of the session: one with a secret fails its test, or the run.

Log lines are the output of all loggers in this process except those of the tests' servers; of the functions and workers
of a local system; of our programs that a test starts; and of functions in Lambda's runtime. Output of tests is not.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Iterable
from functools import wraps
from pathlib import Path
from typing import Any

from local.logs import Entry, Log
from local.settings import API_KEY, CALLBACK_SECRET, OTHER_KEY, RUNPOD_KEY
from tests.support.session_checks import SessionChecks

_SERVERS_OF_TESTS = ("werkzeug", "moto", "aiohttp.access", "aiohttp.server", "aiohttp.web")
"""Loggers of the servers that stand in for AWS, RunPod and clients: they log raw requests."""
_LEVELS = {"": logging.INFO, "gpu_worker": logging.INFO}
"""Levels of loggers that are less verbose in a test than in production or by a user's choice."""
_PLANTED = (
    "planted", "hook-secret-of-the", API_KEY, OTHER_KEY, CALLBACK_SECRET, RUNPOD_KEY,
    "Erste Zeile", "second line", "the whole way",
)  # fmt: skip
"""Values of the suite's fixtures: keys and secrets, words in queries (`?token=planted`), caption texts."""
_SECRET = re.compile(
    "|".join(map(re.escape, _PLANTED))
    + r"|X-Amz-(?:Signature|Credential|Security-Token)=(?!\[secret\])|whsec_[A-Za-z0-9+/]{8}"
    + r"|\b[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{43}\b"
    + r"|/runpod/(?:webhook|progress)/[^/\s\"]+/\d+-[\w-]{20}|\b\d{1,4}-[A-Za-z0-9_-]{43}\b|ag_[A-Za-z0-9_-]{43}"
)
_OURS = re.compile(r"(?:local|gpu_worker)(?:\.\w+)*|.*/(?:local|gpu_worker)/\w+\.py")
"""Arguments of our programs, unlike operators' tools, which show keys on request."""
_FOR_USER = re.compile(r"^(?:api-gpu ready|callback secret|samples): .*$", re.MULTILINE)
"""Lines that `local` prints for its user."""
_found: list[str] = []


def find_leak(line: str) -> str | None:
    """Return the first characters of a secret in the line, few enough that reporting them leaks nothing."""
    match = _SECRET.search(line)
    return f"{match[0][:12]}…" if match else None


def scan(source: str, lines: Iterable[str]) -> None:
    """Record the secrets in lines that `source` logged."""
    for line in lines:
        leak = find_leak(line)
        if leak is not None:
            test = os.environ.get("PYTEST_CURRENT_TEST", "between tests")
            _found.append(f"{source} logged {leak} in {test}: …{line[:120]!r}")


class LogScan(SessionChecks):
    """A pytest plugin that scans all output."""

    what = "a secret in the log"

    def __init__(self) -> None:
        super().__init__()
        self._restore = (logging.StreamHandler.emit, Log.line, Log.event, subprocess.Popen.communicate)
        self._levels = {name: logging.getLogger(name).level for name in _LEVELS}

    def new_violations(self) -> list[str]:
        # Every handler formats a line again.
        found = list(dict.fromkeys(_found))
        _found.clear()
        return found

    def pytest_configure(self) -> None:
        emit, write, tell, communicate = self._restore

        @wraps(emit)
        def scan_and_emit(handler: logging.StreamHandler[Any], record: logging.LogRecord) -> None:
            if not record.name.startswith(_SERVERS_OF_TESTS):
                scan(record.name, [handler.format(record)])
            emit(handler, record)

        @wraps(write)
        def scan_and_write(log: Log, source: str, line: str) -> None:
            scan(source, [line])
            write(log, source, line)

        @wraps(tell)
        def scan_and_log(log: Log, source: str, message: str, level: str = "INFO", **fields: Any) -> None:
            scan(source, [f"{message} {Entry(level, message, fields)}"])
            tell(log, source, message, level, **fields)

        @wraps(communicate)
        def scan_and_communicate(process: subprocess.Popen[Any], *args: Any, **named: Any) -> tuple[Any, Any]:
            streams = communicate(process, *args, **named)
            if _is_ours(process.args):
                for stream in filter(None, streams):
                    text = stream if isinstance(stream, str) else stream.decode(errors="replace")
                    scan("a program", _FOR_USER.sub("", text).splitlines())
            return streams

        logging.StreamHandler.emit = scan_and_emit  # type: ignore[method-assign]
        Log.line, Log.event = scan_and_write, scan_and_log  # type: ignore[method-assign]
        subprocess.Popen.communicate = scan_and_communicate  # type: ignore[method-assign]
        for name, level in _LEVELS.items():
            logging.getLogger(name).setLevel(level)

    def pytest_unconfigure(self) -> None:
        emit, write, tell, communicate = self._restore
        logging.StreamHandler.emit = emit  # type: ignore[method-assign]
        Log.line, Log.event = write, tell  # type: ignore[method-assign]
        subprocess.Popen.communicate = communicate  # type: ignore[method-assign]
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)


def _is_ours(argv: Any) -> bool:
    words = [os.fspath(word) for word in argv] if isinstance(argv, list | tuple) else [argv]
    python, *rest = (os.fsdecode(word) for word in words)
    return Path(python).name.startswith("python") and any(_OURS.fullmatch(word) for word in rest)
