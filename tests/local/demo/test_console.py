"""Console output of the demo."""

from __future__ import annotations

from local.demo.console import format_bar, format_table


def test_progress_bar_and_table_are_formatted() -> None:
    job = {"status": "IN_PROGRESS", "progress": {"percent": 50, "stage": "encode"}}
    assert format_bar("caption", job) == f"  caption    [{'#' * 12}{'-' * 12}]  50 %  IN_PROGRESS encode"
    assert format_table(("a", "size"), [("bb", "9")]).splitlines() == ["a   size", "--  ----", "bb     9"]
