"""Perform flows in the calling thread; what they gather runs in further threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpx2

from api_gpu.core.effects import Block, Effect, Fetch, Flow, Gather, Item, Response, Send, SendFile, Sleep
from api_gpu.drivers.translate import MAX_ERROR_BYTES, headers_of, timeout_of, translated
from api_gpu.errors import ApiGpuError

T = TypeVar("T")
_LOOK_SECONDS = 0.2


class Stopped(ApiGpuError):
    """Another part of the same call has failed."""


class ThreadDriver:
    """Performs flows over one connection pool."""

    def __init__(self, http: httpx2.Client, read_seconds: float, sleep: Callable[[float], object] = time.sleep) -> None:
        self.http, self._read_seconds, self._sleep = http, read_seconds, sleep

    def with_timeout(self, read_seconds: float) -> ThreadDriver:
        """Return a driver with another limit over the same connections."""
        return ThreadDriver(self.http, read_seconds, self._sleep)

    def run(self, flow: Flow[T], stop: threading.Event | None = None) -> T:
        """Perform a flow to its end and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect, stop)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def iterate(self, flow: Flow[None]) -> Iterator[Any]:
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
                    result = self._perform(effect, None)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration:
            return
        finally:
            flow.close()

    def _perform(self, effect: Effect, stop: threading.Event | None) -> Any:
        if stop is not None and stop.is_set():
            raise Stopped("stopped")
        match effect:
            case Send():
                return self._send(effect)
            case SendFile():
                return self._send_file(effect, stop)
            case Fetch():
                return self._fetch(effect, stop)
            case Sleep():
                return self._sleep(effect.seconds) if stop is None else stop.wait(effect.seconds)
            case Block():
                return effect.call()
            case Gather():
                return self._gather(effect, stop)
            case Item():
                raise TypeError("only an iteration has items")

    def _send(self, effect: Send) -> Response:
        request = effect.request
        with translated(request) as seen:
            response = self.http.request(
                request.method, request.url, headers=headers_of(request), content=request.content,
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            )  # fmt: skip
            return seen.answer(response, response.content)

    def _send_file(self, effect: SendFile, stop: threading.Event | None) -> Response:
        def pieces() -> Iterator[bytes]:
            for chunk in effect.source.chunks(effect.offset, effect.size):
                if stop is not None and stop.is_set():
                    raise Stopped("stopped")
                yield chunk
                effect.on_sent(len(chunk))

        request = effect.request
        with translated(request) as seen:
            response = self.http.request(
                request.method, request.url, headers=headers_of(request), content=pieces(),
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            )  # fmt: skip
            return seen.answer(response, response.content)

    def _fetch(self, effect: Fetch, stop: threading.Event | None) -> Response:
        request = effect.request
        with (
            translated(request) as seen,
            self.http.stream(
                request.method, request.url, headers=headers_of(request),
                timeout=timeout_of(request, self._read_seconds), follow_redirects=False,
            ) as response,
        ):  # fmt: skip
            if not response.is_success:
                body = b""
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ERROR_BYTES:
                        break
                return seen.answer(response, body)
            found = seen.answer(response, b"")
            try:
                effect.sink.begin(found)
                for chunk in response.iter_bytes():
                    if stop is not None and stop.is_set():
                        raise Stopped("stopped")
                    effect.sink.write(chunk)
            finally:
                effect.sink.end()
            return found

    def _gather(self, effect: Gather, outer: threading.Event | None) -> list[Any]:
        """Run flows in daemon threads: after Ctrl-C nobody waits for a part that is still sending."""
        if len(effect.flows) == 1:
            return [self.run(effect.flows[0], outer)]
        stop = threading.Event()
        todo = deque(enumerate(effect.flows))
        done: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()

        def work() -> None:
            while todo and not stop.is_set():
                with suppress(IndexError):
                    index, flow = todo.popleft()
                    try:
                        done.put((index, self.run(flow, stop), None))
                    except BaseException as error:  # noqa: BLE001 - raised by the caller
                        done.put((index, None, error))

        count = max(1, min(effect.limit, len(effect.flows)))
        threads = [threading.Thread(target=work, name="api-gpu", daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            results = _collect(done, len(effect.flows), outer)
        finally:
            stop.set()
        return results


def _collect(
    done: SimpleQueue[tuple[int, Any, BaseException | None]], count: int, outer: threading.Event | None
) -> list[Any]:
    """Return the results in order, or raise the first error."""
    results: dict[int, Any] = {}
    while len(results) < count:
        try:
            # A wait without an end would miss a Ctrl-C that comes just before it.
            index, result, error = done.get(timeout=_LOOK_SECONDS)
        except Empty:
            if outer is not None and outer.is_set():
                raise Stopped("stopped") from None
            continue
        if error is not None:
            raise error
        results[index] = result
    return [results[index] for index in range(count)]
