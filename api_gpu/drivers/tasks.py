"""Perform flows in asyncio; what they gather runs in tasks, and what blocks in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import httpx2

from api_gpu.core.effects import Block, Effect, Fetch, Flow, Gather, Item, Response, Send, SendFile, Sleep
from api_gpu.drivers.translate import MAX_ERROR_BYTES, headers_of, timeout_of, translated

T = TypeVar("T")


class TaskDriver:
    """Performs flows over one connection pool."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        read_seconds: float,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.http, self._read_seconds, self._sleep = http, read_seconds, sleep

    def with_timeout(self, read_seconds: float) -> TaskDriver:
        """Return a driver with another limit over the same connections."""
        return TaskDriver(self.http, read_seconds, self._sleep)

    async def run(self, flow: Flow[T]) -> T:
        """Perform a flow to its end and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def iterate(self, flow: Flow[None]) -> AsyncIterator[Any]:
        """Perform a flow and yield its items."""
        result: Any = None
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Item):
                    yield effect.value
                    effect = flow.send(None)
                    continue
                try:
                    result = await self._perform(effect)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration:
            return
        finally:
            flow.close()

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send():
                return await self._send(effect)
            case SendFile():
                return await self._send_file(effect)
            case Fetch():
                return await self._fetch(effect)
            case Sleep():
                return await self._sleep(effect.seconds)
            case Block():
                return await asyncio.to_thread(effect.call)
            case Gather():
                return await self._gather(effect)
            case Item():
                raise TypeError("only an iteration has items")

    async def _send(self, effect: Send) -> Response:
        request = effect.request
        with translated(request) as seen:
            response = await self.http.request(
                request.method, request.url, headers=headers_of(request), content=request.content,
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            )  # fmt: skip
            return seen.answer(response, response.content)

    async def _send_file(self, effect: SendFile) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            chunks = effect.source.chunks(effect.offset, effect.size)
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield chunk
                effect.on_sent(len(chunk))

        request = effect.request
        with translated(request) as seen:
            response = await self.http.request(
                request.method, request.url, headers=headers_of(request), content=pieces(),
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            )  # fmt: skip
            return seen.answer(response, response.content)

    async def _fetch(self, effect: Fetch) -> Response:
        request = effect.request
        with translated(request) as seen:
            async with self.http.stream(
                request.method, request.url, headers=headers_of(request),
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            ) as response:  # fmt: skip
                if not response.is_success:
                    body = b""
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > MAX_ERROR_BYTES:
                            break
                    return seen.answer(response, body)
                found = seen.answer(response, b"")
                try:
                    await asyncio.to_thread(effect.sink.begin, found)
                    async for chunk in response.aiter_bytes():
                        await asyncio.to_thread(effect.sink.write, chunk)
                finally:
                    effect.sink.end()
                return found

    async def _gather(self, effect: Gather) -> list[Any]:
        slots = asyncio.Semaphore(effect.limit)

        async def run(flow: Flow[Any]) -> Any:
            async with slots:
                return await self.run(flow)

        tasks = [asyncio.ensure_future(run(flow)) for flow in effect.flows]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            # After the first error, or if the caller is cancelled: nothing goes on in the background.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
