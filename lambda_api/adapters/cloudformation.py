"""Tell CloudFormation what became of a custom resource: a PUT to the pre-signed URL that its request brought.

CloudFormation waits for it, for up to an hour; a request that is not answered leaves the stack stuck.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, ResponseError

_BOUNDS = Bounds(connect=2.0, read=5.0, max_bytes=64 * 1024)
_LONGEST_REASON = 1000
"""CloudFormation takes 4096 bytes in all."""
_TRIES = 3
_HEADERS = {"Content-Type": ""}
"""The signature covers the content type, as an empty one."""


class NotTold(Exception):
    """CloudFormation has not taken the answer."""


def tell(request: Mapping[str, Any], resource_id: str, failure: str | None, sleep: Callable[[float], None]) -> None:
    """Answer a request: SUCCESS, or FAILED for the reason of `failure`. Raises NotTold."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": (failure or "")[:_LONGEST_REASON],
        "PhysicalResourceId": resource_id,
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
    }
    url = request["ResponseURL"]
    client = HttpClient()
    why = ""
    for attempt in range(_TRIES):
        if attempt:
            sleep(0.5 * 2**attempt)
        try:
            response = client.send("PUT", url, _BOUNDS, headers=_HEADERS, body=json.dumps(body).encode())
        except (ConnectError, ResponseError) as error:
            why = str(error)
            continue
        if 200 <= response.status < 300:
            return
        why = f"http_{response.status}"
    raise NotTold(why)
