"""Crash points of a use case: before and after every call that it makes to a port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

_MAKES_NO_CALL = {"presign_put", "presign_get"}

Port = TypeVar("Port")


class Crash(BaseException):
    """The process dies. Nothing in the product catches this."""


def crash() -> None:
    raise Crash


class CrashPoints:
    """Counts the boundaries of calls to wrapped ports: 2n is before call number n, 2n + 1 after it."""

    def __init__(self) -> None:
        self.boundary_count = 0
        self.names: list[str] = []
        self._at: int | str | None = None
        self._left = 0
        self._act: Callable[[], object] = crash
        self.on_boundary: Callable[[], object] | None = None
        """Called at each boundary, for the scheduler of threads."""

    def wrap(self, port: Port) -> Port:
        return cast("Port", _WrappedPort(port, self))

    def plan(self, at: int | str | None, act: Callable[[], object] = crash, nth: int = 1) -> None:
        """Restart the count and call `act` once: at the boundary of this number, or at the `nth` of this name."""
        self.boundary_count, self.names, self._at, self._act, self._left = 0, [], at, act, nth

    def clear_plan(self) -> None:
        self._at = None

    def boundary(self, name: str) -> None:
        here = self.boundary_count
        self.boundary_count += 1
        self.names.append(name)
        if self.on_boundary is not None:
            self.on_boundary()
        if self._at in {here, name}:
            self._left -= 1
            if self._left <= 0:
                self._at = None
                self._act()


class _WrappedPort:
    def __init__(self, port: object, crash_points: CrashPoints) -> None:
        self._port = port
        self._gate = crash_points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name in _MAKES_NO_CALL or not callable(method):
            return method

        def call(*args: Any, **named: Any) -> Any:
            self._gate.boundary(f"before {name}")
            result = method(*args, **named)
            self._gate.boundary(f"after {name}")
            return result

        return call
