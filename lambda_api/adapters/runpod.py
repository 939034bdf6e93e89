"""RunPod's job API: run, status, cancel, health; and the endpoint's settings from its management API.

The SDK stays out of Lambda: importing it costs seconds for four HTTP calls. `/run` has no idempotency key, so it is
never retried here: a call that was not certainly refused is reported as unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, Response, ResponseError
from lambda_api.domain.ports import (
    ProviderError,
    ProviderJobMissing,
    ProviderRefused,
    ProviderRejected,
    ProviderStatus,
    ProviderUnknown,
)

BOUNDS = Bounds(connect=1.0, read=4.0, max_bytes=1024 * 1024)
_IDLE_SECONDS = 5.0
"""Short: on `/run`, a peer that hung up looks like a lost response."""

_JOB_ID = re.compile(r"[!-~]{1,128}")
"""Ids that fit into the job's row and into a URL."""

_CONFIG_FIELDS = (
    "id", "name", "type", "image", "disk", "gpu", "workers", "scaling", "dataCenterIds", "timeout", "flashboot",
    "createdAt",
)  # fmt: skip
"""The fields of an endpoint that may be shown. Its `env` is returned in clear text and holds secrets."""


class RunpodProvider:
    """`domain.ports.Provider` over HTTPS."""

    def __init__(self, api_url: str, management_url: str, api_key: str, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self._api_url = api_url.rstrip("/")
        self._management_url = management_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._http = HttpClient(_IDLE_SECONDS)

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        try:
            response = self._exchange("POST", self._job_url(endpoint_id, "run"), payload)
        except ConnectError as error:
            raise ProviderRefused(str(error)) from None
        except ResponseError as error:
            raise ProviderUnknown(str(error)) from None
        if response.status in {400, 413, 422}:
            raise ProviderRejected(f"http_{response.status}")
        if 400 <= response.status < 500 or response.status == 503:
            # The operator must fix a wrong key or endpoint, or an empty balance: the job waits.
            raise ProviderRefused(f"http_{response.status}", retry_after_ms=response.retry_after_ms())
        job_id = _object(response).get("id") if response.status == 200 else None
        if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id):
            raise ProviderUnknown(f"http_{response.status}")
        return job_id

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus:
        job = self._call("GET", self._job_url(endpoint_id, "status", runpod_job_id))
        status, error = job.get("status"), job.get("error")
        if not isinstance(status, str):
            raise ProviderUnknown("no status")
        return ProviderStatus(status, error if isinstance(error, str) else None)

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None:
        self._call("POST", self._job_url(endpoint_id, "cancel", runpod_job_id))

    def health(self, endpoint_id: str) -> Mapping[str, Any]:
        health = self._call("GET", self._job_url(endpoint_id, "health"))
        return {part: _counts(health.get(part)) for part in ("jobs", "workers")}

    def config(self, endpoint_id: str) -> Mapping[str, Any]:
        url = f"{self._management_url}/v2/serverless/{quote(endpoint_id, safe='')}"
        endpoint = self._call("GET", url)
        return {name: endpoint[name] for name in _CONFIG_FIELDS if name in endpoint}

    def _call(self, method: str, url: str) -> dict[str, Any]:
        try:
            response = self._exchange(method, url, None)
        except (ConnectError, ResponseError) as error:
            raise ProviderError(str(error)) from None
        if response.status == 404:
            raise ProviderJobMissing("http_404")
        if response.status != 200:
            raise ProviderError(f"http_{response.status}", retry_after_ms=response.retry_after_ms())
        return _object(response)

    def _exchange(self, method: str, url: str, payload: Mapping[str, Any] | None) -> Response:
        body = None if payload is None else json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()
        return self._http.send(method, url, self._bounds, headers=self._headers, body=body)

    def _job_url(self, endpoint_id: str, *parts: str) -> str:
        return "/".join([self._api_url, quote(endpoint_id, safe=""), *(quote(part, safe="") for part in parts)])


def _object(response: Response) -> dict[str, Any]:
    document = response.json_object()
    if document is None:
        raise ProviderUnknown("not a JSON object")
    return document


def _counts(value: object) -> dict[str, int]:
    return {k: v for k, v in value.items() if isinstance(v, int)} if isinstance(value, dict) else {}
