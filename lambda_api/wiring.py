"""The composition root: the only place, with the entrypoints, that names concrete classes."""

from __future__ import annotations

import os
import random
import time
import uuid
from functools import cache

from contract.limits import Limits
from lambda_api.adapters.callback_http import HttpCallbackSender
from lambda_api.adapters.dynamodb import DynamoJobStore
from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.adapters.s3 import S3Objects
from lambda_api.adapters.sqs import SqsCallbackQueue
from lambda_api.observability import PowertoolsObserver
from lambda_api.settings import Settings
from lambda_api.usecases.services import Services


@cache
def settings() -> Settings:
    return Settings.from_env(os.environ)


@cache
def services() -> Services:
    """The real thing, made once per execution environment. Raises SettingsError."""
    config = settings()
    observer = PowertoolsObserver()
    return Services(
        store=DynamoJobStore(config.table_name, _now, config.policy.retention_ms),
        provider=RunpodProvider(config.runpod_api_url, config.runpod_management_url, config.runpod_api_key),
        objects=S3Objects(config.bucket_name),
        queue=SqsCallbackQueue(config.callback_queue_url, observer),
        sender=HttpCallbackSender(config.callback_secrets, allow_loopback=config.allow_loopback),
        observer=observer,
        policy=config.policy,
        limits=Limits(execution_seconds=config.policy.execution_ms / 1000),
        endpoint_id=config.runpod_endpoint_id,
        public_url=config.public_url,
        hook_secrets=config.hook_secrets,
        callback_owners=frozenset(config.callback_secrets),
        default_price_per_second=config.default_price_per_second,
        video_url_seconds=config.video_url_seconds,
        allow_loopback=config.allow_loopback,
        clock=_now,
        random=random.random,
        new_id=lambda: str(uuid.uuid4()),
        sleep=time.sleep,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
