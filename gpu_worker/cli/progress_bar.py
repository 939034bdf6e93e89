"""Progress on stderr: one moving line on a terminal, a line per tenth elsewhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TextIO

from contract.messages import Stage

_BAR = 25
_LINE = len("[] 100 %") + _BAR


class ProgressBar:
    """It never goes back, and shows 100 % exactly when the work has succeeded."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        # A dumb terminal, such as an editor's, does not return to the start of a line.
        self._live = self._out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._shown = -1

    def show(self, stage: Stage, done: float) -> None:
        """Show that the encode has come so far, 0 to 1; other stages take too little time to be shown."""
        if stage == "encode":
            # What follows the encode may still fail.
            self._show(min(99, int(done * 100)))

    def finish(self) -> None:
        """The video is made, with or without an encode."""
        self._show(100)
        self.close()

    def close(self) -> None:
        """Leave the line, so that what is printed next has its own."""
        if self._live and self._shown >= 0:
            self._write("\n")
        self._live = False

    def _show(self, percent: int) -> None:
        if percent <= self._shown:
            return
        if self._live:
            room = shutil.get_terminal_size().columns > _LINE
            bar = f"[{'#' * (percent * _BAR // 100):<{_BAR}}] " if room else ""
            self._write(f"\r{bar}{percent:3} %")
        elif percent // 10 > max(self._shown, 0) // 10:
            self._write(f"{percent // 10 * 10} %\n")
        self._shown = percent

    def _write(self, text: str) -> None:
        # Nobody may be there any more to read it.
        with contextlib.suppress(OSError, ValueError):
            self._out.write(text)
            self._out.flush()
