"""The boundaries of a use case: every call it makes into a port, before it takes effect and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

_MAKES_NO_CALL = {"presign_put", "presign_get"}

Port = TypeVar("Port")


class Crash(BaseException):
    """The process is gone. Nothing in the product catches it."""


def crash() -> None:
    raise Crash


class Gate:
    """Ports handed out by `around` pass here. Boundary 2n is before the call number n, 2n + 1 is after it."""

    def __init__(self) -> None:
        self.passed = 0
        self.names: list[str] = []
        self._at: int | str | None = None
        self._left = 0
        self._act: Callable[[], object] = crash
        self.every: Callable[[], object] | None = None
        """Called at each boundary, for whoever schedules threads."""

    def around(self, port: Port) -> Port:
        return cast("Port", _Gated(port, self))

    def plan(self, at: int | str | None, act: Callable[[], object] = crash, nth: int = 1) -> None:
        """Count from here, and call `act` once: at the boundary of this number, or the `nth` of this name."""
        self.passed, self.names, self._at, self._act, self._left = 0, [], at, act, nth

    def forget_plan(self) -> None:
        self._at = None

    def boundary(self, name: str) -> None:
        here = self.passed
        self.passed += 1
        self.names.append(name)
        if self.every is not None:
            self.every()
        if self._at in {here, name}:
            self._left -= 1
            if self._left <= 0:
                self._at = None
                self._act()


class _Gated:
    def __init__(self, port: object, gate: Gate) -> None:
        self._port = port
        self._gate = gate

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
