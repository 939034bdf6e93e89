"""Exit codes. docs/cli.md and the help state them, and scripts depend on them."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Exit codes."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SIGNED_OUT = 3
    NOT_FOUND = 4
    TRY_LATER = 5
    STILL_RUNNING = 6
    INTERRUPTED = 130


MEANINGS = {
    Code.OK: "done",
    Code.FAILED: "the job failed",
    Code.USAGE: "wrong command or request",
    Code.SIGNED_OUT: "key refused or missing",
    Code.NOT_FOUND: "not found",
    Code.TRY_LATER: "try again later",
    Code.STILL_RUNNING: "still running",
    Code.INTERRUPTED: "Ctrl-C",
}


class Stop(Exception):
    """Ends the command with a sentence for a person and an exit code."""

    def __init__(self, code: Code, sentence: str = "", *, problem: str | None = None, is_printed: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.is_printed = is_printed
        """True if stdout has the JSON of the command already."""
        self.problem = problem
        """The stable code of the problem in JSON; None for one that follows from `code`."""


def usage(sentence: str) -> Stop:
    """Return the end of a command that is wrong."""
    return Stop(Code.USAGE, sentence, problem="usage")
