"""Settings of the local functions and workers. Except for PATH, locale and certificates, the shell has no influence."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.aws.names import BUCKET, CREDENTIALS, TABLE
from local.aws.process import Addresses
from local.lambdas.pool import FunctionSpec

API_KEY, OTHER_KEY = "local-key", "other-key"
CALLBACK_SECRET = "whsec_bG9jYWwtZGVtby1zZWNyZXQtbm90LWZvci1yZWFsLXVzZQ=="
RUNPOD_KEY, ENDPOINT_ID = "local-runpod-key", "local"

API = FunctionSpec("api", "lambda_api.entrypoints.api", concurrency=24, timeout=29.0)
HOOKS = FunctionSpec("webhook", "lambda_api.entrypoints.runpod_webhook", concurrency=8, timeout=20.0)
SWEEPER = FunctionSpec("sweeper", "lambda_api.entrypoints.sweeper", concurrency=1, timeout=55.0)
CALLBACKS = FunctionSpec("callbacks", "lambda_api.entrypoints.callbacks", concurrency=5, timeout=30.0)
FUNCTIONS = (API, HOOKS, SWEEPER, CALLBACKS)

_UNLIMITED = {
    "OWNER_RATE_PER_MINUTE": "60000", "OWNER_BURST": "100000", "OWNER_JOBS_IN_FLIGHT": "1000000",
    "OWNER_UPLOADS_PER_HOUR": "1000000", "OWNER_UPLOAD_GIB_PER_DAY": "1000000",
}  # fmt: skip
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a run. Times in seconds."""

    port: int = 0
    workers: int = 2
    workers_min: int = 0
    sweep_seconds: float = 10.0
    idle_seconds: float = 30.0
    webhook_scale: float = 1.0
    unlimited: bool = False
    """Disable the owners' quotas, which otherwise equal those of a deployment."""
    worker_command: tuple[str, ...] = ("python", "-m", "gpu_worker")
    env: Mapping[str, str] = field(default_factory=dict)
    worker_env: Mapping[str, str] = field(default_factory=dict)


def has_speech() -> bool:
    """Return True if the local workers have a speech model."""
    return bool(os.environ.get("WHISPER_MODEL"))


def lambda_environment(options: Options, aws: Addresses, public_url: str, emulator_url: str) -> dict[str, str]:
    """Return the functions' environment variables, as template.yaml would set them."""
    keys = {hashlib.sha256(key.encode()).hexdigest(): owner for key, owner in _KEYS.items()}
    passed = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return (
        passed
        | CREDENTIALS
        | {
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": BUCKET,
            "CALLBACK_QUEUE_URL": aws.queue_url,
            "RUNPOD_API_KEY": RUNPOD_KEY,
            "RUNPOD_ENDPOINT_ID": ENDPOINT_ID,
            "RUNPOD_API_URL": f"{emulator_url}/v2",
            "RUNPOD_MANAGEMENT_URL": f"{emulator_url}/management",
            "PUBLIC_URL": public_url,
            "HOOK_SECRET": secrets.token_urlsafe(32),
            "API_KEYS": json.dumps(keys),
            "CALLBACK_SECRETS": json.dumps({"local": [CALLBACK_SECRET]}),
            "ALLOW_LOOPBACK_URLS": "true",
            "SPEECH": "true" if has_speech() else "false",
            "CHECK_SECONDS": "20",
            "RETRY_BASE_SECONDS": "1",
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ENDPOINT_URL_S3": aws.s3_url,
            "POWERTOOLS_SERVICE_NAME": "api-gpu",
            "POWERTOOLS_METRICS_NAMESPACE": "api-gpu",
            "LOG_LEVEL": "INFO",
        }
        | (_UNLIMITED if options.unlimited else {})
        | dict(options.env)
    )


_KEYS = {API_KEY: "local", OTHER_KEY: "other"}
