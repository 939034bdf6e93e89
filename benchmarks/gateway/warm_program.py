"""Run a warm function without I/O: prepared responses replace the sockets of botocore and urllib3.

    python warm_program.py PACKAGE MODULE RESPONSES EVENT COUNT    prints CPU ms per event

RESPONSES: bodies by the name of an AWS operation, or by the last part of a URL's path.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

package, module, text, event, count = sys.argv[1:]
sys.path.insert(0, package)
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, aws_request_id="r",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    get_remaining_time_in_millis=lambda: 30_000,
)  # fmt: skip
responses: dict[str, bytes] = {name: body.encode() for name, body in json.loads(text).items()}
awsrequest, httpsession, urllib3, connectionpool = map(
    importlib.import_module, ("botocore.awsrequest", "botocore.httpsession", "urllib3", "urllib3.connectionpool")
)


def answer_aws(_session: Any, request: Any) -> Any:
    """Replace `URLLib3Session.send`."""
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
    headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(responses[operation]))}
    body = SimpleNamespace(stream=lambda: iter([responses[operation]]))
    return awsrequest.AWSResponse(request.url, 200, headers, body)


def answer_http(_pool: Any, _method: str, url: str, **_: Any) -> Any:
    """Replace `HTTPConnectionPool.urlopen`."""
    return urllib3.HTTPResponse(responses[url.rpartition("/")[2]], status=200)


httpsession.URLLib3Session.send = answer_aws
connectionpool.HTTPConnectionPool.urlopen = answer_http
handler = importlib.import_module(module).handler
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
    sys.exit(f"answered {answer['statusCode']}: {answer['body'][:200]}")
os.write(out, f"{spent / int(count) * 1e3}\n".encode())
