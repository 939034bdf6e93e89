"""Execution environments: one event at a time, growth, crashes, timeouts, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from local.apigateway.gateway import MAX_BODY_BYTES, Gateway
from local.lambdas.forks import ForkServer
from local.lambdas.pool import Function, FunctionError, FunctionSpec, FunctionTimeoutError
from local.logs import Log
from local.servers import Server, bind
from tests.local.support import eventually, has_exited

MODULE = "tests.local.stub_functions"


@contextlib.asynccontextmanager
async def function(tmp_path: Path, **spec: Any) -> AsyncIterator[tuple[Function, io.StringIO]]:
    log = io.StringIO()
    env = {"PATH": os.environ["PATH"], "TABLE_NAME": "from-settings"}
    forks = ForkServer([MODULE], env, tmp_path, Log(log))
    await forks.start()
    settings: dict[str, Any] = {"name": "stub", "module": MODULE, "concurrency": 3, "timeout": 20.0}
    one = Function(FunctionSpec(**(settings | spec)), forks, Log(log))
    try:
        yield one, log
    finally:
        one.close()
        await forks.stop()


def test_handler_gets_the_event_and_context_of_lambda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def scenario() -> None:
        async with function(tmp_path) as (stub, log):
            answer = await stub.invoke({"a": ["é", 1.5, None]})
            assert answer["event"] == {"a": ["é", 1.5, None]}
            assert (answer["env"], answer["proxy"]) == ("from-settings", None)
            assert answer["arn"].endswith(":function:stub")
            assert 19_000 < answer["left"] <= 20_000
            # Imported once, by the fork server, not by the environment.
            assert answer["loaded_in"] != answer["pid"]
            await eventually(lambda: "echo by stub" in log.getvalue())

    asyncio.run(scenario())


def test_environment_is_reused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _):
            pids = {(await stub.invoke({}))["pid"] for _ in range(5)}
            assert len(pids) == 1

    asyncio.run(scenario())


def test_each_environment_runs_one_event_at_a_time_up_to_the_limit(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _):
            runs = await asyncio.gather(*(stub.invoke({"do": "sleep", "seconds": 0.3}) for _ in range(7)))
            assert stub.size == 3
            by_pid: dict[int, list[tuple[float, float]]] = {}
            for run in runs:
                by_pid.setdefault(run["pid"], []).append((run["from"], run["to"]))
            assert len(by_pid) == 3
            for spans in by_pid.values():
                spans.sort()
                assert all(before[1] <= after[0] for before, after in pairwise(spans))

    asyncio.run(scenario())


@pytest.mark.parametrize(("do", "message"), [("raise", "ValueError: as requested"), ("unserializable", "TypeError")])
def test_environment_survives_an_exception(tmp_path: Path, do: str, message: str) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, log):
            before = (await stub.invoke({}))["pid"]
            with pytest.raises(FunctionError, match=message):
                await stub.invoke({"do": do})
            assert (await stub.invoke({}))["pid"] == before
            assert "handler raised" in log.getvalue()

    asyncio.run(scenario())


def test_crash_ends_one_environment(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _):
            before = (await stub.invoke({}))["pid"]
            with pytest.raises(FunctionError):
                await stub.invoke({"do": "exit"})
            assert stub.size == 0
            assert (await stub.invoke({}))["pid"] != before

    asyncio.run(scenario())


def test_timeout_kills_the_environment_and_its_children(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path, timeout=0.6) as (stub, _):
            first = psutil.Process((await stub.invoke({}))["pid"])
            invocation = asyncio.create_task(stub.invoke({"do": "child"}))
            [child] = await eventually(first.children)
            with pytest.raises(FunctionTimeoutError):
                await invocation
            await eventually(lambda: not first.is_running() and not child.is_running())
            assert (await stub.invoke({}))["pid"] != first.pid

    asyncio.run(scenario())


def test_missing_module_is_a_function_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path, module="tests.local.nowhere") as (stub, _):
            with pytest.raises(FunctionError, match="ModuleNotFoundError"):
                await stub.invoke({})

    asyncio.run(scenario())


def test_stop_during_an_event_leaves_no_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        before = set(psutil.Process().children(recursive=True))
        async with function(tmp_path) as (stub, _):
            await asyncio.gather(*(stub.invoke({"do": "sleep", "seconds": 0.1}) for _ in range(2)))
            busy = asyncio.create_task(stub.invoke({"do": "sleep", "seconds": 60}))
            await asyncio.sleep(0.2)
            started = set(psutil.Process().children(recursive=True)) - before
            assert len(started) >= 3
        with pytest.raises(FunctionError):
            await busy
        await eventually(lambda: all(map(has_exited, started)), 3.0)

    asyncio.run(scenario())


@contextlib.asynccontextmanager
async def gateway(stub: Function) -> AsyncIterator[tuple[Gateway, str, aiohttp.ClientSession]]:
    front = Gateway(stub, stub, Log(None))
    server = Server(front.app, bind())
    await server.start()
    try:
        async with aiohttp.ClientSession(trust_env=False) as session:
            yield front, server.url, session
    finally:
        await server.stop()


def test_http_request_becomes_an_event_and_its_response_http(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _), gateway(stub) as (_, url, session):
            async with session.post(f"{url}/a%20b?x=1", json={"é": 1}, headers={"X-API-Key": "k"}) as answer:
                assert answer.status == 200
                event = (await answer.json())["event"]
            assert (event["rawPath"], event["rawQueryString"], event["body"]) == ("/a b", "x=1", '{"\\u00e9": 1}')
            assert event["headers"]["x-api-key"] == "k"
            assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"

    asyncio.run(scenario())


def test_gateway_status_of_a_broken_function(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            function(tmp_path, module="tests.local.nowhere") as (stub, _),
            gateway(stub) as (_, url, session),
            session.get(url) as answer,
        ):
            assert (answer.status, await answer.json()) == (500, {"message": "Internal Server Error"})
        async with function(tmp_path, timeout=0.3) as (stub, _), gateway(stub) as (_, url, session):
            began = time.monotonic()
            async with session.get(f"{url}/slow") as answer:
                assert (answer.status, await answer.json()) == (503, {"message": "Service Unavailable"})
            # The function would take a minute.
            assert time.monotonic() - began < 30

    asyncio.run(scenario())


def test_a_body_over_ten_megabytes_never_reaches_the_function(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _), gateway(stub) as (_, url, session):
            body = io.BytesIO(b"x" * (MAX_BODY_BYTES + 1))
            async with session.post(url, data=body) as answer:
                assert answer.status == 413
            assert stub.size == 0

    asyncio.run(scenario())


def test_closing_gateway_accepts_only_webhooks(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with function(tmp_path) as (stub, _), gateway(stub) as (front, url, session):
            front.close_to_clients()
            async with session.get(f"{url}/job/1") as answer:
                assert answer.status == 503
            for hook in ("webhook", "progress"):
                async with session.post(f"{url}/runpod/{hook}/job/token", json={}) as answer:
                    assert answer.status == 200

    asyncio.run(scenario())
