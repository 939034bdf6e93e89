"""A job through the built package in Lambda's runtime, DynamoDB Local, a signature-checking S3 and the real worker.

The emulator replaces RunPod; SQS, API Gateway and the schedule are those of the local system.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image
from standardwebhooks import Webhook

from local.aws.names import BUCKET
from local.aws.server import create_table
from local.lambdas.functions import Invocable
from local.lambdas.pool import FunctionError, FunctionSpec
from local.logs import Log
from local.samples.media import make_voice
from local.settings import CALLBACK_SECRET, Options
from local.system import System, running
from tests.support import engines, rie
from tests.support.aws import CREDENTIALS
from tests.support.sam import FUNCTIONS
from tests.support.system import Web, eventually, http, web

_MISSING = rie.missing() or engines.missing_dynamodb_local()
pytestmark = [pytest.mark.skipif(bool(_MISSING), reason=_MISSING or ""), pytest.mark.timeout(300)]
_KEY = {"X-API-Key": "local-key"}
_SRT = "1\n00:00:00,100 --> 00:00:00,900\nthe whole way\n"


class SingleEnvironment:
    """A function with one execution environment, which may start later; a second event waits."""

    def __init__(self) -> None:
        self.runtime: rie.Runtime | None = None
        self._free = asyncio.Lock()

    async def invoke(self, event: dict[str, Any]) -> Any:
        assert self.runtime is not None
        async with self._free:
            try:
                return await asyncio.to_thread(self.runtime.invoke, event)
            except rie.FunctionFailed as failure:
                raise FunctionError(str(failure)) from None


class RuntimeFunctions:
    """`local.lambdas.functions.Functions` in the real runtime, from the output of `sam build`."""

    def __init__(self, built: Path, specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path) -> None:
        self._packages = {spec.name: (built / _logical_id(spec.module), f"{spec.module}.handler") for spec in specs}
        self._env = env
        self._scratch = scratch
        self._stack = contextlib.ExitStack()
        self._functions = {spec.name: SingleEnvironment() for spec in specs}

    async def start(self) -> None:
        for name, (package, handler) in self._packages.items():
            started = rie.running(package, handler, self._env, self._scratch)
            self._functions[name].runtime = await asyncio.to_thread(self._stack.enter_context, started)

    async def stop(self) -> None:
        await asyncio.to_thread(self._stack.close)

    def of(self, name: str) -> Invocable:
        return self._functions[name]


def _logical_id(module: str) -> str:
    return next(name for name, entrypoint in FUNCTIONS.items() if module.endswith(f".{entrypoint}"))


class Receiver:
    """A receiver of callbacks."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.seen.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        handler.send_response(204)
        handler.end_headers()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Web]:
    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(tmp_path / "photo.jpg")
    make_voice(tmp_path / "voice.wav")
    (tmp_path / "text.srt").write_text(_SRT)
    with web(tmp_path) as serving:
        yield serving


@pytest.fixture
def stores() -> Iterator[dict[str, str]]:
    """The functions' settings for an empty table and an empty bucket."""
    with engines.dynamodb_local() as dynamodb, engines.ministack() as s3:
        create_table(dynamodb)
        boto3.client("s3", endpoint_url=s3, **CREDENTIALS).create_bucket(Bucket=BUCKET)
        yield {
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
            "AWS_ENDPOINT_URL_S3": s3,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        }


def test_job_completes_in_the_real_runtime(built: Path, stores: dict[str, str], site: Web, tmp_path: Path) -> None:
    site.routes["hook"] = receiver = Receiver()
    text = io.StringIO()
    options = Options(workers=1, sweep_seconds=2, webhook_scale=0.02, env=stores)

    async def run_job() -> dict[str, Any]:
        def functions(
            specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path, _: Log
        ) -> RuntimeFunctions:
            return RuntimeFunctions(built, specs, env, scratch)

        async with running(options, Log(text), functions) as system:
            return await asyncio.to_thread(_compose, system, site, receiver)

    job = asyncio.run(run_job())

    assert (job["status"], job["execution"]["settled_by"]) == ("COMPLETED", "webhook"), text.getvalue()
    assert job["callback"]["status"] == "DELIVERED"
    (headers, body) = receiver.seen[0]
    assert Webhook(CALLBACK_SECRET).verify(body, headers)["job_id"] == job["job_id"]
    assert job["downloaded_sha256"] == job["video"]["sha256"]
    assert job["tampered"] == 403


def _compose(system: System, site: Web, receiver: Receiver) -> dict[str, Any]:
    """Submit twice with one key, wait for the end and the callback, fetch the video, and try a changed signature."""
    body = {
        "url_image": site("photo.jpg"), "url_audio": site("voice.wav"), "url_srt": site("text.srt"),
        "webhook_url": site("hook"), "size": "256x256", "duration": 1.0, "frame_rate": 10,
    }  # fmt: skip
    headers = _KEY | {"Idempotency-Key": "one"}
    status, first = http("POST", f"{system.url}/video/compose", body, headers)
    assert status == 202, first
    assert http("POST", f"{system.url}/video/compose", body, headers)[1]["job_id"] == first["job_id"]
    address = f"{system.url}/job/{first['job_id']}"
    forged = f"{system.url}/runpod/webhook/{first['job_id']}/{'0' * 43}"
    assert http("POST", forged, {})[0] == 404
    eventually(lambda: http("GET", address, headers=_KEY)[1], lambda job: job["callback"]["status"] != "PENDING", 60)
    job: dict[str, Any] = http("GET", address, headers=_KEY)[1]
    with urllib.request.urlopen(job["video_url"], timeout=20) as answer:
        job["downloaded_sha256"] = hashlib.sha256(answer.read()).hexdigest()
    try:
        urllib.request.urlopen(job["video_url"].replace("X-Amz-Expires=", "X-Amz-Expires=1"), timeout=20).close()
    except urllib.error.HTTPError as error:
        with error:
            job["tampered"] = error.code
    return job
