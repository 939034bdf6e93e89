"""A warm function without its I/O: connections are replaced by answers that are ready.

    python warm_program.py PACKAGE WHAT ANSWERS EVENT COUNT    prints CPU ms per event

WHAT: `empty` (a route of FastAPI and Mangum that answers `{}`) or a module with a handler.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

package, what, answers, event, count = sys.argv[1:]
sys.path.insert(0, package)
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, aws_request_id="r",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    get_remaining_time_in_millis=lambda: 30_000,
)  # fmt: skip
ready: dict[str, str] = json.loads(answers)


def empty() -> Any:
    from fastapi import FastAPI  # noqa: PLC0415
    from mangum import Mangum  # noqa: PLC0415

    app = FastAPI()

    @app.get("/")
    async def route() -> dict[str, str]:
        return {}

    return Mangum(app, lifespan="off")


def ours() -> Any:
    client = importlib.import_module("lambda_api.adapters.aws.client")
    runpod = importlib.import_module("lambda_api.adapters.runpod")
    http = importlib.import_module("lambda_api.adapters.http")

    def exchange(_pool: Any, _method: str, url: str, *, headers: dict[str, str], **_: Any) -> Any:
        operation = headers.get("X-Amz-Target", url).rpartition("." if "X-Amz-Target" in headers else "/")[2]
        return http.Answer(200, ready[operation].encode())

    for module in (client, runpod):
        setattr(module, "exchange", exchange)  # noqa: B010 - mypy knows no such attribute
    return importlib.import_module(what).handler


handler = empty() if what == "empty" else ours()
request = json.loads(event)
out = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for _ in range(int(count) // 5):
    answer = handler(request, context)
began = time.process_time()
for _ in range(int(count)):
    answer = handler(request, context)
spent = time.process_time() - began
if answer["statusCode"] not in {200, 202}:
    sys.exit(f"answered {answer['statusCode']}")
os.write(out, f"{spent / int(count) * 1e3}\n".encode())
