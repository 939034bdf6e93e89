"""Effects: the requests of a flow to its driver."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `url` is absolute; `read_seconds` replaces the usual timeout of a read."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    read_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. The names of `headers` are in lower case; `body` is empty if it went into a sink."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Source(Protocol):
    """A file to send, on disk or open."""

    name: str
    size: int

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield a range of the file in pieces."""


class Sink(Protocol):
    """The destination of a download."""

    def begin(self, response: Response) -> None:
        """Prepare for the body of a success."""

    def write(self, chunk: bytes) -> None:
        """Take a piece of it."""

    def end(self) -> None:
        """Finish, also after an error."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request. Result: the `Response`; raises APIConnectionError."""

    request: Request


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send a range of a file as the body. `on_sent` gets the number of bytes of each piece."""

    request: Request
    source: Source
    offset: int
    size: int
    on_sent: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Send a request and write the body of a success into the sink."""

    request: Request
    sink: Sink


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Block:
    """Call a function that reads or writes files. Result: its result."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Gather:
    """Run flows at the same time, at most `limit` of them. Result: theirs, in order; the first error ends all."""

    flows: Sequence[Generator[Any, Any, Any]]
    limit: int


@dataclass(frozen=True, slots=True)
class Item:
    """Hand a value to the caller, who iterates."""

    value: Any


Effect: TypeAlias = Send | SendFile | Fetch | Sleep | Block | Gather | Item
Flow: TypeAlias = Generator[Effect, Any, T]
