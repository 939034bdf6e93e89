"""The serverless endpoint at RunPod: what the stack wants of it, and how that differs from what is there. Pure.

Every setting is stated, because RunPod's API and its console differ in their defaults (RunPod REST v2, "create a
serverless endpoint").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Protocol

Body = dict[str, Any]
"""An endpoint in RunPod's words."""
Live = Mapping[str, Any]
"""An endpoint as RunPod tells of it; its `env` comes in clear."""

NVENC_POOLS = ("AMPERE_16", "AMPERE_24", "ADA_24", "ADA_32_PRO", "AMPERE_48", "ADA_48_PRO", "BLACKWELL_96")
"""Pools of which every GPU encodes video. RunPod looks at the first three that are asked for."""
_WITHOUT_ENCODER = {"AMPERE_80": "A100", "ADA_80_PRO": "H100", "HOPPER_141": "H200", "BLACKWELL_180": "B200"}
_FLASHBOOT = {"true": "FLASHBOOT", "false": "OFF"} | {name: name for name in ("OFF", "FLASHBOOT", "PRIORITY_FLASHBOOT")}
_ENV = {"RUNPOD_LOG_LEVEL": "INFO"}
"""Whoever may read the endpoint reads this in clear; a worker gets what it needs with each job."""


class InvalidProperties(ValueError):
    """Each property that cannot be used, and why."""


class Endpoints(Protocol):
    """RunPod's endpoints. Raises `domain.ports.ProviderError`; ProviderUnknown if a change may have been made."""

    def listed(self) -> list[Live]: ...

    def read(self, endpoint_id: str) -> Live | None:
        """None if there is none."""

    def unhealthy_workers(self, endpoint_id: str) -> int: ...

    def create(self, body: Body) -> Live: ...

    def update(self, endpoint_id: str, changes: Body) -> None: ...

    def delete(self, endpoint_id: str) -> None:
        """One that is not there is a success."""


def mark_of(stack_id: str, logical_id: str) -> str:
    """Ten hex digits that end the names of this stack's endpoints, and of no other's.

    By them an endpoint is found again whose creation was never answered, and nobody else's is ever touched.
    """
    return hashlib.sha256(f"{stack_id}\n{logical_id}".encode()).hexdigest()[:10]


def is_marked(live: Live, mark: str) -> bool:
    return _plain_name(live).endswith(f"-{mark}")


def wanted(properties: Mapping[str, Any], mark: str) -> Body:
    """The body of a create. CloudFormation makes strings of all scalars. Raises InvalidProperties.

    A property that is not given has a default, and one that is not known is left alone: a rollback may bring the
    properties of another version.
    """
    read = _Properties(properties)
    workers = {
        "min": read.whole("WorkersMin", "0", 0, 1000),
        "max": read.whole("WorkersMax", "3", 1, 1000),
        "idleTimeout": read.whole("IdleTimeout", "5", 1, 3600),
    }
    body = {
        "name": f"{read.text('Name', r'[A-Za-z0-9][A-Za-z0-9_-]{0,127}', 'letters, digits, - and _')}-{mark}",
        "type": "QUEUE",
        "image": read.text("Image", r"[A-Za-z0-9][\w.:/@-]{0,400}", "an image as docker names it"),
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
        read.wrong("WorkersMin", "is more than WorkersMax")
    if read.problems:
        raise InvalidProperties("; ".join(read.problems))
    return body


def changes(body: Body, live: Live) -> Body:
    """What to send so that `live` becomes `body`; empty if it is that already. The type of an endpoint stays."""
    return {field: value for field, value in body.items() if field != "type" and not _same(field, value, live)}


def _same(field: str, value: Any, live: Live) -> bool:
    have = _plain_name(live) if field == "name" else live.get(field)
    if isinstance(value, dict) and field != "env":
        return isinstance(have, Mapping) and all(have.get(key) == part for key, part in value.items())
    return bool(have == value)


def _plain_name(live: Live) -> str:
    """RunPod used to write `-fb` behind the names of endpoints with FlashBoot."""
    return re.sub(r"\s*-fb$", "", str(live.get("name") or ""))


class _Properties:
    """Reads properties and collects what is wrong with them. A wrong one reads as something harmless."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self.problems: list[str] = []

    def wrong(self, name: str, why: str) -> None:
        self.problems.append(f"{name} {why}")

    def text(self, name: str, pattern: str, rule: str, default: str | None = None) -> str:
        value = self._given.get(name, default)
        if value is None:
            self.wrong(name, "is missing")
        elif not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.wrong(name, f"must be {rule}")
        else:
            return value
        return ""

    def number(self, name: str, default: str, low: float, high: float) -> float:
        try:
            value = float(self._given.get(name, default))
        except (TypeError, ValueError):
            value = float("nan")
        if not low <= value <= high:
            self.wrong(name, f"must be a number from {low:g} to {high:.15g}")
            return low
        return value

    def whole(self, name: str, default: str, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if value != int(value):
            self.wrong(name, "must be a whole number")
        return int(value)

    def choice(self, name: str, default: str, known: Mapping[str, str]) -> str:
        value = self._given.get(name, default)
        if not isinstance(value, str) or value not in known:
            self.wrong(name, f"must be one of {', '.join(known)}")
            return ""
        return known[value]

    def pools(self, name: str, default: str) -> list[str]:
        given = self._given.get(name, default)
        pools = [str(pool).strip() for pool in (given if isinstance(given, list) else str(given).split(","))]
        for pool in pools or [""]:
            if pool in _WITHOUT_ENCODER:
                self.wrong(name, f"must not have {pool}: the {_WITHOUT_ENCODER[pool]} has no video encoder (NVENC)")
            elif pool not in NVENC_POOLS:
                self.wrong(name, f"must be of {', '.join(NVENC_POOLS)}, the pools with a video encoder (NVENC)")
        return list(dict.fromkeys(pools))
