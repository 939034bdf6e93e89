"""Validation of GPU endpoints as RunPod does it (REST v2: CreateEndpointRequest, UpdateEndpointRequest). Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.runpod.jobs.job import Json
from local.runpod.management.catalog import POOLS

Check = Callable[[Any], bool]


class RefusedError(ValueError):
    """A request that RunPod answers with `status`: 422 for a violation of its schema, 400 for contradictions."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def validate(body: Any, *, partial: bool) -> Json:
    """Return a copy of a valid body; `partial` for an update. Raises RefusedError."""
    if not isinstance(body, dict):
        raise RefusedError(422, "the body must be an object")
    _check_fields(body, _FIELDS if partial else _FIELDS | _ONLY_CREATE, "")
    missing = [] if partial else [name for name in ("name", "type", "image", "scaling", "gpu") if name not in body]
    if missing:
        raise RefusedError(422, f"missing: {', '.join(missing)}")
    gpu = body.get("gpu", {})
    _check_fields(gpu, _GPU, "gpu.")
    if "pools" not in gpu and (not partial or "excludedTypes" in gpu):
        raise RefusedError(422, "gpu.pools is required")
    for pool in gpu.get("pools", []):
        if pool not in POOLS:
            raise RefusedError(400, f"unknown GPU pool {pool}")
    _check_fields(body.get("workers", {}), _WORKERS, "workers.")
    scaling = body.get("scaling")
    if scaling is not None:
        _check_scaling(scaling, body)
    return copy.deepcopy(body)


def _check_fields(given: Mapping[str, Any], known: Mapping[str, Check], prefix: str) -> None:
    for name, value in given.items():
        if name not in known:
            raise RefusedError(422, f"unknown property {prefix}{name}")
        if not known[name](value):
            raise RefusedError(422, f"{prefix}{name} is not valid")


def _check_scaling(scaling: Json, body: Json) -> None:
    kind = scaling.get("type")
    if not isinstance(kind, str) or kind not in _SCALING:
        raise RefusedError(422, "scaling.type must be QUEUE_DELAY or REQUEST_COUNT")
    value, is_valid = _SCALING[kind]
    _check_fields(scaling, {"type": _is_text, value: is_valid}, "scaling.")
    if value not in scaling:
        raise RefusedError(422, f"scaling.{value} is required")
    if body.get("type") == "LOAD_BALANCER" and kind != "REQUEST_COUNT":
        raise RefusedError(422, "a load balancer scales on REQUEST_COUNT")
    if body.get("type") == "QUEUE" and kind == "REQUEST_COUNT" and "idleTimeout" in body.get("workers", {}):
        raise RefusedError(400, "workers.idleTimeout does not apply to REQUEST_COUNT")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _whole(low: int, high: int = 2**31) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(low: float) -> Check:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= low


def _matches(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


_FIELDS: dict[str, Check] = {
    "name": _is_filled,
    "image": _is_text,
    "args": _is_text,
    "disk": _whole(1),
    "ports": _is_text_list,
    "env": lambda value: isinstance(value, dict) and _is_text_list(list(value.values())),
    "registry": lambda value: value is None or isinstance(value, str),
    "gpu": _is_object,
    "workers": _is_object,
    "scaling": _is_object,
    "dataCenterIds": _is_text_list,
    "networkVolumes": _is_text_list,
    "timeout": _whole(0),
    "flashboot": _one_of("OFF", "FLASHBOOT", "PRIORITY_FLASHBOOT"),
}
_ONLY_CREATE: dict[str, Check] = {"type": _one_of("QUEUE", "LOAD_BALANCER")}
_GPU: dict[str, Check] = {
    "pools": lambda value: _is_text_list(value) and len(value) > 0,
    "excludedTypes": _is_text_list,
    "count": _whole(1),
    "allowedCudaVersions": lambda value: _is_text_list(value) and all(re.fullmatch(r"\d+\.\d+", one) for one in value),
    "minCudaVersion": _matches(r"|\d+\.\d+"),
}
_WORKERS: dict[str, Check] = {"min": _whole(0), "max": _whole(0), "idleTimeout": _whole(1, 3600)}
_SCALING: dict[str, tuple[str, Check]] = {
    "QUEUE_DELAY": ("queueDelay", _number(0.5)),
    "REQUEST_COUNT": ("requestCount", _whole(1)),
}
