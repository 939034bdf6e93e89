"""Tell CloudFormation what became of a custom resource: a PUT to the pre-signed URL that its request brought.

CloudFormation waits for it, for up to an hour; a request that is not answered leaves the stack stuck.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_api.adapters.http import Connections, HttpLost, HttpRefused, exchange

_CONNECT, _READ = 2.0, 5.0
_MAX_BYTES = 64 * 1024
_LONGEST_REASON = 1000
"""CloudFormation takes 4096 bytes in all."""
_TRIES = 3
_HEADERS = {"Content-Type": "", "Connection": "close"}
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
    connections = Connections(0)
    why = ""
    for attempt in range(_TRIES):
        if attempt:
            sleep(0.5 * 2**attempt)
        try:
            answer = exchange(
                connections.pool(url), "PUT", url, headers=_HEADERS, body=json.dumps(body).encode(),
                connect=_CONNECT, read=_READ, max_bytes=_MAX_BYTES,
            )  # fmt: skip
        except (HttpRefused, HttpLost) as error:
            why = str(error)
            continue
        if 200 <= answer.status < 300:
            return
        why = f"http_{answer.status}"
    raise NotTold(why)
