"""All functions of the application and their execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from local.lambdas.forks import ForkServer
from local.lambdas.pool import Function, FunctionSpec
from local.logs import Log


class Invocable(Protocol):
    """A function. `invoke` raises FunctionError or FunctionTimeoutError."""

    async def invoke(self, event: dict[str, Any]) -> Any: ...


class Functions(Protocol):
    """All functions, started and stopped once, also after a failed start. `of` works before `start`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def of(self, name: str) -> Invocable: ...


MakeFunctions = Callable[[tuple[FunctionSpec, ...], Mapping[str, str], Path, Log], Functions]
"""Takes the functions, their environment variables, a scratch folder and the log."""


class ForkedFunctions:
    """Functions in processes of their own, forked from one that has imported all handlers."""

    def __init__(self, specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path, log: Log) -> None:
        self._forks = ForkServer([spec.module for spec in specs], dict(env), scratch, log)
        self._functions = {spec.name: Function(spec, self._forks, log) for spec in specs}

    async def start(self) -> None:
        await self._forks.start()

    async def stop(self) -> None:
        for function in self._functions.values():
            function.close()
        await self._forks.stop()

    def of(self, name: str) -> Invocable:
        return self._functions[name]
