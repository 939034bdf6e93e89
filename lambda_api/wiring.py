"""The composition root: the only place, with the entrypoints, that names concrete classes.

A function that does not need every secret names those that it needs: its role may read no others.
"""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from contract.limits import Limits
from lambda_api.adapters import deadline
from lambda_api.adapters.aws.delivery_log import DynamoDeliveryLog, DynamoWebhookDefaults
from lambda_api.adapters.aws.dynamodb_table import Table
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.aws.secrets import CachedSecret, read_secret
from lambda_api.adapters.aws.session import AwsSession
from lambda_api.adapters.aws.sqs import SqsCallbackQueue
from lambda_api.adapters.aws.upload_store import DynamoUploadStore
from lambda_api.adapters.callback_http import HttpCallbackSender
from lambda_api.adapters.input_reader import HttpInputReader
from lambda_api.adapters.runpod import BOUNDS, RunpodProvider
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Observer
from lambda_api.observability.observer import PowertoolsObserver
from lambda_api.settings import EVERYTHING, Secret, Settings, SettingsError
from lambda_api.usecases.dry_run.durations import index_offset
from lambda_api.usecases.services import Services

_REFRESH_SECONDS = 4.0
"""To read the API keys again, all attempts together: a client is waiting for it."""


@cache
def aws() -> AwsSession:
    """The one boto3 session of an execution environment.

    A SnapStart snapshot keeps it: it holds no keys that expire, since botocore asks the local endpoint for new ones.
    """
    return AwsSession()


@cache
def settings(needs: frozenset[Secret]) -> Settings:
    """Read once per execution environment. Raises SettingsError, or Unavailable for a secret that cannot be read."""
    arns = {need: arn for need in Secret if need in needs and (arn := os.environ.get(need.value))}
    secrets = {need: read_secret(aws().secretsmanager, arn) for need, arn in arns.items()}
    return Settings.from_env(os.environ, needs, secrets)


@cache
def services(needs: frozenset[Secret] = EVERYTHING, runpod_seconds: float = BOUNDS.read) -> Services:
    """The real services, created once per execution environment. Raises as `settings` does.

    `runpod_seconds`: RunPod's time for a response, once connected.
    """
    config = settings(needs)
    session = aws()
    observer = PowertoolsObserver()
    callers = _callers(config, needs, observer)
    table = Table(config.table_name, session.dynamodb)
    store = DynamoJobStore(table, _now, config.policy.retention_ms)
    return Services(
        store=store,
        history=store,
        uploads=DynamoUploadStore(table, _now),
        provider=RunpodProvider(
            config.runpod_api_url,
            config.runpod_management_url,
            config.runpod_api_key,
            replace(BOUNDS, read=runpod_seconds),
        ),
        objects=S3Objects(config.bucket_name, session.s3),
        queue=SqsCallbackQueue(config.callback_queue_url, observer, session.sqs),
        sender=HttpCallbackSender(callers, allow_loopback=config.allow_loopback_urls),
        inputs=HttpInputReader(allow_loopback=config.allow_loopback_urls, find_index=index_offset),
        deliveries=DynamoDeliveryLog(table, _now),
        webhook_defaults=DynamoWebhookDefaults(table, _now),
        observer=observer,
        policy=config.policy,
        worker_limits=Limits(execution_seconds=config.policy.execution_ms / 1000),
        endpoint_id=config.runpod_endpoint_id,
        public_url=config.public_url,
        hook_secrets=config.hook_secret,
        callers=callers,
        allowance=config.allowance,
        upload_allowance=config.upload_allowance,
        default_price_per_second=config.gpu_price_per_second,
        video_url_seconds=config.video_url_seconds,
        allow_loopback=config.allow_loopback_urls,
        has_speech=config.speech,
        clock=_now,
        random=random.random,
        new_id=lambda: str(uuid.uuid4()),
        sleep=time.sleep,
    )


def _callers(config: Settings, needs: frozenset[Secret], observer: Observer) -> Callable[[], ApiCredentials]:
    """Return a reader of the API credentials. A change of their secret takes effect within a minute."""
    arn = os.environ.get(Secret.CALLERS.value)
    if Secret.CALLERS not in needs or not arn:
        callers = config.callers
        return lambda: callers
    return CachedSecret(config.callers, lambda: _read_callers(arn), observer)


def _read_callers(arn: str) -> ApiCredentials:
    """Raises Unavailable."""
    with deadline.within(_REFRESH_SECONDS):
        secret = {Secret.CALLERS: read_secret(aws().secretsmanager, arn)}
    try:
        return Settings.from_env(os.environ, {Secret.CALLERS}, secret).callers
    except SettingsError as error:
        raise Unavailable("The secret is malformed.", reason=str(error)) from None


def renew() -> None:
    """Forget what a snapshot must not share with every environment restored from it, or hold for too long."""
    for cached in (settings, services):
        cached.cache_clear()
    random.seed()


def after_restore(renewal: Callable[[], None]) -> None:
    """Register `renewal` for when SnapStart restores this process. Only Lambda's own runtime has the hook."""
    if find_spec("snapshot_restore_py") is not None:
        from snapshot_restore_py import register_after_restore  # noqa: PLC0415

        register_after_restore(renewal)


def _now() -> int:
    return time.time_ns() // 1_000_000
