"""Ports of a dry run: the files at the URLs of inputs, and the history of earlier jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from contract.errors import Code


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of an input's host, after redirects."""

    status: int
    host: str
    """That responded."""
    content_type: str | None = None
    """Without parameters, in lower case."""
    size_bytes: int | None = None
    """Of the whole file; None if the host did not state it."""
    head: bytes = b""
    """The first bytes of the file, if they were requested."""
    index: bytes = b""
    """Bytes from further inside, if the first ones tell where the file's index is."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The reason why there is none, as a worker would report it (`contract.errors`)."""

    code: Code
    reason: str = ""


class InputReader(Protocol):
    def read(self, urls: Mapping[str, bool]) -> Mapping[str, Answer | NoAnswer | None]:
        """Ask for each URL once, several at a time; True requests the first bytes, too.

        None for URLs that there was no time for. Raises nothing.
        """


class CostHistory(Protocol):
    """Totals of an owner's finished jobs of one operation."""

    @property
    def jobs(self) -> int: ...

    @property
    def measured_jobs(self) -> int:
        """Those whose start and idle time were measured."""

    @property
    def execution_ms(self) -> int: ...

    @property
    def start_ms(self) -> int: ...

    @property
    def idle_ms(self) -> int: ...

    @property
    def queue_ms(self) -> int: ...

    @property
    def media_ms(self) -> int:
        """Length of their results."""

    @property
    def billed_seconds(self) -> int: ...

    @property
    def nano_usd(self) -> int:
        """What they cost, in billionths of a dollar."""


class History(Protocol):
    def history(self, owner: str, operation: str, days: int) -> CostHistory:
        """Return the totals of the last days. Raises `domain.errors.Unavailable`."""
