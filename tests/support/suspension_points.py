"""Where a program waits: every place at which one of its tasks gives way to others, and a blow that strikes there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

Place = tuple[str, str, int]
"""File, function and line of the innermost `await` of the program's own."""


class Watch:
    """Notes the places below `folder` in the order in which they were first reached, and strikes at one of them."""

    def __init__(self, folder: Path, at: Place | None = None, strike: Callable[[], object] = lambda: None) -> None:
        self.places: dict[Place, None] = {}
        self.struck = False
        self._folder = folder
        self._at = at
        self._strike = strike

    @contextmanager
    def over_tasks(self) -> Iterator[None]:
        """Watch the tasks that begin in this block, in the running loop."""
        loop = asyncio.get_running_loop()

        def watched(loop: asyncio.AbstractEventLoop, part: Any, **named: Any) -> asyncio.Task[Any]:
            return asyncio.Task(_Watched(part, self._seen), loop=loop, **named)

        loop.set_task_factory(watched)
        try:
            yield
        finally:
            loop.set_task_factory(None)

    def unfinished(self) -> list[str]:
        """Tasks of the program that are not over."""
        return [
            part.__qualname__
            for task in asyncio.all_tasks()
            if isinstance(part := task.get_coro(), _Watched) and self._place(part.part) is not None
        ]

    def _seen(self, part: Any) -> None:
        place = self._place(part)
        if place is None:
            return
        self.places.setdefault(place)
        if place == self._at and not self.struck:
            self.struck = True
            self._strike()

    def _place(self, part: Any) -> Place | None:
        own = [frame for frame in _frames(part) if Path(frame.f_code.co_filename).is_relative_to(self._folder)]
        if not own:
            return None
        code = own[-1].f_code
        return Path(code.co_filename).name, code.co_qualname, own[-1].f_lineno


class _Watched(Coroutine[Any, Any, Any]):
    def __init__(self, part: Coroutine[Any, Any, Any], seen: Callable[[Any], None]) -> None:
        self.part = part
        self.__qualname__ = getattr(part, "__qualname__", repr(part))
        self._seen = seen

    def send(self, value: Any) -> Any:
        awaited = self.part.send(value)
        self._seen(self.part)
        return awaited

    def throw(self, *error: Any) -> Any:
        awaited = self.part.throw(*error)
        self._seen(self.part)
        return awaited

    def close(self) -> None:
        self.part.close()

    def __await__(self) -> Any:
        raise NotImplementedError


def _frames(part: Any) -> Iterator[FrameType]:
    """Of a suspended coroutine and what it awaits, the innermost last."""
    while part is not None:
        frame = getattr(part, "cr_frame", None) or getattr(part, "ag_frame", None) or getattr(part, "gi_frame", None)
        if frame is not None:
            yield frame
        inner = (
            getattr(part, "cr_await", None) or getattr(part, "ag_await", None) or getattr(part, "gi_yieldfrom", None)
        )
        if (
            inner is not None
            and frame is not None
            and not hasattr(inner, "cr_frame")
            and not hasattr(inner, "gi_frame")
        ):
            # A step of an asynchronous generator does not say whose it is; a context manager made of one does.
            inner = getattr(frame.f_locals.get("self"), "gen", None)
        part = inner
