"""Settings from environment variables, read once. An invalid setting fails at startup with the variable's name.

In AWS a variable holds the ARN of each secret, and a function reads those that it needs; in local mode the secrets are
in variables of their own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Set
from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Json, ValidationError

from contract.limits import GIB
from contract.urls import normalize_url
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.policy import SECOND, Policy
from lambda_api.domain.uploads.quota import UploadAllowance


class SettingsError(ValueError):
    """A setting is missing or malformed. Names the variable, never its value."""


class Secret(Enum):
    """A secret, by the variable that holds its ARN."""

    RUNPOD = "RUNPOD_SECRET_ARN"
    """RunPod's API key."""
    HOOK = "HOOK_SECRET_ARN"
    """The contents of HOOK_SECRET."""
    CALLERS = "CALLERS_SECRET_ARN"
    """JSON: `{"api_keys": …, "callback_secrets": …}`, the contents of API_KEYS and CALLBACK_SECRETS."""


EVERYTHING = frozenset(Secret)

_REQUIRED = {
    Secret.RUNPOD: ("RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID"), Secret.HOOK: ("HOOK_SECRET",),
    Secret.CALLERS: ("API_KEYS",),
}  # fmt: skip
"""Variables that a function must have if it needs the secret, and ignores otherwise."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _split_origins(text: str) -> tuple[str, ...]:
    return tuple(part for part in _split(text) if part)


def _check_callback_secret(secret: str) -> str:
    """Require `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks 1.0)."""
    if not secret.startswith("whsec_"):
        raise ValueError
    if not 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64:
        raise ValueError
    return secret


Seconds = Annotated[float, Field(ge=0, lt=1e9)]
WholeSeconds = Annotated[int, BeforeValidator(lambda value: int(float(value))), Field(ge=0, lt=1_000_000_000)]
TrueOrFalse = Annotated[bool, BeforeValidator(lambda text: text.lower() == "true")]
HookSecret = Annotated[str, Field(min_length=16)]
KeyDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Owner = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
CallbackSecret = Annotated[str, AfterValidator(_check_callback_secret)]


class Settings(BaseModel):
    """Each field is the variable of its name in capitals. A secret that the function does not need is empty."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    table_name: str
    bucket_name: str
    callback_queue_url: str
    public_url: Annotated[str, AfterValidator(lambda url: normalize_url(url).rstrip("/"))]
    runpod_endpoint_id: str = ""
    runpod_api_url: str = "https://api.runpod.ai/v2"
    runpod_management_url: str = "https://api.runpod.io"
    cors_allow_origins: Annotated[tuple[str, ...], BeforeValidator(_split_origins)] = ("*",)
    gpu_price_per_second: Seconds = 0.00031
    """USD."""
    video_url_seconds: WholeSeconds = 3600
    allow_loopback_urls: TrueOrFalse = False
    speech: TrueOrFalse = False
    """True if the workers recognize speech: then their image has a model."""

    runpod_api_key: str = Field("", repr=False)
    hook_secret: Annotated[tuple[HookSecret, ...], BeforeValidator(_split)] = Field((), repr=False)
    """One secret, or two separated by a comma while the older one is being replaced."""
    api_keys: Json[dict[KeyDigest, Owner]] = Field({}, repr=False)
    callback_secrets: Json[dict[str, Annotated[tuple[CallbackSecret, ...], Field(min_length=1)]]] = Field(
        {}, repr=False
    )

    job_ttl_seconds: Seconds = 3600
    execution_seconds: Seconds = 600
    check_seconds: Seconds = 60
    retry_base_seconds: Seconds = 5
    dispatch_grace_seconds: Seconds = 15
    callback_grace_seconds: Seconds = 15
    retention_seconds: Seconds = 7 * 24 * 3600
    callback_time_scale: Seconds = 1
    owner_rate_per_minute: int = Field(120, ge=1, le=60_000)
    owner_burst: int = Field(60, ge=1, le=100_000)
    owner_jobs_in_flight: int = Field(1000, ge=1, le=1_000_000)
    owner_uploads_per_hour: int = Field(1000, ge=1, le=1_000_000)
    owner_upload_gib_per_day: int = Field(50, ge=2, le=1_000_000)
    """At least the largest upload."""

    @classmethod
    def from_env(
        cls, env: Mapping[str, str], needs: Set[Secret] = EVERYTHING, secrets: Mapping[Secret, str] | None = None
    ) -> Settings:
        """Parse the environment, in which `secrets` replace their variables. Raises SettingsError."""
        variables = {name: text for name, value in env.items() if (text := value.strip())}
        variables |= _as_variables(secrets or {})
        for secret, names in _REQUIRED.items():
            for name in names:
                if secret not in needs:
                    variables.pop(name, None)
                elif name not in variables:
                    raise SettingsError(f"{name} is not set")
        if Secret.CALLERS not in needs:
            variables.pop("CALLBACK_SECRETS", None)
        try:
            return cls.model_validate(variables)
        except ValidationError as error:
            reason = _describe(error)
        raise SettingsError(reason)

    @property
    def callers(self) -> ApiCredentials:
        return ApiCredentials(api_keys=self.api_keys, callback_secrets=self.callback_secrets)

    @property
    def policy(self) -> Policy:
        return Policy(
            job_ttl_ms=_milliseconds(self.job_ttl_seconds),
            execution_ms=_milliseconds(self.execution_seconds),
            check_ms=_milliseconds(self.check_seconds),
            retry_base_ms=_milliseconds(self.retry_base_seconds),
            dispatch_grace_ms=_milliseconds(self.dispatch_grace_seconds),
            callback_grace_ms=_milliseconds(self.callback_grace_seconds),
            retention_ms=_milliseconds(self.retention_seconds),
            callback_scale=self.callback_time_scale,
        )

    @property
    def allowance(self) -> Allowance:
        return Allowance(
            rate_per_minute=self.owner_rate_per_minute,
            burst=self.owner_burst,
            jobs_in_flight=self.owner_jobs_in_flight,
        )

    @property
    def upload_allowance(self) -> UploadAllowance:
        return UploadAllowance(uploads=self.owner_uploads_per_hour, bytes=self.owner_upload_gib_per_day * GIB)


def _milliseconds(seconds: float) -> int:
    return int(seconds * SECOND)


def _describe(error: ValidationError) -> str:
    """Name the first variable that is wrong; pydantic's own text quotes its value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind, name = first["type"], first["loc"][0]
    if kind == "missing":
        return f"{name} is not set"
    out_of_range = kind.startswith(("greater_than", "less_than"))
    return f"{name} is out of range" if out_of_range else f"{name} is malformed"


def _as_variables(secrets: Mapping[Secret, str]) -> dict[str, str]:
    """Return the secrets under the names of their variables in local mode."""
    variables = {}
    if Secret.RUNPOD in secrets:
        variables["RUNPOD_API_KEY"] = secrets[Secret.RUNPOD]
    if Secret.HOOK in secrets:
        variables["HOOK_SECRET"] = secrets[Secret.HOOK]
    if Secret.CALLERS in secrets:
        callers = _parse_object(secrets[Secret.CALLERS])
        variables["API_KEYS"] = json.dumps(callers.get("api_keys", {}))
        variables["CALLBACK_SECRETS"] = json.dumps(callers.get("callback_secrets", {}))
    return variables


def _parse_object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SettingsError(f"{Secret.CALLERS.value} leads to a malformed secret")
    return document
