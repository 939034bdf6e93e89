"""Record every await at which a task of a program is suspended, and call a function at one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

SuspensionPoint = tuple[str, str, int]
"""File, function and line of the innermost `await` in the program's own files."""


class SuspensionRecorder:
    """Records the suspension points in files below `folder`, in order, and calls `action` once at the point `at`."""

    def __init__(
        self, folder: Path, at: SuspensionPoint | None = None, action: Callable[[], object] = lambda: None
    ) -> None:
        self.points: dict[SuspensionPoint, None] = {}
        self.is_reached = False
        self._folder = folder
        self._at = at
        self._action = action

    @contextmanager
    def record_tasks(self) -> Iterator[None]:
        """Record the tasks that are created in this block, in the running loop."""
        loop = asyncio.get_running_loop()

        def create_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> asyncio.Task[Any]:
            return asyncio.Task(_RecordedCoroutine(coroutine, self._record), loop=loop, **named)

        loop.set_task_factory(create_task)
        try:
            yield
        finally:
            loop.set_task_factory(None)

    def unfinished(self) -> list[str]:
        """Return the program's tasks that are still running."""
        return [
            coroutine.__qualname__
            for task in asyncio.all_tasks()
            if isinstance(coroutine := task.get_coro(), _RecordedCoroutine)
            and self._point_of(coroutine.coroutine) is not None
        ]

    def _record(self, coroutine: Any) -> None:
        point = self._point_of(coroutine)
        if point is None:
            return
        self.points.setdefault(point)
        if point == self._at and not self.is_reached:
            self.is_reached = True
            self._action()

    def _point_of(self, coroutine: Any) -> SuspensionPoint | None:
        frames = [frame for frame in _frames(coroutine) if Path(frame.f_code.co_filename).is_relative_to(self._folder)]
        if not frames:
            return None
        code = frames[-1].f_code
        return Path(code.co_filename).name, code.co_qualname, frames[-1].f_lineno


class _RecordedCoroutine(Coroutine[Any, Any, Any]):
    def __init__(self, coroutine: Coroutine[Any, Any, Any], seen: Callable[[Any], None]) -> None:
        self.coroutine = coroutine
        self.__qualname__ = getattr(coroutine, "__qualname__", repr(coroutine))
        self._record = seen

    def send(self, value: Any) -> Any:
        awaited = self.coroutine.send(value)
        self._record(self.coroutine)
        return awaited

    def throw(self, *error: Any) -> Any:
        awaited = self.coroutine.throw(*error)
        self._record(self.coroutine)
        return awaited

    def close(self) -> None:
        self.coroutine.close()

    def __await__(self) -> Any:
        raise NotImplementedError


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended coroutine and of the awaitables it waits for, innermost last."""
    while coroutine is not None:
        frame = (
            getattr(coroutine, "cr_frame", None)
            or getattr(coroutine, "ag_frame", None)
            or getattr(coroutine, "gi_frame", None)
        )
        if frame is not None:
            yield frame
        inner = (
            getattr(coroutine, "cr_await", None)
            or getattr(coroutine, "ag_await", None)
            or getattr(coroutine, "gi_yieldfrom", None)
        )
        if (
            inner is not None
            and frame is not None
            and not hasattr(inner, "cr_frame")
            and not hasattr(inner, "gi_frame")
        ):
            # A step of an asynchronous generator has no reference to it; a context manager made of the generator has.
            inner = getattr(frame.f_locals.get("self"), "gen", None)
        coroutine = inner
