"""Every log line of the whole session is looked at: one with a secret fails its test, and the session.

A log line is what any logger in this process writes, but for those of the tests' own servers; what the functions and
workers of a local system print; what our programs print when a test starts them and reads what they say; and what a
function in Lambda's own runtime prints. What tests print themselves is none.
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
"""Loggers of what plays AWS, RunPod and strangers here: they tell of requests as they come."""
_TALKING = {"": logging.INFO, "gpu_worker": logging.INFO}
"""Loggers that would say less in a test than they do where they run, or than a user may let them say."""
_PLANTED = (
    "planted", "hook-secret-of-the", API_KEY, OTHER_KEY, CALLBACK_SECRET, RUNPOD_KEY,
    "Erste Zeile", "second line", "the whole way",
)  # fmt: skip
"""Values of the suite's fixtures: keys and secrets, words in queries (`?token=planted`), the texts of captions."""
_SECRET = re.compile(
    "|".join(map(re.escape, _PLANTED))
    + r"|X-Amz-(?:Signature|Credential|Security-Token)=(?!\[secret\])|whsec_[A-Za-z0-9+/]{8}"
    + r"|/runpod/(?:webhook|progress)/[^/\s\"]+/\d+-[\w-]{20}|\b\d{1,4}-[A-Za-z0-9_-]{43}\b|ag_[A-Za-z0-9_-]{43}"
)
_OURS = re.compile(r"(?:local|gpu_worker)(?:\.\w+)*|.*/(?:local|gpu_worker)/\w+\.py")
"""The arguments that say that a program is ours, and no tool of an operator's: those show keys to who asks for them."""
_SHOWN = re.compile(r"^(?:api-gpu ready|callback secret|samples): .*$", re.MULTILINE)
"""What `local` tells whoever started it."""
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


class LogScan(SessionChecks):
    """A plugin of pytest's."""

    what = "a secret in the log"

    def __init__(self) -> None:
        super().__init__()
        self._restore = (logging.StreamHandler.emit, Log.line, Log.event, subprocess.Popen.communicate)
        self._levels = {name: logging.getLogger(name).level for name in _TALKING}

    def complaints(self) -> list[str]:
        # A line comes once for each handler.
        found = list(dict.fromkeys(_found))
        _found.clear()
        return found

    def pytest_configure(self) -> None:
        emit, write, tell, communicate = self._restore

        @wraps(emit)
        def emitted(handler: logging.StreamHandler[Any], record: logging.LogRecord) -> None:
            if not record.name.startswith(_SERVERS_OF_TESTS):
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

        @wraps(communicate)
        def said(process: subprocess.Popen[Any], *args: Any, **named: Any) -> tuple[Any, Any]:
            streams = communicate(process, *args, **named)
            if _is_ours(process.args):
                for stream in filter(None, streams):
                    text = stream if isinstance(stream, str) else stream.decode(errors="replace")
                    look("a program", _SHOWN.sub("", text).splitlines())
            return streams

        logging.StreamHandler.emit = emitted  # type: ignore[method-assign]
        Log.line, Log.event = printed, told  # type: ignore[method-assign]
        subprocess.Popen.communicate = said  # type: ignore[method-assign]
        for name, level in _TALKING.items():
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
