"""The account's serverless endpoints as RunPod stores them (REST v2). Pure: clock and ids are injected.

Only the fleet's own endpoint has workers; the others are settings that can be read back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.runpod.fleet.scaler import Scaling
from local.runpod.jobs.job import Json
from local.runpod.management.endpoint_schema import RefusedError, validate

_OPERATIONS = {
    "run": "run", "runSync": "runsync", "status": "status", "stream": "stream", "cancel": "cancel", "retry": "retry",
    "purgeQueue": "purge-queue", "health": "health",
}  # fmt: skip
_DEFAULTS: Json = {
    "image": "", "args": "", "disk": 20, "ports": [], "env": {}, "registry": None,
    "dataCenterIds": [], "networkVolumes": [], "timeout": 300_000, "flashboot": "OFF",
}  # fmt: skip
_GPU: Json = {"pools": [], "count": 1, "allowedCudaVersions": [], "minCudaVersion": None}
_WORKERS: Json = {"min": 0, "max": 3, "idleTimeout": 10}


class Endpoints:
    """All endpoints of one account, in the order of their creation."""

    def __init__(self, base_url: str, new_id: Callable[[], str], clock: Callable[[], float]) -> None:
        self._base_url = base_url
        self._new_id = new_id
        self._clock = clock
        self._endpoints: dict[str, Json] = {}

    def list_all(self) -> list[Json]:
        return [copy.deepcopy(endpoint) for endpoint in self._endpoints.values()]

    def get(self, endpoint_id: str) -> Json | None:
        return copy.deepcopy(self._endpoints.get(endpoint_id))

    def add(self, endpoint_id: str, settings: Json) -> Json:
        """Store settings without validating them."""
        base = f"{self._base_url}/v2/{endpoint_id}"
        created = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        urls = {name: f"{base}/{path}" for name, path in _OPERATIONS.items()}
        known = {"id": endpoint_id, "requestUrls": urls, "createdAt": created}
        self._endpoints[endpoint_id] = known | copy.deepcopy(_DEFAULTS | settings)
        return self.list_all()[-1]

    def create(self, body: Any) -> Json:
        """Create an endpoint with RunPod's defaults. Raises RefusedError."""
        settings = validate(body, partial=False)
        settings["workers"] = _WORKERS | settings.get("workers", {})
        settings["gpu"] = _merge_gpu({}, settings["gpu"])
        _check_consistency(settings)
        return self.add(self._new_id(), settings)

    def update(self, endpoint_id: str, body: Any) -> Json:
        """Change the given fields: `env` is replaced, new pools clear `excludedTypes`. Raises RefusedError."""
        changes = validate(body, partial=True)
        changed = copy.deepcopy(self._endpoints[endpoint_id]) | changes
        changed["workers"] = self._endpoints[endpoint_id]["workers"] | changes.get("workers", {})
        changed["gpu"] = _merge_gpu(self._endpoints[endpoint_id]["gpu"], changes.get("gpu", {}))
        _check_consistency(changed)
        self._endpoints[endpoint_id] = changed
        return copy.deepcopy(changed)

    def delete(self, endpoint_id: str) -> bool:
        """Delete an endpoint. Return False if it does not exist."""
        return self._endpoints.pop(endpoint_id, None) is not None


def fleet_endpoint(scaling: Scaling, env: Mapping[str, str]) -> Json:
    """Return the settings of the endpoint whose workers run on this machine."""
    return {
        "name": "video-worker",
        "type": "QUEUE",
        "image": "local/worker:latest",
        # RunPod shows the environment in plain text to every holder of a key, so a gateway must not pass it on.
        "env": {"RUNPOD_LOG_LEVEL": "INFO", "EXAMPLE_SECRET": "shown-in-clear", **env},
        "gpu": _GPU | {"pools": ["ADA_24"]},
        "workers": {"min": scaling.workers_min, "max": scaling.workers_max, "idleTimeout": int(scaling.idle_timeout)},
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": scaling.queue_delay},
        "timeout": 600_000,
        "flashboot": "FLASHBOOT",
    }


def _merge_gpu(before: Json, changes: Json) -> Json:
    kept = {name: value for name, value in before.items() if name != "excludedTypes" or "pools" not in changes}
    merged = _GPU | kept | changes
    return merged | {"minCudaVersion": merged["minCudaVersion"] or None}


def _check_consistency(settings: Json) -> None:
    """Raise RefusedError for fields that are valid alone and contradict each other."""
    if settings["gpu"]["minCudaVersion"] and settings["gpu"]["allowedCudaVersions"]:
        raise RefusedError(400, "gpu.minCudaVersion and gpu.allowedCudaVersions are mutually exclusive")
    if settings["workers"]["min"] > settings["workers"]["max"]:
        raise RefusedError(400, "workers.min must not be greater than workers.max")
