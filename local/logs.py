"""The readable log: one short line per event from any source and in any format.

Powertools writes JSON lines, the runpod SDK writes JSON lines of another format or `LEVEL | id | text`,
metrics are EMF documents. The Lambdas' JSON stays JSON in production; only here it is reformatted.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

_TAIL = 60
_DROPPED_MESSAGES = (
    "--- Starting Serverless Worker |",
    "Jobs in queue: ",
    "Jobs in progress: ",
    "Started.",
    "Finished.",
)
_NOISE = frozenset(
    [
        "level",
        "message",
        "msg",
        "timestamp",
        "location",
        "service",
        "cold_start",
        "function_name",
        "function_memory_size",
        "function_arn",
        "function_request_id",
        "sampling_rate",
        "xray_trace_id",
        "requestId",
        "exception",
        "stack_trace",
        "correlation_id",
    ]
)
_SDK_LINE = re.compile(r"(?P<level>DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\s*\| (?:(?P<id>\S+) \| )?(?P<message>.*)")
_COLORS = {"WARNING": "\033[33m", "ERROR": "\033[31m", "CRITICAL": "\033[31m"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: its level, what happened, and its relevant fields."""

    level: str
    message: str
    fields: Mapping[str, Any]


def parse(line: str) -> Entry | None:
    """Parse one printed line; None for metrics, empty lines and SDK noise."""
    text = line.strip()
    if not text:
        return None
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            return Entry("INFO", text, {})
        if isinstance(document, dict):
            return _from_json(document)
    sdk = _SDK_LINE.fullmatch(text)
    if sdk is not None:
        fields = {"runpod_job_id": sdk["id"]} if sdk["id"] else {}
        return _drop_noise(Entry(_normalize_level(sdk["level"]), sdk["message"], fields))
    return _drop_noise(Entry("INFO", text, {}))


def _from_json(document: dict[str, Any]) -> Entry | None:
    if "_aws" in document:
        return None
    message = document.get("message") or document.pop("event", "")
    fields = {key: value for key, value in document.items() if key not in _NOISE and value is not None}
    if document.get("requestId"):
        fields["runpod_job_id"] = document["requestId"]
    if document.get("exception"):
        fields["exception"] = str(document["exception"]).rstrip().splitlines()[-1]
    text = message if isinstance(message, str) else json.dumps(message, default=str)
    return _drop_noise(Entry(_normalize_level(str(document.get("level", "INFO"))), text, fields))


def _drop_noise(entry: Entry) -> Entry | None:
    return None if entry.message.startswith(_DROPPED_MESSAGES) else entry


def _normalize_level(name: str) -> str:
    upper = name.upper()
    return "WARNING" if upper == "WARN" else upper


def render(when: float, source: str, entry: Entry, *, color: bool = False) -> str:
    """Format an entry as one line: `12:34:56.789 source      LEVEL   message  key=value …`."""
    clock = time.strftime("%H:%M:%S", time.localtime(when)) + f".{int(when % 1 * 1000):03d}"
    fields = " ".join(f"{key}={_shorten(value)}" for key, value in entry.fields.items())
    message = " ".join(entry.message.split())
    line = f"{clock} {source:<10} {entry.level:<7} {message[:400]}" + (f"  {fields}" if fields else "")
    tint = _COLORS.get(entry.level) if color else None
    return f"{tint}{line}\033[0m" if tint else line


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))
    return " ".join(text.split())[:200]


class Log:
    """The log of the whole local system. `stream=None` keeps it silent; `raw` gets unchanged lines."""

    def __init__(
        self, stream: TextIO | None = sys.stderr, clock: Callable[[], float] = time.time, raw: TextIO | None = None
    ) -> None:
        self._stream = stream
        self._raw = raw
        self._clock = clock
        self._color = stream is not None and stream.isatty()
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def event(self, source: str, message: str, level: str = "INFO", **fields: Any) -> None:
        self._write(source, Entry(level, message, fields))

    def line(self, source: str, line: str) -> None:
        """Log one line that a process printed."""
        if self._raw is not None:
            print(line, file=self._raw, flush=True)
        entry = parse(line)
        if entry is not None:
            self._write(source, entry)

    def tail(self) -> list[str]:
        """Return the last lines, also of a silent log."""
        return list(self._tail)

    def _write(self, source: str, entry: Entry) -> None:
        line = render(self._clock(), source, entry, color=self._color)
        self._tail.append(line)
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):
            # The reader of the log has closed it; the system continues without.
            self._stream = None
