"""The readable log."""

from __future__ import annotations

import json

from local.logs import parse, render


def _format(line: str) -> str | None:
    entry = parse(line)
    return None if entry is None else render(0.0, "api", entry).split(" ", 1)[1]


def test_every_log_format_becomes_one_short_line() -> None:
    powertools = json.dumps({"level": "WARNING", "location": "f:1", "message": "m", "timestamp": "t", "job_id": "j"})
    assert _format(powertools) == "api        WARNING m  job_id=j"
    assert _format('{"requestId": "r", "message": "two\\nlines", "level": "WARN"}') == (
        "api        WARNING two lines  runpod_job_id=r"
    )
    assert _format("INFO   | abc | text") == "api        INFO    text  runpod_job_id=abc"
    assert _format("plain") == "api        INFO    plain"
    assert _format("{broken") == "api        INFO    {broken"
    assert _format('{"level": "ERROR", "message": "m", "exception": "Traceback\\n  x\\nValueError: v"}') == (
        "api        ERROR   m  exception=ValueError: v"
    )


def test_metrics_and_empty_lines_are_omitted() -> None:
    assert parse('{"_aws": {"Timestamp": 1}, "ColdStart": [1.0]}') is None
    assert parse("  ") is None
