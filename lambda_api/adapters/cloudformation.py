"""Send the outcome of a custom resource to CloudFormation: a PUT to the presigned URL in its request.

CloudFormation waits for it for up to an hour; without a response the stack is stuck.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from contract.retry import Backoff, retry_sync
from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, ResponseError

_BOUNDS = Bounds(connect=2.0, read=5.0, max_bytes=64 * 1024)
_MAX_REASON = 1000
"""CloudFormation accepts 4096 bytes in all."""
_BACKOFF = Backoff(attempts=3, base=1.0, jitter=0.0)
_HEADERS = {"Content-Type": ""}
"""The signature covers the content type, as an empty one."""


class ResponseNotSent(Exception):
    """CloudFormation did not accept the response. The text names the cause and quotes nothing."""


def send_response(
    request: Mapping[str, Any], resource_id: str, failure: str | None, sleep: Callable[[float], None]
) -> None:
    """Report SUCCESS, or FAILED with `failure` as the reason. Raises ResponseNotSent after three attempts."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": (failure or "")[:_MAX_REASON],
        "PhysicalResourceId": resource_id,
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
    }
    data, client = json.dumps(body).encode(), HttpClient()
    retry_sync(
        lambda: _put(client, request["ResponseURL"], data),
        ResponseNotSent,
        lambda failures, _: _BACKOFF.delay(failures),
        sleep,
    )


def _put(client: HttpClient, url: str, body: bytes) -> None:
    try:
        response = client.send("PUT", url, _BOUNDS, headers=_HEADERS, body=body)
    except (ConnectError, ResponseError) as error:
        raise ResponseNotSent(str(error)) from None
    if not 200 <= response.status < 300:
        raise ResponseNotSent(f"http_{response.status}")
