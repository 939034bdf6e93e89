"""The serverless endpoint at RunPod: the desired settings, and how they differ from the live ones. Pure.

Every setting is stated, because RunPod's API and its console differ in their defaults (RunPod REST v2, "create a
serverless endpoint").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Protocol

Body = dict[str, Any]
"""An endpoint in RunPod's format."""
Live = Mapping[str, Any]
"""An endpoint as RunPod returns it; its `env` is in clear text."""

NVENC_POOLS = ("AMPERE_16", "AMPERE_24", "ADA_24", "ADA_32_PRO", "AMPERE_48", "ADA_48_PRO", "BLACKWELL_96")
"""Pools in which every GPU encodes video. RunPod uses the first three that are requested."""
_WITHOUT_ENCODER = {"AMPERE_80": "A100", "ADA_80_PRO": "H100", "HOPPER_141": "H200", "BLACKWELL_180": "B200"}
_FLASHBOOT = {"true": "FLASHBOOT", "false": "OFF"} | {name: name for name in ("OFF", "FLASHBOOT", "PRIORITY_FLASHBOOT")}
_ENV = {"RUNPOD_LOG_LEVEL": "INFO"}
"""Everyone who may read the endpoint reads this in clear text; a worker gets its secrets with each job."""


class InvalidProperties(ValueError):
    """Each invalid property, and why it is invalid."""


class Endpoints(Protocol):
    """RunPod's management API. Raises `domain.ports.ProviderError`; ProviderUnknown if a change may have been made."""

    def list_endpoints(self) -> list[Live]: ...

    def read(self, endpoint_id: str) -> Live | None:
        """Return None if there is none."""

    def unhealthy_workers(self, endpoint_id: str) -> int: ...

    def create(self, body: Body) -> Live: ...

    def update(self, endpoint_id: str, changes: Body) -> None: ...

    def delete(self, endpoint_id: str) -> None:
        """Succeeds if there is none."""


def ownership_tag(stack_id: str, logical_id: str) -> str:
    """Return ten hex digits that end the names of this stack's endpoints, and of no other stack's.

    They identify an endpoint whose create got no response, and prevent changes to anyone else's endpoints.
    """
    return hashlib.sha256(f"{stack_id}\n{logical_id}".encode()).hexdigest()[:10]


def has_tag(live: Live, tag: str) -> bool:
    return _plain_name(live).endswith(f"-{tag}")


def desired_body(properties: Mapping[str, Any], tag: str) -> Body:
    """Build the body of a create. CloudFormation sends all scalars as strings. Raises InvalidProperties.

    A missing property gets its default and an unknown one is ignored: a rollback may send the properties of another
    version.
    """
    read = _Properties(properties)
    workers = {
        "min": read.whole("WorkersMin", "0", 0, 1000),
        "max": read.whole("WorkersMax", "3", 1, 1000),
        "idleTimeout": read.whole("IdleTimeout", "5", 1, 3600),
    }
    body = {
        "name": f"{read.text('Name', r'[A-Za-z0-9][A-Za-z0-9_-]{0,127}', 'letters, digits, - and _')}-{tag}",
        "type": "QUEUE",
        "image": read.text("Image", r"[A-Za-z0-9][\w.:/@-]{0,400}", "a Docker image reference"),
        "disk": read.whole("ContainerDiskGb", "20", 1, 10_000),
        "env": dict(_ENV),
        "registry": read.text("RegistryId", r"[\w-]{0,64}", "an id", "") or None,
        "gpu": {
            "pools": read.pools("GpuPools", "ADA_24,AMPERE_24"),
            "count": 1,
            "minCudaVersion": read.text("MinCudaVersion", r"\d{1,2}\.\d{1,2}", "major.minor", "12.4"),
            "allowedCudaVersions": [],
        },
        "workers": workers,
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": read.number("QueueDelay", "4", 0.5, 3600)},
        "timeout": read.whole("ExecutionTimeoutMs", "600000", 5_000, 7 * 24 * 3_600_000),
        "flashboot": read.choice("FlashBoot", "true", _FLASHBOOT),
    }
    if workers["min"] > workers["max"]:
        read.reject("WorkersMin", "is more than WorkersMax")
    if read.problems:
        raise InvalidProperties("; ".join(read.problems))
    return body


def diff(body: Body, live: Live) -> Body:
    """Return the changes that turn `live` into `body`; empty if none. The type of an endpoint cannot change."""
    return {field: value for field, value in body.items() if field != "type" and not _same(field, value, live)}


def _same(field: str, value: Any, live: Live) -> bool:
    have = _plain_name(live) if field == "name" else live.get(field)
    if isinstance(value, dict) and field != "env":
        return isinstance(have, Mapping) and all(have.get(key) == part for key, part in value.items())
    return bool(have == value)


def _plain_name(live: Live) -> str:
    """Strip the `-fb` that RunPod used to append to the names of endpoints with FlashBoot."""
    return re.sub(r"\s*-fb$", "", str(live.get("name") or ""))


class _Properties:
    """Reads properties and collects their problems. An invalid one reads as a harmless value."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self.problems: list[str] = []

    def reject(self, name: str, why: str) -> None:
        self.problems.append(f"{name} {why}")

    def text(self, name: str, pattern: str, rule: str, default: str | None = None) -> str:
        value = self._given.get(name, default)
        if value is None:
            self.reject(name, "is missing")
        elif not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.reject(name, f"must be {rule}")
        else:
            return value
        return ""

    def number(self, name: str, default: str, low: float, high: float) -> float:
        try:
            value = float(self._given.get(name, default))
        except (TypeError, ValueError):
            value = float("nan")
        if not low <= value <= high:
            self.reject(name, f"must be a number from {low:g} to {high:.15g}")
            return low
        return value

    def whole(self, name: str, default: str, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if value != int(value):
            self.reject(name, "must be a whole number")
        return int(value)

    def choice(self, name: str, default: str, known: Mapping[str, str]) -> str:
        value = self._given.get(name, default)
        if not isinstance(value, str) or value not in known:
            self.reject(name, f"must be one of {', '.join(known)}")
            return ""
        return known[value]

    def pools(self, name: str, default: str) -> list[str]:
        given = self._given.get(name, default)
        pools = [str(pool).strip() for pool in (given if isinstance(given, list) else str(given).split(","))]
        for pool in pools or [""]:
            if pool in _WITHOUT_ENCODER:
                self.reject(name, f"must not contain {pool}: the {_WITHOUT_ENCODER[pool]} has no video encoder (NVENC)")
            elif pool not in NVENC_POOLS:
                self.reject(name, f"must list {', '.join(NVENC_POOLS)}, the pools with a video encoder (NVENC)")
        return list(dict.fromkeys(pools))
