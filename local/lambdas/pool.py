"""Lambda's own rules: one event per environment at a time, more environments up to a limit, timeouts, crashes."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from local.lambdas.forks import Environment, EnvironmentDiedError, ForkServer
from local.logs import Log


class FunctionError(Exception):
    """The handler raised, or its environment died."""


class FunctionTimeoutError(Exception):
    """The handler exceeded its function's timeout."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function as template.yaml would describe it. `timeout` in seconds."""

    name: str
    module: str
    concurrency: int
    timeout: float


class Function:
    """A function and its execution environments."""

    def __init__(self, spec: FunctionSpec, forks: ForkServer, log: Log) -> None:
        self.spec = spec
        self._forks = forks
        self._log = log
        self._slots = asyncio.Semaphore(spec.concurrency)
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()

    @property
    def size(self) -> int:
        """Return the current number of environments."""
        return len(self._idle) + len(self._busy)

    async def invoke(self, event: dict[str, Any]) -> Any:
        """Handle one event, once fewer than `concurrency` do. Raises FunctionError, FunctionTimeoutError."""
        async with self._slots:
            environment = self._idle.pop() if self._idle else await self._fork()
            self._busy.add(environment)
            healthy = False
            try:
                async with asyncio.timeout(self.spec.timeout):
                    request = {"event": event, "request_id": str(uuid.uuid4()), "seconds": self.spec.timeout}
                    reply = await environment.call(request)
                healthy = True
            except TimeoutError:
                self._log.event(self.spec.name, f"timed out after {self.spec.timeout:g} s", "ERROR")
                raise FunctionTimeoutError(self.spec.name) from None
            except EnvironmentDiedError:
                self._log.event(self.spec.name, "execution environment died", "ERROR", pid=environment.pid)
                raise FunctionError("the execution environment died") from None
            finally:
                self._busy.discard(environment)
                if healthy:
                    self._idle.append(environment)
                else:
                    # Also after a cancellation: the environment is in the middle of an event.
                    environment.kill()
        if not reply["ok"]:
            self._log.event(self.spec.name, "handler raised", "ERROR", error=reply["error"])
            raise FunctionError(reply["error"])
        return reply["result"]

    def close(self) -> None:
        for environment in self._idle:
            environment.close()
        for environment in self._busy:
            environment.kill()
        self._idle.clear()

    async def _fork(self) -> Environment:
        try:
            return await self._forks.fork(self.spec.name, self.spec.module)
        except (RuntimeError, OSError) as error:
            raise FunctionError(str(error)) from None
