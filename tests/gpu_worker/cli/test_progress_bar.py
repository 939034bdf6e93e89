"""The progress bar of the command line."""

from __future__ import annotations

import io
import re

import pytest

from gpu_worker.cli.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "term", "last"),
    [("80", "xterm", f"\r[{'#' * 25}] 100 %\n"), ("20", "xterm", "\r100 %\n"), ("80", "dumb", "\n100 %\n")],
)
def test_bar_ends_at_100_percent_and_never_goes_back(
    columns: str, term: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", term)
    out = Terminal()
    bar = ProgressBar(out)
    for done in (0.0, 0.5, 0.2, 1.0):
        bar.show("encode", done)
    assert "100" not in out.getvalue()
    bar.show("verify", 0.0)
    bar.finish()
    bar.close()
    shown = out.getvalue()
    assert shown.endswith(last)
    percents = [int(found) for found in re.findall(r"(\d+) %", shown)]
    assert percents == sorted(percents)
    assert shown.count("\n") == (1 if term == "xterm" else 3)
