"""The two streams: stdout is for data, stderr for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

_CONTROL = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")


class Console:
    """Prints data, sentences and tables. Control characters of others never reach a terminal."""

    def __init__(
        self, out: TextIO, err: TextIO, environ: Mapping[str, str], *, is_json: bool, is_quiet: bool, verbose: int
    ) -> None:
        self._out, self._err = out, err
        self.is_json, self.is_quiet, self.verbose = is_json, is_quiet, verbose
        self.is_live = is_animated(err, environ) and not is_quiet
        self.is_table = out.isatty()
        self.columns = _columns(err)

    def data(self, text: str) -> None:
        """Print one line of data."""
        print(text.translate(_CONTROL), file=self._out, flush=True)

    def json(self, value: Any) -> None:
        """Print one object."""
        self._write_json(json.dumps(value, ensure_ascii=False, indent=2, default=str))

    def json_line(self, value: Any) -> None:
        """Print one object on a line of its own."""
        self._write_json(json.dumps(value, ensure_ascii=False, default=str))

    def say(self, text: str) -> None:
        """Tell a person something, unless they asked for quiet."""
        if not self.is_quiet:
            self.warn(text)

    def detail(self, text: str) -> None:
        """Tell a person who asked for details."""
        if self.verbose:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Tell a person something in any case."""
        print(text.translate(_CONTROL), file=self._err, flush=True)

    def draw(self, text: str) -> None:
        """Write to the terminal of the person as it is, such as a moving line."""
        self._err.write(text)
        self._err.flush()

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows: in columns with titles on a terminal, else separated by tabs without titles."""
        if not self.is_table:
            for row in rows:
                self.data("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
            return
        lines = [[cell.replace("\n", " ") for cell in row] for row in (titles, *rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
        for line in lines:
            self.data("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

    def _write_json(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def is_animated(err: TextIO, environ: Mapping[str, str]) -> bool:
    """Return True if lines may move: on a terminal of a person who did not ask for plain text."""
    is_plain = environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM", "dumb") == "dumb"
    return err.isatty() and not is_plain


def _columns(err: TextIO) -> int:
    try:
        return os.get_terminal_size(err.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def standard_streams() -> tuple[TextIO, TextIO]:
    """Return stdout and stderr, which print names of files that are not valid text, too."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return sys.stdout, sys.stderr
