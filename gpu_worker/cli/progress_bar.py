"""Progress on stderr: one moving line on a terminal, a line per 10 % elsewhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TextIO

from contract.messages import Stage

_BAR_COLUMNS = 25
_LINE_COLUMNS = len("[] 100 %") + _BAR_COLUMNS


class ProgressBar:
    """A bar that never goes back and shows 100 % only after the work has succeeded."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        # A dumb terminal, such as an editor's, cannot return to the start of a line.
        self._live = self._out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._shown = -1

    def show(self, stage: Stage, done: float) -> None:
        """Show the fraction of the encode that is done, 0 to 1. Other stages are too short to be shown."""
        if stage == "encode":
            # The steps after the encode may still fail.
            self._show(min(99, int(done * 100)))

    def finish(self) -> None:
        """Show 100 %: the video is finished, with or without an encode."""
        self._show(100)
        self.close()

    def close(self) -> None:
        """End the line of the bar."""
        if self._live and self._shown >= 0:
            self._write("\n")
        self._live = False

    def _show(self, percent: int) -> None:
        if percent <= self._shown:
            return
        if self._live:
            has_room = shutil.get_terminal_size().columns > _LINE_COLUMNS
            bar = f"[{'#' * (percent * _BAR_COLUMNS // 100):<{_BAR_COLUMNS}}] " if has_room else ""
            self._write(f"\r{bar}{percent:3} %")
        elif percent // 10 > max(self._shown, 0) // 10:
            self._write(f"{percent // 10 * 10} %\n")
        self._shown = percent

    def _write(self, text: str) -> None:
        # The reader of the stream may have gone.
        with contextlib.suppress(OSError, ValueError):
            self._out.write(text)
            self._out.flush()
