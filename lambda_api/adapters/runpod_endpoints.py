"""RunPod's management API (REST v2): the endpoints themselves, not their jobs.

Errors are sentences for the operator who deploys. They quote RunPod's reason for a refusal, and neither URL nor key.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, Response, ResponseError
from lambda_api.domain.endpoint import Body, Live
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected, ProviderUnknown
from lambda_api.observability.redaction import redact

BOUNDS = Bounds(connect=2.0, read=10.0, max_bytes=4 * 1024 * 1024)
"""An account's endpoints come in one response."""
_LONGEST_DETAIL = 300


class RunpodEndpoints:
    """`domain.endpoint.Endpoints` over HTTPS."""

    def __init__(self, management_url: str, api_key: str, bounds: Bounds = BOUNDS) -> None:
        self._url = f"{management_url.rstrip('/')}/v2/serverless"
        self._key = api_key
        self._http = HttpClient()
        self._bounds = bounds

    def list_endpoints(self) -> list[Live]:
        endpoints = _object(self._call("GET", "")).get("endpoints")
        if not isinstance(endpoints, list):
            raise ProviderUnknown("RunPod's list of endpoints cannot be read")
        return [endpoint for endpoint in endpoints if _is_endpoint(endpoint)]

    def read(self, endpoint_id: str) -> Live | None:
        response = self._call("GET", f"/{quote(endpoint_id, safe='')}", missing=True)
        return None if response.status == 404 else _endpoint(response)

    def unhealthy_workers(self, endpoint_id: str) -> int:
        summary = _object(self._call("GET", f"/{quote(endpoint_id, safe='')}/workers")).get("summary")
        count = summary.get("unhealthy") if isinstance(summary, dict) else None
        return count if isinstance(count, int) else 0

    def create(self, body: Body) -> Live:
        return _endpoint(self._call("POST", "", body))

    def update(self, endpoint_id: str, changes: Body) -> None:
        self._call("PATCH", f"/{quote(endpoint_id, safe='')}", changes)

    def delete(self, endpoint_id: str) -> None:
        self._call("DELETE", f"/{quote(endpoint_id, safe='')}", missing=True)

    def _call(self, method: str, path: str, body: Body | None = None, *, missing: bool = False) -> Response:
        """Send one request and return RunPod's successful response. `missing`: 404 is a success too."""
        url = self._url + path
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Accept": "application/json, application/problem+json",
        }
        data = None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        try:
            response = self._http.send(method, url, self._bounds, headers=headers, body=data)
        except ConnectError:
            raise ProviderRefused("RunPod cannot be reached") from None
        except ResponseError:
            raise ProviderUnknown("RunPod did not answer") from None
        if 200 <= response.status < 300 or (missing and response.status == 404):
            return response
        raise self._refusal(response)

    def _refusal(self, response: Response) -> ProviderError:
        status = response.status
        if status == 429:
            return ProviderRefused("RunPod's rate limit is reached (429)", retry_after_ms=response.retry_after_ms())
        if status >= 500 or status in {408, 425}:
            return ProviderUnknown(f"RunPod failed ({status})", retry_after_ms=response.retry_after_ms())
        if status == 401:
            return ProviderRejected("RunPod does not know the API key (401)")
        if status == 403:
            return ProviderRejected("The API key may not manage endpoints at RunPod (403)")
        return ProviderRejected(f"RunPod refused ({status}){self._detail(response)}")

    def _detail(self, response: Response) -> str:
        """Return the text of an `application/problem+json`; its `errors` name the fields."""
        try:
            problem = _object(response)
        except ProviderError:
            return ""
        errors = problem.get("errors")
        parts = [problem.get("detail") or problem.get("title"), *(errors if isinstance(errors, list) else [])]
        texts = [part if isinstance(part, str) else json.dumps(part) for part in parts if part]
        printable = "".join(one if one.isprintable() else " " for one in "; ".join(texts))
        text = " ".join(printable.split()).replace(self._key, "[secret]")
        return f": {redact(text)[:_LONGEST_DETAIL]}" if text else ""


def _object(response: Response) -> dict[str, Any]:
    document = response.json_object()
    if document is None:
        raise ProviderUnknown("RunPod's response cannot be read")
    return document


def _endpoint(response: Response) -> Live:
    document = _object(response)
    if not _is_endpoint(document):
        raise ProviderUnknown("RunPod's response is not an endpoint")
    return document


def _is_endpoint(value: object) -> bool:
    workers = value.get("workers") if isinstance(value, dict) else None
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and isinstance(workers, dict)
        and isinstance(workers.get("max"), int)
    )
