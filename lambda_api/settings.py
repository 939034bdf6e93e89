"""Settings from environment variables, read once. A wrong one stops the function at start, by its name.

Secrets are in variables of their own on one machine; in AWS a variable holds the ARN of each, and a function reads
those that it needs.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from contract.urls import normalize_url
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.policy import SECOND, Policy

T = TypeVar("T")

_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SettingsError(ValueError):
    """A setting is missing or malformed. Names the variable, never its value."""


class Secret(Enum):
    """A secret, by the variable that holds its ARN."""

    RUNPOD = "RUNPOD_SECRET_ARN"
    """RunPod's API key as it is."""
    HOOK = "HOOK_SECRET_ARN"
    """What HOOK_SECRET would hold."""
    CALLERS = "CALLERS_SECRET_ARN"
    """JSON: `{"api_keys": …, "callback_secrets": …}`, what API_KEYS and CALLBACK_SECRETS would hold."""


EVERYTHING = frozenset(Secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A secret that the function does not need is empty."""

    table_name: str
    bucket_name: str
    callback_queue_url: str
    runpod_api_key: str
    runpod_endpoint_id: str
    runpod_api_url: str
    runpod_management_url: str
    public_url: str
    hook_secrets: tuple[str, ...]
    callers: ApiCredentials
    cors_origins: tuple[str, ...]
    default_price_per_second: float
    video_url_seconds: int
    allow_loopback: bool
    policy: Policy
    allowance: Allowance

    @classmethod
    def from_env(
        cls, env: Mapping[str, str], needs: Set[Secret] = EVERYTHING, secrets: Mapping[Secret, str] | None = None
    ) -> Settings:
        """Parse the environment. `secrets` stand in for the variables of the same. Raises SettingsError."""
        read = _Reader({**env, **_as_variables(secrets or {})})
        return cls(
            table_name=read.text("TABLE_NAME"),
            bucket_name=read.text("BUCKET_NAME"),
            callback_queue_url=read.text("CALLBACK_QUEUE_URL"),
            runpod_api_key=read.text("RUNPOD_API_KEY") if Secret.RUNPOD in needs else "",
            runpod_endpoint_id=read.text("RUNPOD_ENDPOINT_ID") if Secret.RUNPOD in needs else "",
            runpod_api_url=read.text("RUNPOD_API_URL", "https://api.runpod.ai/v2"),
            runpod_management_url=read.text("RUNPOD_MANAGEMENT_URL", "https://api.runpod.io"),
            public_url=read.parsed("PUBLIC_URL", normalize_url).rstrip("/"),
            hook_secrets=read.parsed("HOOK_SECRET", _hook_secrets) if Secret.HOOK in needs else (),
            callers=_callers(read) if Secret.CALLERS in needs else ApiCredentials(),
            cors_origins=tuple(o.strip() for o in read.text("CORS_ALLOW_ORIGINS", "*").split(",") if o.strip()),
            default_price_per_second=read.number("GPU_PRICE_PER_SECOND", 0.00031),
            video_url_seconds=int(read.number("VIDEO_URL_SECONDS", 3600)),
            allow_loopback=read.text("ALLOW_LOOPBACK_URLS", "false").lower() == "true",
            policy=Policy(
                job_ttl_ms=read.milliseconds("JOB_TTL_SECONDS", 3600),
                execution_ms=read.milliseconds("EXECUTION_SECONDS", 600),
                check_ms=read.milliseconds("CHECK_SECONDS", 60),
                retry_base_ms=read.milliseconds("RETRY_BASE_SECONDS", 5),
                dispatch_grace_ms=read.milliseconds("DISPATCH_GRACE_SECONDS", 15),
                callback_grace_ms=read.milliseconds("CALLBACK_GRACE_SECONDS", 15),
                retention_ms=read.milliseconds("RETENTION_SECONDS", 7 * 24 * 3600),
                callback_scale=read.number("CALLBACK_TIME_SCALE", 1.0),
            ),
            allowance=Allowance(
                rate_per_minute=read.whole("OWNER_RATE_PER_MINUTE", 120, most=60_000),
                burst=read.whole("OWNER_BURST", 60, most=100_000),
                jobs_in_flight=read.whole("OWNER_JOBS_IN_FLIGHT", 1000, most=1_000_000),
            ),
        )


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, name: str, default: str | None = None) -> str:
        value = self._env.get(name, "").strip() or default
        if value is None:
            raise SettingsError(f"{name} is not set")
        return value

    def parsed(self, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
        text = self.text(name, default)
        try:
            return parse(text)
        except (ValueError, TypeError, AttributeError):
            raise SettingsError(f"{name} is malformed") from None

    def number(self, name: str, default: float) -> float:
        value = self.parsed(name, float, str(default))
        if not 0 <= value < 1e9:
            raise SettingsError(f"{name} is out of range")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        """At least 1."""
        value = self.parsed(name, int, str(default))
        if not 1 <= value <= most:
            raise SettingsError(f"{name} is out of range")
        return value

    def milliseconds(self, name: str, default: float) -> int:
        return int(self.number(name, default) * SECOND)


def _as_variables(secrets: Mapping[Secret, str]) -> dict[str, str]:
    """The secrets under the names they have on one machine."""
    variables = {}
    if Secret.RUNPOD in secrets:
        variables["RUNPOD_API_KEY"] = secrets[Secret.RUNPOD]
    if Secret.HOOK in secrets:
        variables["HOOK_SECRET"] = secrets[Secret.HOOK]
    if Secret.CALLERS in secrets:
        try:
            callers = _mapping(secrets[Secret.CALLERS])
        except (ValueError, TypeError):
            raise SettingsError(f"{Secret.CALLERS.value} leads to a malformed secret") from None
        variables["API_KEYS"] = json.dumps(callers.get("api_keys", {}))
        variables["CALLBACK_SECRETS"] = json.dumps(callers.get("callback_secrets", {}))
    return variables


def _hook_secrets(text: str) -> tuple[str, ...]:
    """One secret, or two separated by a comma while the older one is being replaced."""
    secrets = tuple(part.strip() for part in text.split(","))
    if not all(len(secret) >= 16 for secret in secrets):
        raise ValueError
    return secrets


def _callers(read: _Reader) -> ApiCredentials:
    return ApiCredentials(
        api_keys=read.parsed("API_KEYS", _api_keys),
        callback_secrets=read.parsed("CALLBACK_SECRETS", _callback_secrets, "{}"),
    )


def _mapping(text: str) -> dict[str, Any]:
    read = json.loads(text)
    if not isinstance(read, dict):
        raise TypeError
    return read


def _api_keys(text: str) -> dict[str, str]:
    keys = _mapping(text)
    if not all(_SHA256.fullmatch(digest) and _OWNER.fullmatch(owner) for digest, owner in keys.items()):
        raise ValueError
    return keys


def _callback_secrets(text: str) -> dict[str, tuple[str, ...]]:
    secrets = {owner: tuple(values) for owner, values in _mapping(text).items()}
    if not all(values and all(map(_is_callback_secret, values)) for values in secrets.values()):
        raise ValueError
    return secrets


def _is_callback_secret(secret: str) -> bool:
    """`whsec_` and 24 to 64 bytes in base64 (Standard Webhooks 1.0)."""
    if not secret.startswith("whsec_"):
        return False
    try:
        return 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
    except binascii.Error:
        return False
